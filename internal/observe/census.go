package observe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/watch"
)

const (
	// censusEvery is the least time between two counts, and so how old a count may be while things change.
	censusEvery = 50 * time.Millisecond
	// censusShare bounds what counting costs: after a count that took d, the next is at least censusShare × d later.
	censusShare = 10
	// censusSlow is how often is counted although the registry does not change: what keepers want changes with the time.
	censusSlow = time.Second
)

// Facts is what is counted; a registry.Registry is one.
type Facts interface {
	Count(ctx context.Context) (registry.Count, error)
	Watch(ctx context.Context) <-chan struct{}
}

// Sources is where a census has its numbers from. Only Registry is required.
type Sources struct {
	Registry Facts
	// Specs answers the fleets and routes there are; nil: those that the registry knows.
	Specs func() *store.Specs
	// SpecsChanged gives a channel that receives after the specs have changed, until ctx ends; nil: they do not.
	SpecsChanged func(ctx context.Context) <-chan struct{}
	// Size answers what a fleet's keeper last made of its number of servers, and when; nil: nobody keeps any.
	Size func(model.FleetName) (plan.Size, time.Time)
	// Waiting counts the joins of a route that wait for room; nil: none.
	Waiting func(model.RouteName) int
	Now     func() time.Time // nil: time.Now
}

// Census keeps a Count of everything, taken once for all who ask: metrics, other autoscalers, history and every watcher
// of the API.
type Census struct {
	from     Sources
	newest   atomic.Pointer[Count]
	watchers watch.Watchers
}

// NewCensus makes a census with an empty count.
func NewCensus(from Sources) *Census {
	if from.Now == nil {
		from.Now = time.Now
	}
	c := &Census{from: from}
	c.newest.Store(&Count{})
	return c
}

// Count answers the newest count. It never blocks.
func (c *Census) Count() *Count { return c.newest.Load() }

// Watch gives a channel that receives after a new count, coalesced; closed when ctx ends.
func (c *Census) Watch(ctx context.Context) <-chan struct{} { return c.watchers.Watch(ctx) }

// Tick counts everything now. Its cost does not depend on how many servers, sessions or players there are.
func (c *Census) Tick(ctx context.Context) error {
	counted, err := c.from.Registry.Count(ctx)
	if err != nil {
		return fmt.Errorf("count what there is: %w", err)
	}
	c.newest.Store(c.from.complete(counted))
	c.watchers.Notify()
	return nil
}

// Run counts after changes, and now and then without any, until ctx ends, which is no error. Failures go to failed; the
// next change counts again.
func (c *Census) Run(ctx context.Context, failed func(error)) error {
	changed := c.from.Registry.Watch(ctx)
	var specs <-chan struct{}
	if c.from.SpecsChanged != nil {
		specs = c.from.SpecsChanged(ctx)
	}
	pause := time.NewTimer(0)
	slow := time.NewTicker(censusSlow)
	defer pause.Stop()
	defer slow.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		}
		began := time.Now()
		if err := c.Tick(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		pause.Reset(max(censusEvery, censusShare*time.Since(began)))
		select {
		case _, open := <-changed:
			if !open {
				return nil
			}
		case <-specs:
		case <-slow.C:
		}
	}
}
