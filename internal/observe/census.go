package observe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/watch"
)

const (
	// censusEvery is the least time between two counts, and so how old a count may be while things change.
	censusEvery = 50 * time.Millisecond
	// censusShare bounds what counting costs: after a count that took d, the next is at least censusShare × d later.
	censusShare = 10
)

// Facts is what is counted; a registry.Registry is one.
type Facts interface {
	ListServers(ctx context.Context, fleet model.FleetName) ([]model.Server, error)
	ListSessions(ctx context.Context, filter registry.SessionFilter) ([]model.Session, error)
	Watch(ctx context.Context) <-chan struct{}
}

// Count is the live facts in numbers, at one moment. It is shared and must not be changed.
type Count struct {
	Fleets map[model.FleetName]FleetCount
	Routes map[model.RouteName]RouteCount
}

// FleetCount counts one fleet.
type FleetCount struct {
	Servers          [model.ServerUnhealthy + 1]int // by state
	Sessions         int
	SeatsReserved    int
	SeatsClaimed     int
	FreeSessionSlots int // on open servers
}

// RouteCount counts one route.
type RouteCount struct {
	Sessions int
	Players  int // seats reserved or claimed
}

// Census keeps a Count of everything, taken once for all who ask: the metrics page and every watcher of the API.
type Census struct {
	facts    Facts
	newest   atomic.Pointer[Count]
	watchers watch.Watchers
}

// NewCensus makes a census with an empty count.
func NewCensus(facts Facts) *Census {
	c := &Census{facts: facts}
	c.newest.Store(&Count{})
	return c
}

// Count answers the newest count. It never blocks.
func (c *Census) Count() *Count { return c.newest.Load() }

// Watch gives a channel that receives after a new count, coalesced; closed when ctx ends.
func (c *Census) Watch(ctx context.Context) <-chan struct{} { return c.watchers.Watch(ctx) }

// Tick counts everything now.
func (c *Census) Tick(ctx context.Context) error {
	servers, err := c.facts.ListServers(ctx, "")
	if err != nil {
		return fmt.Errorf("count servers: %w", err)
	}
	sessions, err := c.facts.ListSessions(ctx, registry.SessionFilter{})
	if err != nil {
		return fmt.Errorf("count sessions: %w", err)
	}
	c.newest.Store(count(servers, sessions))
	c.watchers.Notify()
	return nil
}

// Run counts after changes until ctx ends, which is no error. Failures go to failed; the next change counts again.
func (c *Census) Run(ctx context.Context, failed func(error)) error {
	changed := c.facts.Watch(ctx)
	pause := time.NewTimer(0)
	defer pause.Stop()
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
		if _, open := <-changed; !open {
			return nil
		}
	}
}

func count(servers []model.Server, sessions []model.Session) *Count {
	out := &Count{Fleets: map[model.FleetName]FleetCount{}, Routes: map[model.RouteName]RouteCount{}}
	for i := range servers {
		s := &servers[i]
		f := out.Fleets[s.Fleet]
		f.Servers[min(s.State, model.ServerUnhealthy)]++
		f.Sessions += s.Sessions
		f.SeatsReserved += s.SeatsReserved
		f.SeatsClaimed += s.SeatsClaimed
		if s.State == model.ServerOpen {
			f.FreeSessionSlots += s.FreeSlots()
		}
		out.Fleets[s.Fleet] = f
	}
	for i := range sessions {
		s := &sessions[i]
		r := out.Routes[s.Route]
		r.Sessions++
		r.Players += s.SeatsReserved + s.SeatsClaimed
		out.Routes[s.Route] = r
	}
	return out
}
