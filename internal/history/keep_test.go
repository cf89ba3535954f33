package history

import (
	"context"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// lengths answers the lengths of a fleet's records by their start, as they are kept.
func (w *world) lengths(fleet string) map[time.Time]time.Duration {
	w.t.Helper()
	out := map[time.Time]time.Duration{}
	records, err := w.db.ReadHistory(context.Background(), store.HistoryQuery{
		Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: fleet}, Since: eight.AddDate(-3, 0, 0), Until: eight.AddDate(1, 0, 0), Step: Step,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range records {
		out[r.At] = r.Step
	}
	return out
}

func TestThePastGetsCoarserAndThenGoes(t *testing.T) {
	w := newWorld(t)
	for _, age := range []time.Duration{time.Hour, 47 * time.Hour, 49 * time.Hour, 34 * 24 * time.Hour, 36 * 24 * time.Hour, 729 * 24 * time.Hour, 731 * 24 * time.Hour} {
		r := model.HistoryRecord{Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: "voice"}, At: eight.Add(-age), Step: Step, Covered: 60_000}
		if err := w.db.AppendHistory(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // the second and third find little to do
		if err := w.Compact(context.Background(), eight.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	got := w.lengths("voice")
	want := map[time.Duration]time.Duration{
		time.Hour: Step, 47 * time.Hour: Step, 49 * time.Hour: MiddleStep, 34 * 24 * time.Hour: MiddleStep,
		36 * 24 * time.Hour: CoarseStep, 729 * 24 * time.Hour: CoarseStep,
	}
	if len(got) != len(want) {
		t.Errorf("%d records are left: %v", len(got), got)
	}
	for age, step := range want {
		if got[eight.Add(-age)] != step {
			t.Errorf("what is %s old is in steps of %s, want %s", age, got[eight.Add(-age)], step)
		}
	}
}

// TestAWrongClockThrowsNothingAway: a clock that jumps years ahead must have been steady for an hour to be believed.
func TestAWrongClockThrowsNothingAway(t *testing.T) {
	w := newWorld(t)
	w.fleet("voice", 1, 0, 1)
	w.pass(3 * time.Hour)
	w.clock = w.clock.AddDate(5, 0, 0)
	w.pass(30 * time.Minute)
	w.clock = w.clock.AddDate(-5, 0, 0)
	w.pass(30 * time.Minute)
	if got := w.lengths("voice"); len(got) < 200 {
		t.Errorf("only %d records are left", len(got))
	}
}

func TestTidyingHappensByItself(t *testing.T) {
	w := newWorld(t)
	old := model.HistoryRecord{Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: "voice"}, At: eight.AddDate(0, 0, -4), Step: Step}
	if err := w.db.AppendHistory(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	if err := w.db.AppendDecisions(context.Background(), model.Decision{At: eight.AddDate(0, 0, -31), Fleet: "voice"}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour + 2*time.Minute)
	if got := w.lengths("voice"); got[old.At] != MiddleStep {
		t.Errorf("%v", got)
	}
	if got, err := w.db.ListDecisions(context.Background(), store.DecisionQuery{}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSeriesStepsAreRound(t *testing.T) {
	for _, c := range []struct {
		age, long time.Duration
		points    int
		want      time.Duration
	}{
		{time.Hour, time.Hour, 500, time.Minute},
		{time.Hour, time.Hour, 60, time.Minute},
		{time.Hour, time.Hour, 59, 2 * time.Minute},
		{24 * time.Hour, 24 * time.Hour, 500, 5 * time.Minute},
		{72 * time.Hour, time.Hour, 500, 10 * time.Minute},
		{72 * time.Hour, 72 * time.Hour, 500, 10 * time.Minute},
		{60 * 24 * time.Hour, time.Hour, 500, time.Hour},
		{365 * 24 * time.Hour, 365 * 24 * time.Hour, 500, 24 * time.Hour},
		{365 * 24 * time.Hour, 365 * 24 * time.Hour, 5000, 2 * time.Hour},
		{730 * 24 * time.Hour, 730 * 24 * time.Hour, 1, 731 * 24 * time.Hour},
	} {
		since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		got := stepFor(c.age, since, since.Add(c.long), c.points)
		if c.points > 1 && got != c.want || got < c.want {
			t.Errorf("%s of %s ago in %d points: steps of %s, want %s", c.long, c.age, c.points, got, c.want)
		}
	}
}
