package trace

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// generated makes a demand of the kind.
func generated(t *testing.T, name string, o Options) Generated {
	t.Helper()
	made, err := Generate(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// per sums a number of each row by the spans of time it falls in, from the start on.
func per(demand Trace, span time.Duration, number func(Row) int) []int {
	sums := make([]int, (demand.End().Sub(demand.Start)+span-1)/span)
	for _, r := range demand.Rows {
		sums[r.At.Sub(demand.Start)/span] += number(r)
	}
	return sums
}

func sessions(r Row) int { return r.Sessions }

func on(route model.RouteName) func(Row) int {
	return func(r Row) int {
		if r.Route == route {
			return r.Joins
		}
		return 0
	}
}

func TestASeedMakesOneTrace(t *testing.T) {
	for _, g := range Generators() {
		var files [3]bytes.Buffer
		for i, seed := range []uint64{1, 1, 2} {
			made := generated(t, g.Name, Options{Seed: seed, Scale: 500})
			if err := Write(&files[i], made.Trace); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) || bytes.Equal(files[0].Bytes(), files[2].Bytes()) {
			t.Errorf("%s: the same seed makes the same trace, another one another", g.Name)
		}
		if read, err := Read(&files[0]); err != nil || read.Rows[0].At != read.Start {
			t.Errorf("%s: read again: %v", g.Name, err)
		}
	}
}

func TestTracesCanBeSmallAndInShortSteps(t *testing.T) {
	for _, g := range Generators() {
		made := generated(t, g.Name, Options{Seed: 3, Scale: 1, Step: 10 * time.Second})
		if made.Trace.Step != 10*time.Second {
			t.Errorf("%s: a step of %s", g.Name, made.Trace.Step)
		}
		// The span does not depend on what happens to be in it.
		if got, want := made.Trace.End().Sub(made.Trace.Start)%time.Hour, time.Duration(0); got != want {
			t.Errorf("%s: from %s to %s", g.Name, made.Trace.Start, made.Trace.End())
		}
	}
}

func TestWhatCannotBeMade(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"flash-crow", Options{}, `no generator "flash-crow" (did you mean flash-crowd?); there are voice-day, flash-crowd, big-event`},
		{"voice-day", Options{Scale: -1}, "a scale of -1 sessions a day is not from 1 to 20000000"},
		{"big-event", Options{Scale: MaxScale + 1}, "a scale of 20000001 players at the event is not from 1 to 20000000"},
		{"voice-day", Options{Step: time.Second}, "a step of 1s: it is from 10s to 1m and a whole part of an hour"},
		{"voice-day", Options{Step: 11 * time.Second}, "a step of 11s: it is from 10s to 1m and a whole part of an hour"},
		{"voice-day", Options{Start: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, "a start in the year 9999 is not from 1970 to 2200"},
	} {
		_, err := Generate(c.name, c.o)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s %+v:\n got %v\nwant %s", c.name, c.o, err, c.want)
		}
	}
}

// TestVoiceDay: over 20 seeds, whatever chance does to each.
func TestVoiceDay(t *testing.T) {
	zone := time.FixedZone("", 9*3600)
	byHour := make([]int, 24)
	spikes := 0
	for seed := range uint64(20) {
		demand := generated(t, "voice-day", Options{Seed: seed, Scale: 100_000, Start: time.Date(2026, 11, 18, 5, 0, 0, 0, zone)}).Trace
		s := demand.Summary()
		if s.Sessions < 75_000 || s.Sessions > 125_000 {
			t.Errorf("seed %d: %d sessions", seed, s.Sessions)
		}
		if size := float64(s.Joins) / float64(s.Sessions); math.Abs(size-3) > 0.05 {
			t.Errorf("seed %d: %.2f players a session, want 3", seed, size)
		}
		if math.Abs(s.MeanStaySeconds-1500) > 30 {
			t.Errorf("seed %d: they stay %.0f s, want 25 minutes", seed, s.MeanStaySeconds)
		}
		for h, n := range per(demand, time.Hour, sessions) {
			byHour[(h+5)%24] += n
		}
		spikes += jumps(per(demand, time.Minute, sessions))
	}
	if low, high := slices.Index(byHour, slices.Min(byHour)), slices.Index(byHour, slices.Max(byHour)); low < 4 || low > 5 || high < 20 || high > 21 {
		t.Errorf("low at %d:00, high at %d:00: %v", low, high, byHour)
	}
	if slices.Max(byHour) < 6*slices.Min(byHour) {
		t.Errorf("the evening is hardly busier than the night: %v", byHour)
	}
	if spikes < 20 {
		t.Errorf("%d spikes in 20 days, want some each day", spikes)
	}
}

