package when

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// TestTraces reads testdata: windows, and what they are at given times. Commands:
//
//	window for=3h zone=Asia/Tokyo                     reads the cron expression below; prints what is wrong with it
//	next from=2026-03-28T00:00:00Z n=3                its next occurrences, in its zone and in UTC
//	at 2026-03-29T01:00:00Z …                         whether each time is inside
func TestTraces(t *testing.T) {
	datadriven.Walk(t, "testdata/traces", func(t *testing.T, path string) {
		var times *Times
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			switch d.Cmd {
			case "window":
				w := model.Window{Cron: d.Input}
				var length string
				d.ScanArgs(t, "for", &length)
				d.MaybeScanArgs(t, "zone", &w.TimeZone)
				var err error
				if w.Duration, err = time.ParseDuration(length); err != nil {
					t.Fatal(err)
				}
				if times, err = Parse(w); err != nil {
					return err.Error() + "\n"
				}
				return "ok\n"
			case "next":
				var from string
				n := 1
				d.ScanArgs(t, "from", &from)
				d.MaybeScanArgs(t, "n", &n)
				at := parseTime(t, from)
				for range n {
					s := times.Next(at)
					fmt.Fprintf(&out, "%s (%s) to %s\n", s.Begin.In(times.zone).Format("Mon 2006-01-02 15:04 MST"),
						s.Begin.UTC().Format("15:04 MST"), s.End.In(times.zone).Format("Mon 15:04 MST"))
					at = s.Begin
				}
			case "at":
				for _, a := range d.CmdArgs {
					at := parseTime(t, a.Key)
					shown := at.In(times.zone).Format("Mon 15:04 MST")
					if s, in := times.At(at); in {
						fmt.Fprintf(&out, "%s: inside, until %s\n", shown, s.End.In(times.zone).Format("Mon 15:04 MST"))
						continue
					}
					fmt.Fprintf(&out, "%s: outside\n", shown)
				}
			default:
				t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
			}
			return out.String()
		})
	})
}

func parseTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestAtAndNextAgree: every occurrence that Next gives is one that At is inside of from its first instant to its last,
// occurrences come in order, and none begins between now and the next one.
func TestAtAndNextAgree(t *testing.T) {
	zones := rapid.SampledFrom([]string{"", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"})
	crons := rapid.SampledFrom([]string{"0 3 * * *", "30 2 * * *", "30 1 * * *", "*/7 * * * *", "0 0 29 2 *", "0 0 1,15 * MON", "59 23 31 12 *", "0 0 * * 7", "15 */3 * * 1-5"})
	rapid.Check(t, func(t *rapid.T) {
		times, err := Parse(model.Window{
			Cron: crons.Draw(t, "cron"), TimeZone: zones.Draw(t, "zone"),
			Duration: time.Duration(rapid.IntRange(1, 200_000).Draw(t, "seconds")) * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		// 2011 is when Samoa left out a day.
		now := time.Unix(rapid.Int64Range(1_300_000_000, 2_000_000_000).Draw(t, "now"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		next := times.Next(now)
		if !next.Begin.After(now) || next.End.Sub(next.Begin) != times.length {
			t.Fatalf("after %s comes %v", now.UTC(), next)
		}
		for _, at := range []time.Time{next.Begin, next.End.Add(-1)} {
			if s, in := times.At(at); !in || s.Begin.Before(next.Begin) {
				t.Fatalf("at %s it is %v, %t, not inside of %v", at.UTC(), s, in, next)
			}
		}
		if s, in := times.At(next.Begin.Add(-1)); in && s.Begin.After(now) {
			t.Fatalf("%v begins between %s and %s", s, now.UTC(), next.Begin)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("0 3 * * *", "Asia/Tokyo")
	f.Add("30 2 30 2 *", "")
	f.Add("TZ=UTC * * * *", "Local")
	f.Add("*/0 22-2 L,W 13 8", "../etc/passwd")
	f.Fuzz(func(t *testing.T, cron, zone string) {
		times, err := Parse(model.Window{Cron: cron, TimeZone: zone, Duration: time.Hour})
		if err != nil {
			return
		}
		now := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
		if next := times.Next(now); !next.Begin.After(now) {
			t.Fatalf("%q in %q: after %s comes %v", cron, zone, now, next)
		}
		times.At(now)
	})
}

func BenchmarkAt(b *testing.B) {
	times, err := Parse(model.Window{Cron: "0 3 * * *", TimeZone: "Europe/Berlin", Duration: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC)
	for b.Loop() {
		times.At(now)
	}
}
