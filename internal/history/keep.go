package history

import (
	"context"
	"time"
)

// How long the past is kept, and how finely. A fleet that is busy all the time takes 1.75 MB on disk for a year, 107 bytes
// a record (BenchmarkSize), and a second year 0.9 MB more.
const (
	// Step is that of what is recorded: short enough to see a server boot and a crowd come.
	Step = time.Minute
	// FineFor is how long steps of Step are kept: today and yesterday, as one looks at after something went wrong.
	FineFor = 48 * time.Hour
	// MiddleStep and MiddleFor are for what comes next: four whole weeks and the present one, which forecast policies
	// compare, in steps that still show the shape of an evening.
	MiddleStep, MiddleFor = 10 * time.Minute, 5 * 7 * 24 * time.Hour
	// CoarseStep and KeepFor are for the rest: this year beside the last.
	CoarseStep, KeepFor = time.Hour, 2 * 365 * 24 * time.Hour

	// DecisionsFor and MaxDecisions bound the log of decisions: the weeks one still asks about, and about 50 MB.
	DecisionsFor, MaxDecisions = 30 * 24 * time.Hour, 100_000

	// tidyEvery is how often old records are made shorter, and steadyFor how long the clock must not have been set before: a
	// clock that is wrong for a while must not throw the past away.
	tidyEvery, steadyFor = 10 * time.Minute, time.Hour
)

// tidy makes the old past shorter, if it is time to.
func (r *Recorder) tidy(ctx context.Context, now time.Time) error {
	if r.steady < steadyFor || !r.tidied.IsZero() && now.Sub(r.tidied).Abs() < tidyEvery {
		return nil
	}
	r.tidied = now
	return r.Compact(ctx, now)
}

// Compact makes what is old shorter and drops what is too old, by the constants above.
func (r *Recorder) Compact(ctx context.Context, now time.Time) error {
	for _, c := range []struct{ from, to, after time.Duration }{
		{Step, MiddleStep, FineFor},
		{MiddleStep, CoarseStep, MiddleFor},
		{CoarseStep, 0, KeepFor},
	} {
		if err := r.cfg.Store.CompactHistory(ctx, c.from, c.to, floor(now.Add(-c.after), max(c.to, c.from))); err != nil {
			return err
		}
	}
	return r.cfg.Store.PruneDecisions(ctx, now.Add(-DecisionsFor), MaxDecisions)
}

// floor is the start of the step of that length that a time is in, counted from 1970 UTC.
func floor(t time.Time, step time.Duration) time.Time {
	s, sec := int64(step/time.Second), t.Unix()
	return time.Unix(sec-((sec%s)+s)%s, 0).UTC()
}