// jumps counts the times at which ten minutes bring a fifth more than what came 15 to 5 minutes before.
func jumps(minutes []int) (n int) {
	sum := func(from int) (s int) {
		for _, m := range minutes[from : from+10] {
			s += m
		}
		return s
	}
	for i := 15; i+10 < len(minutes); i++ {
		if before := sum(i - 15); before > 300 && sum(i) > before*6/5 {
			n++
			i += 30
		}
	}
	return n
}

func TestFlashCrowd(t *testing.T) {
	for seed := range uint64(20) {
		demand := generated(t, "flash-crowd", Options{Seed: seed, Scale: 60_000}).Trace
		minutes := per(demand, time.Minute, sessions)
		if len(minutes) != 240 {
			t.Fatalf("%d minutes", len(minutes))
		}
		calm := float64(slices.Max(minutes[:60])) // that of the busiest minute of the first hour
		top := slices.Index(minutes, slices.Max(minutes))
		began := slices.IndexFunc(minutes, func(n int) bool { return float64(n) > 1.5*calm })
		full := slices.IndexFunc(minutes, func(n int) bool { return float64(n) > 8*calm })
		if began < 60 || began > 125 || full < 0 || full-began > 6 {
			t.Errorf("seed %d: begins at minute %d, full at %d, highest at %d", seed, began, full, top)
		}
		if after := float64(minutes[min(239, began+75)]); after > 2*calm {
			t.Errorf("seed %d: %.0f a minute an hour later, calm is %.0f", seed, after, calm)
		}
	}
}

func TestBigEvent(t *testing.T) {
	for seed := range uint64(20) {
		made := generated(t, "big-event", Options{Seed: seed})
		event := made.Events[0]
		byMinute := per(made.Trace, time.Minute, on(event.Route))
		players, before, late := 0, 0, 0
		for m, n := range byMinute {
			at := made.Trace.Start.Add(time.Duration(m) * time.Minute)
			players += n
			if at.Before(event.DoorsAt) {
				before += n
			}
			if at.Before(event.DoorsAt.Add(-7*time.Minute)) || at.After(event.DoorsAt.Add(25*time.Minute)) {
				late += n
			}
		}
		if players < 19_500 || players > 20_500 || before < 500 || before > 4_000 || late > 0 {
			t.Errorf("seed %d: %d players, %d before the doors, %d at other times", seed, players, before, late)
		}
		if event.Ramp < 20*time.Minute || event.Ramp > 30*time.Minute || event.Attendance != 20_000 {
			t.Errorf("seed %d: announced as %+v", seed, event)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		for _, r := range made.Trace.Rows {
			if r.Sessions != 0 {
				t.Fatalf("seed %d: %+v has sessions by key", seed, r)
			}
			if r.Route == event.Route && r.Joins > 0 {
				if left := r.At.Add(r.DrawStay(rng)).Sub(event.EndsAt).Abs(); left > 10*time.Minute {
					t.Errorf("seed %d: one who came at %s left %s beside the end", seed, r.At, left)
				}
			}
		}
	}
}

func TestStaysHaveTheirMeanAndSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []float64{0, 0.02, 0.5, 1, 2, 4} {
		row := Row{Stay: 20 * time.Minute, Spread: spread}
		const n = 200_000
		var sum, squares float64
		for range n {
			x := row.DrawStay(rng).Minutes()
			sum += x
			squares += x * x
		}
		if spread == 0 {
			spread = DefaultSpread
		}
		mean := sum / n
		deviation := math.Sqrt(squares/n - mean*mean)
		if math.Abs(mean-20) > 0.05+0.3*spread || math.Abs(deviation/20/spread-1) > 0.05 {
			t.Errorf("spread %g: mean %.2f min, deviation %.2f min", spread, mean, deviation)
		}
	}
}

func TestSummary(t *testing.T) {
	demand, err := Read(strings.NewReader("time,route,joins,sessions,stay_seconds\n0,b,13,2,120\n60,a,5,,60\n60,b,20,4,60\n180,a,1,,60\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(demand.Summary())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"start":"1970-01-01T00:00:00Z","end":"1970-01-01T00:04:00Z","step_seconds":60,"rows":4,"routes":["a","b"],` +
		`"joins":39,"sessions":6,"mean_stay_seconds":80,"player_hours":0.8666666666666667,` +
		`"peak_joins":25,"peak_joins_at":"1970-01-01T00:01:00Z","peak_players":38,"peak_players_at":"1970-01-01T00:01:00Z"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
