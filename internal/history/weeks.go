package history

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/decide/forecast"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// Weeks keeps in memory what fleets with a forecast policy had in earlier weeks. Its methods are safe for concurrent use,
// but for Tick and Run.
type Weeks struct {
	recorder *Recorder
	known    atomic.Pointer[map[model.FleetName]weeks]
}

// weeks is what is known of a fleet.
type weeks struct {
	forecast.Past
	back int // weeks that are looked at
}

// NewWeeks makes one that knows nothing yet. No goroutine is started.
func NewWeeks(r *Recorder) *Weeks {
	w := &Weeks{recorder: r}
	w.known.Store(&map[model.FleetName]weeks{})
	return w
}

// Expected answers what is usual for a fleet around now, from memory: nothing for one without a forecast policy, or of
// which less than a week is known. See forecast.Past.Expect.
func (w *Weeks) Expected(fleet model.FleetName, now time.Time) []scale.Expectation {
	past, ok := (*w.known.Load())[fleet]
	if !ok {
		return nil
	}
	return past.Expect(now, past.back)
}

// Run reads the past anew every minute until ctx ends, which is no error.
func (w *Weeks) Run(ctx context.Context, failed func(error)) error {
	every := time.NewTicker(Step)
	defer every.Stop()
	for {
		if err := w.Tick(ctx, w.recorder.cfg.Now()); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Tick reads what the fleets with a forecast policy had: all of it once in a slot, and for a fleet that has one newly. A
// fleet whose past cannot be read keeps what was known of it.
func (w *Weeks) Tick(ctx context.Context, now time.Time) error {
	was := *w.known.Load()
	is := map[model.FleetName]weeks{}
	var failed error
	for name, f := range w.recorder.cfg.Specs().Fleets {
		back := weeksOf(f.Spec.Scaling)
		if back == 0 {
			continue
		}
		old, known := was[name]
		start := floor(now, forecast.Slot).AddDate(0, 0, -7*back-1) // and a day, so that no week is cut at its edge
		if known && old.back == back && old.Start.Equal(start) {
			is[name] = old
			continue
		}
		past, err := w.recorder.past(ctx, name, start, floor(now, forecast.Slot))
		switch {
		case err == nil:
			is[name] = weeks{past, back}
		case known:
			is[name] = old
		}
		failed = errors.Join(failed, err)
	}
	w.known.Store(&is)
	return failed
}

// weeksOf is how many weeks the fleet's forecast policies look back at; 0 without any.
func weeksOf(s model.Scaling) (most int) {
	for i := range s.Policies {
		if f := s.Policies[i].Forecast; f != nil {
			most = max(most, f.Weeks)
		}
	}
	return most
}

// past is what a fleet had in each slot: at most at once, since that is what it must have room for.
func (r *Recorder) past(ctx context.Context, fleet model.FleetName, start, end time.Time) (forecast.Past, error) {
	records, err := r.Read(ctx, store.HistoryQuery{
		Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: string(fleet)}, Since: start, Until: end, Step: forecast.Slot,
	})
	p := forecast.Past{Start: start, Sessions: make([]float64, end.Sub(start)/forecast.Slot)}
	for i := range p.Sessions {
		p.Sessions[i] = math.NaN()
	}
	for i := range records {
		first := int(records[i].At.Sub(start) / forecast.Slot)
		for slot := first; slot < min(first+int(records[i].Step/forecast.Slot), len(p.Sessions)); slot++ {
			if v := float64(records[i].SessionsMax); !(p.Sessions[slot] >= v) {
				p.Sessions[slot] = v
			}
		}
	}
	return p, err
}
