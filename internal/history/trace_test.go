package history

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// crowd is players of whom each comes at a time and stays for a time, in seconds from eight.
type crowd struct{ comes, stays []float64 }

// flows is what is recorded of a crowd for some minutes.
func (c crowd) flows(minutes int) []flow {
	out := make([]flow, minutes)
	for i := range out {
		out[i].at = eight.Add(time.Duration(i) * time.Minute)
	}
	for i, at := range c.comes {
		gone := at + c.stays[i]
		for m := range out {
			from, to := float64(60*m), float64(60*m+60)
			if at >= from && at < to {
				out[m].joins++
			}
			if gone >= from && gone < to {
				out[m].left++
			}
			out[m].players += max(0, min(gone, to)-max(at, from)) / 60
		}
	}
	return out
}

// meanStay is that of all who joined.
func meanStay(flows []flow, stayed []time.Duration) float64 {
	sum, n := 0.0, 0.0
	for i, f := range flows {
		sum, n = sum+f.joins*stayed[i].Seconds(), n+f.joins
	}
	return sum / max(n, 1)
}

// TestStaysAreThoseThatWere: whatever the order in which players leave, stays are right in the mean, from seconds to hours.
func TestStaysAreThoseThatWere(t *testing.T) {
	for _, mean := range []float64{5, 30, 60, 300, 1500, 7200} {
		for name, stay := range map[string]func(*rand.Rand) float64{
			"equal":       func(*rand.Rand) float64 { return mean },
			"exponential": func(r *rand.Rand) float64 { return mean * r.ExpFloat64() },
		} {
			r := rand.New(rand.NewPCG(1, uint64(mean)))
			var c crowd
			sum := 0.0
			for range 5000 {
				c.comes, c.stays = append(c.comes, 4*3600*r.Float64()), append(c.stays, stay(r))
				sum += c.stays[len(c.stays)-1]
			}
			flows := c.flows(60 * 20)
			got := meanStay(flows, stays(flows, time.Minute))
			if want := sum / 5000; math.Abs(got-want) > 0.02*want+0.5 {
				t.Errorf("%s stays of %.0f s in the mean: %.1f, want %.1f", name, mean, got, want)
			}
		}
	}
}

// TestStaysFollowTheDay: those who come in the morning stay shorter than those who come in the evening.
func TestStaysFollowTheDay(t *testing.T) {
	var c crowd
	for i := range 3600 {
		stay := 300.0
		if i >= 1800 {
			stay = 1800
		}
		c.comes, c.stays = append(c.comes, float64(10*i)), append(c.stays, stay)
	}
	flows := c.flows(700)
	got := stays(flows, time.Minute)
	if morning, evening := got[100].Seconds(), got[500].Seconds(); math.Abs(morning-300) > 10 || math.Abs(evening-1800) > 30 {
		t.Errorf("morning %.0f s, evening %.0f s", morning, evening)
	}
}

func TestWhoIsStillThereStaysOn(t *testing.T) {
	c := crowd{comes: []float64{30, 90, 150, 210}, stays: []float64{1e6, 1e6, 1e6, 1e6}}
	got := stays(c.flows(30), time.Minute)
	if got[0] < 29*time.Minute || got[3] < 26*time.Minute || got[3] > 30*time.Minute {
		t.Errorf("%v", got[:4])
	}
}

// TestWhoLeftUnseenIsNotThere: three players whose leaving was not counted do not stay for ever, and those who come and
// leave within a minute after that stay for as long as they did.
func TestWhoLeftUnseenIsNotThere(t *testing.T) {
	flows := []flow{{joins: 3, players: 1.5}, {players: 3}, {joins: 25, left: 25, players: 17}, {}, {}}
	for i := range flows {
		flows[i].at = eight.Add(time.Duration(i) * time.Minute)
	}
	got := stays(flows, time.Minute)
	if got[0] < 2*time.Minute || got[0] > 4*time.Minute || got[2] < 30*time.Second || got[2] > 50*time.Second {
		t.Errorf("%v", got)
	}
}

// TestAGapChangesStaysLittle: a crowd that is there before and after a gap stays as it would without.
func TestAGapChangesStaysLittle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var c crowd
	for range 6000 {
		c.comes, c.stays = append(c.comes, 10*3600*r.Float64()), append(c.stays, 900*r.ExpFloat64())
	}
	flows := c.flows(660)
	flows = slices.Delete(flows, 300, 360)
	if got := meanStay(flows, stays(flows, time.Minute)); math.Abs(got-900) > 60 {
		t.Errorf("%.0f s in the mean", got)
	}
}

