// Package event owns announced events at run time: what each asks of the fleets behind its route (from which decide/scale
// decides), which phase of its life it is in, how much of what it asks for stands, and whether its plan can be met. It
// starts no server and keeps nothing but what the store has.
package event

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/watch"
)

// Specs are the fleets, routes and events in memory; a *store.SpecCache is one.
type Specs interface {
	Specs() *store.Specs
	Watch(ctx context.Context) <-chan struct{}
}

// Store is what is needed of the store.
type Store interface {
	DropEvents(ctx context.Context, endedBefore time.Time) (int, error)
}

const (
	// Keep is how long an event that is over stays in the calendar.
	Keep = 400 * 24 * time.Hour
	// dropEvery is the time between two looks for events that are older.
	dropEvery = time.Hour
	// tickEvery is how late a new phase may be noticed.
	tickEvery = time.Second
)

// Config is what a Service works with; every field is required.
type Config struct {
	Specs  Specs
	Store  Store
	Facts  Facts
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers about all events. It is safe for concurrent use.
type Service struct {
	cfg      Config
	known    atomic.Pointer[calendar]
	watchers watch.Watchers

	// Of Tick alone.
	phases  map[model.EventName]model.EventPhase
	dropped time.Time // when old events were last looked for
}

// New makes a Service. No goroutine is started.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, phases: map[model.EventName]model.EventPhase{}}
}

// Watch gives a channel that receives after an event came into another phase, coalesced; closed when ctx ends. What else
// there is to see of an event changes with the specs and the live facts.
func (s *Service) Watch(ctx context.Context) <-chan struct{} { return s.watchers.Watch(ctx) }

// Run ticks until ctx ends, which is no error. Failures are logged, and the next tick tries again.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("events", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick tells watchers of new phases, and drops what has become too old.
func (s *Service) Tick(ctx context.Context) error {
	now := s.cfg.Now()
	if s.newPhases(now) {
		s.watchers.Notify()
	}
	return s.drop(ctx, now)
}

// newPhases looks at the phase of every event and tells whether one is another than at the last tick.
func (s *Service) newPhases(now time.Time) (changed bool) {
	v := s.look(now)
	phases := make(map[model.EventName]model.EventPhase, len(s.phases))
	for _, e := range s.cfg.Specs.Specs().Events {
		if now.Before(e.EndsAt) {
			phases[e.Name] = s.status(e, v).Phase
		}
	}
	changed = !maps.Equal(phases, s.phases)
	s.phases = phases
	return changed
}

func (s *Service) drop(ctx context.Context, now time.Time) error {
	if now.Sub(s.dropped) < dropEvery {
		return nil
	}
	n, err := s.cfg.Store.DropEvents(ctx, now.Add(-Keep))
	if err != nil {
		return fmt.Errorf("drop old events: %w", err)
	}
	s.dropped = now
	if n > 0 {
		s.cfg.Logger.Info("old events dropped", "count", n)
	}
	return nil
}
