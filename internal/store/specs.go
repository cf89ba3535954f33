package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/watch"
)

// Specs are all fleets, routes, events and rollouts of one moment, with their defaults filled in. They are shared and must not be changed.
type Specs struct {
	Fleets map[model.FleetName]model.Fleet // those marked deleted too
	Routes map[model.RouteName]model.Route
	Events []model.Event // those that are over too, by the time of their doors
	// Rollouts are those that are over too, by name.
	Rollouts []model.Rollout
	// Revision is raised by every refresh that found a change; 1 is the first.
	Revision uint64
}

// SpecCache keeps the newest Specs in memory, so that a join looks its route up without touching the disk.
type SpecCache struct {
	store    Store
	current  atomic.Pointer[Specs]
	watchers watch.Watchers
	mu       sync.Mutex // one refresh at a time, so that an older reading never replaces a newer one
}

// NewSpecCache reads everything once. Run keeps it fresh from then on.
func NewSpecCache(ctx context.Context, s Store) (*SpecCache, error) {
	c := &SpecCache{store: s}
	c.current.Store(&Specs{})
	if err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Specs answers the newest specs. It never blocks.
func (c *SpecCache) Specs() *Specs { return c.current.Load() }

// Route answers a route with its defaults; false if there is none. It never blocks.
func (c *SpecCache) Route(name model.RouteName) (model.Route, bool) {
	r, ok := c.Specs().Routes[name]
	return r, ok
}

// Fleet answers a fleet with its defaults; false if there is none. It never blocks.
func (c *SpecCache) Fleet(name model.FleetName) (model.Fleet, bool) {
	f, ok := c.Specs().Fleets[name]
	return f, ok
}

// Watch is like Store.Watch, but signals once the change is to be seen here.
func (c *SpecCache) Watch(ctx context.Context) <-chan struct{} { return c.watchers.Watch(ctx) }

// Refresh reads everything now. Whoever writes to the store may call it to read its own write at once.
func (c *SpecCache) Refresh(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fleets, err := c.store.ListFleets(ctx)
	if err != nil {
		return fmt.Errorf("read fleets: %w", err)
	}
	routes, err := c.store.ListRoutes(ctx)
	if err != nil {
		return fmt.Errorf("read routes: %w", err)
	}
	events, err := c.store.ListEvents(ctx, time.Time{}, time.Time{})
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	rollouts, err := c.store.ListRollouts(ctx)
	if err != nil {
		return fmt.Errorf("read rollouts: %w", err)
	}
	old := c.current.Load()
	if old.Revision > 0 && old.holds(fleets, routes, events) && old.holdsRollouts(rollouts) {
		return nil
	}
	next := &Specs{
		Fleets:   make(map[model.FleetName]model.Fleet, len(fleets)),
		Routes:   make(map[model.RouteName]model.Route, len(routes)),
		Events:   events,
		Rollouts: rollouts,
		Revision: old.Revision + 1,
	}
	for _, f := range fleets {
		f.Spec = f.Spec.WithDefaults()
		next.Fleets[f.Name] = f
	}
	for _, r := range routes {
		next.Routes[r.Name] = r.WithDefaults()
	}
	for i := range next.Rollouts {
		next.Rollouts[i].Spec = next.Rollouts[i].Spec.WithDefaults()
	}
	c.current.Store(next)
	c.watchers.Notify()
	return nil
}

// holds tells whether the specs are those of the lists already, by generation, creation and deletion.
func (s *Specs) holds(fleets []model.Fleet, routes []model.Route, events []model.Event) bool {
	if len(fleets) != len(s.Fleets) || len(routes) != len(s.Routes) {
		return false
	}
	same := func(a, b model.Event) bool {
		return a.Name == b.Name && a.Generation == b.Generation && a.CreatedAt.Equal(b.CreatedAt)
	}
	if !slices.EqualFunc(events, s.Events, same) {
		return false
	}
	for _, f := range fleets {
		old, ok := s.Fleets[f.Name]
		if !ok || old.Generation != f.Generation || old.Deleted != f.Deleted || !old.CreatedAt.Equal(f.CreatedAt) {
			return false
		}
	}
	for _, r := range routes {
		old, ok := s.Routes[r.Name]
		if !ok || old.Generation != r.Generation || !old.CreatedAt.Equal(r.CreatedAt) {
			return false
		}
	}
	return true
}

// holdsRollouts tells the same of rollouts, by their states too.
func (s *Specs) holdsRollouts(rollouts []model.Rollout) bool {
	return slices.EqualFunc(rollouts, s.Rollouts, func(a, b model.Rollout) bool {
		return a.Name == b.Name && a.Generation == b.Generation && a.State.Serial == b.State.Serial && a.CreatedAt.Equal(b.CreatedAt)
	})
}

// RolloutOf is the rollout that is under way on a route, or began last on it. It answers false if there was none.
func (s *Specs) RolloutOf(route model.RouteName) (last model.Rollout, ok bool) {
	for _, r := range s.Rollouts {
		if r.Spec.Route == route && (!ok || r.State.BeganAt.After(last.State.BeganAt)) {
			last, ok = r, true
		}
	}
	return last, ok
}

// RefreshAgain is how soon a refresh that failed is tried again: a rollback is to reach every router within a second of the
// store's being back (rule I6).
const RefreshAgain = 200 * time.Millisecond

// Run refreshes after every change of the store until ctx ends, which is no error. A refresh that fails is told to
// failed and leaves the specs as they were; it is tried again until it succeeds.
func (c *SpecCache) Run(ctx context.Context, failed func(error)) error {
	changes := c.store.Watch(ctx)
	again := time.NewTimer(RefreshAgain)
	again.Stop()
	defer again.Stop()
	for {
		select {
		case _, ok := <-changes:
			if !ok {
				return nil
			}
		case <-again.C:
		}
		if err := c.Refresh(ctx); err != nil && ctx.Err() == nil {
			failed(err)
			again.Reset(RefreshAgain)
		}
	}
}
