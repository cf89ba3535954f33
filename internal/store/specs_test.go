package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// flaky is a store of one route that fails as often as it is told to.
type flaky struct {
	Store
	route   model.Route
	fails   int
	changes chan struct{}
}

func (f *flaky) ListFleets(context.Context) ([]model.Fleet, error) { return nil, nil }

func (f *flaky) ListRoutes(context.Context) ([]model.Route, error) {
	if f.fails > 0 {
		f.fails--
		return nil, errors.New("database is locked")
	}
	return []model.Route{f.route}, nil
}

func (f *flaky) ListEvents(context.Context, time.Time, time.Time) ([]model.Event, error) {
	return nil, nil
}

func (f *flaky) ListRollouts(context.Context) ([]model.Rollout, error) { return nil, nil }

func (f *flaky) Watch(context.Context) <-chan struct{} { return f.changes }

// TestSpecCacheTriesAgain: a change that could not be read is read soon, without a further change (rule I6).
func TestSpecCacheTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flaky{route: model.Route{Name: "plaza", Generation: 1}, changes: make(chan struct{}, 1)}
		c, err := NewSpecCache(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		go func() { _ = c.Run(t.Context(), func(error) { failed++ }) }()
		f.route.Generation, f.fails = 2, 3
		f.changes <- struct{}{}
		<-time.After(time.Second)
		synctest.Wait()
		if r, _ := c.Route("plaza"); r.Generation != 2 || failed != 3 {
			t.Errorf("a second after the change the route is of generation %d, after %d failures", r.Generation, failed)
		}
		close(f.changes)
	})
}