// TestStaysAreAlwaysUsable: whatever was recorded, however full of gaps, gives stays that a trace may have.
func TestStaysAreAlwaysUsable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var flows []flow
		at := eight
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			skipped := rapid.IntRange(0, 3).Draw(t, "skipped")
			at = at.Add(time.Duration(1+skipped) * time.Minute)
			flows = append(flows, flow{
				at: at, joins: float64(rapid.IntRange(0, 50).Draw(t, "joins")), left: float64(rapid.IntRange(0, 50).Draw(t, "left")),
				players: rapid.Float64Range(0, 200).Draw(t, "players"),
			})
		}
		for i, stay := range stays(flows, time.Minute) {
			if (flows[i].joins > 0) != (stay > 0) || stay > trace.MaxStay {
				t.Fatalf("%g joined and stayed %s", flows[i].joins, stay)
			}
		}
	})
}

// route keeps what was recorded of a route in some minutes.
func (w *world) route(name string, minute int, joins, keyed, left int64, players float64) {
	w.t.Helper()
	err := w.db.AppendHistory(context.Background(), model.HistoryRecord{
		Subject: model.HistorySubject{Kind: model.HistoryRoute, Name: name}, At: eight.Add(time.Duration(minute) * time.Minute), Step: Step,
		Covered: 60_000, Joins: joins, SessionsKeyed: keyed, Left: left, Players: int64(players * 60_000),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestATraceIsWhatTheSimulatorReads(t *testing.T) {
	w := newWorld(t)
	for i := range 10 {
		n := int64(10)
		if i < 2 {
			n = 0 // they stay two minutes
		}
		w.route("voice", i, 10, 3, n, 15)
		w.route("plaza", i, int64(i%2), 0, 0, 1)
		w.route("quiet", i, 0, 0, 0, 0)
	}
	w.clock = eight.Add(24 * time.Hour)
	got, err := w.Trace(context.Background(), eight, eight.Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	if err := trace.Write(&file, got); err != nil {
		t.Fatalf("%v\n%+v", err, got)
	}
	back, err := trace.Read(strings.NewReader(file.String()))
	if err != nil || !slices.Equal(back.Rows, got.Rows) {
		t.Fatalf("%v\n%s", err, file.String())
	}
	if got.Step != time.Minute || !got.Start.Equal(eight) || !got.End().Equal(eight.Add(10*time.Minute)) {
		t.Errorf("from %s to %s in steps of %s", got.Start, got.End(), got.Step)
	}
	joins := map[model.RouteName]int{}
	for _, row := range got.Rows {
		joins[row.Route] += row.Joins
		if row.Route == "voice" && (row.Sessions != 3 || row.Stay < time.Minute || row.Stay > 4*time.Minute) {
			t.Errorf("%+v", row)
		}
	}
	if joins["voice"] != 100 || joins["plaza"] != 5 || joins["quiet"] != 0 {
		t.Errorf("%v", joins)
	}
	only, err := w.Trace(context.Background(), eight, eight.Add(time.Hour), []model.RouteName{"plaza"})
	if err != nil || len(only.Rows) == 0 || slices.ContainsFunc(only.Rows, func(r trace.Row) bool { return r.Route != "plaza" }) {
		t.Errorf("%+v, %v", only.Rows, err)
	}
}

func TestAnOldTraceIsInLongerSteps(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.route("voice", i, 6, 1, 6, 6)
	}
	for age, step := range map[time.Duration]time.Duration{24 * time.Hour: time.Minute, 72 * time.Hour: 10 * time.Minute, 1000 * time.Hour: time.Hour} {
		w.clock = eight.Add(age)
		if err := w.Compact(context.Background(), w.clock); err != nil {
			t.Fatal(err)
		}
		got, err := w.Trace(context.Background(), eight, eight.Add(time.Hour), nil)
		joins := 0
		for _, row := range got.Rows {
			joins += row.Joins
		}
		if err != nil || got.Step != step || joins != 360 || got.Check() != nil {
			t.Errorf("after %s: %+v, %v, %v", age, got, err, got.Check())
		}
	}
}
