// Package rollout owns rollouts at run time: it counts what the two fleets of each do, has decide/rollout judge it, and
// writes what follows (the rollout's state and its route's weights, in one step); and it carries out what operators ask of
// them. What it counts is in memory: after a restart the present step is counted, and held, anew.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/watch"
)

// Specs are the routes and rollouts in memory; a *store.SpecCache is one. A Refresh that has returned is seen by every router.
type Specs interface {
	Specs() *store.Specs
	Watch(ctx context.Context) <-chan struct{}
	Refresh(ctx context.Context) error
}

// Store is what is needed of the store.
type Store interface {
	GetRoute(ctx context.Context, name model.RouteName) (model.Route, error)
	GetRollout(ctx context.Context, name model.RolloutName) (model.Rollout, error)
	ListRollouts(ctx context.Context) ([]model.Rollout, error)
	StepRollout(ctx context.Context, name model.RolloutName, state model.RolloutState, weights []model.FleetWeight, now time.Time) (model.Rollout, model.Route, error)
	Audit(ctx context.Context, lines ...store.AuditEntry) error
}

// Config is what a Service works with; every field is required.
type Config struct {
	Store Store
	Specs Specs
	Tally func(ctx context.Context) (registry.Tally, error)
	// Joins is how long the joins took that a fleet seated, since the control plane began.
	Joins func(fleet model.FleetName) decide.Latencies
	// Open counts a fleet's open servers.
	Open func(fleet model.FleetName) int
	// Query answers one number of a Prometheus server; the error says why there is none.
	Query func(ctx context.Context, url, query string) (float64, error)
	// Drain begins to drain the servers of a fleet that have sessions, and answers them.
	Drain  func(ctx context.Context, fleet model.FleetName, reason string) ([]model.ServerID, error)
	Now    func() time.Time
	Logger *slog.Logger
}

// tickEvery is how late a gate's failure, or a step's end, may be noticed.
const tickEvery = 500 * time.Millisecond

// Service runs all rollouts. It is safe for concurrent use.
type Service struct {
	cfg      Config
	began    time.Time // what happened before was counted by nobody here
	watchers watch.Watchers

	mu     sync.Mutex
	counts map[model.RolloutName]*counting
}

// New makes a Service. No goroutine is started.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, began: cfg.Now(), counts: map[model.RolloutName]*counting{}}
}

// Watch gives a channel that receives after a look at the rollouts under way, coalesced; closed when ctx ends. A change of
// a rollout itself is told by the specs.
func (s *Service) Watch(ctx context.Context) <-chan struct{} { return s.watchers.Watch(ctx) }

// Run ticks until ctx ends, which is no error, and when a rollout or a route changed. Failures are logged, and the next
// tick tries again.
func (s *Service) Run(ctx context.Context) error {
	changed := s.cfg.Specs.Watch(ctx)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("rollouts", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-changed:
		}
	}
}

// Tick looks at every rollout that is under way, and writes what follows.
func (s *Service) Tick(ctx context.Context) error {
	specs := s.cfg.Specs.Specs()
	active := slices.DeleteFunc(slices.Clone(specs.Rollouts), func(r model.Rollout) bool { return !r.State.Phase.Active() && !r.State.Drains })
	s.forget(active)
	if len(active) == 0 {
		return nil
	}
	tally, err := s.cfg.Tally(ctx)
	if err != nil {
		return fmt.Errorf("count for the gates of rollouts: %w", err)
	}
	var failed []error
	for _, r := range active {
		if r.State.Drains {
			failed = append(failed, s.drain(ctx, r))
			continue
		}
		s.sample(ctx, r, tally)
		failed = append(failed, s.look(ctx, r, specs.Routes[r.Spec.Route]))
	}
	s.watchers.Notify()
	return errors.Join(failed...)
}

// look decides about one rollout and writes what follows. Somebody who changed it or its route meanwhile is no failure: the
// next look sees it.
func (s *Service) look(ctx context.Context, r model.Rollout, route model.Route) error {
	out := decide.Decide(s.input(r, route))
	if out.State == nil {
		return nil
	}
	stepped, err := s.write(ctx, r, *out.State, out.Weights)
	if errors.Is(err, store.ErrConflict) {
		return s.cfg.Specs.Refresh(ctx)
	}
	if err != nil {
		return err
	}
	return s.drain(ctx, stepped)
}

// write keeps a rollout's next state with the weights, has every router see them, and notes it.
func (s *Service) write(ctx context.Context, r model.Rollout, next model.RolloutState, weights []model.FleetWeight) (model.Rollout, error) {
	now := s.cfg.Now()
	stepped, route, err := s.cfg.Store.StepRollout(ctx, r.Name, next, weights, now)
	if err != nil {
		return model.Rollout{}, fmt.Errorf("step rollout %s: %w", r.Name, err)
	}
	refreshed := s.cfg.Specs.Refresh(ctx)
	if len(r.State.Moves) > 0 && next.LastMove() == r.State.LastMove() {
		return stepped, refreshed // nothing to be told
	}
	move := next.LastMove()
	s.cfg.Logger.Info("rollout "+move.What, "rollout", r.Name, "route", r.Spec.Route, "weights", decide.Weights(route.Fleets), "reason", move.Reason, "actor", move.Actor)
	line := store.AuditEntry{
		At: now, Actor: move.Actor, Action: "rollout " + move.What, Target: string(r.Name),
		Detail: fmt.Sprintf("route %s: %s: %s", r.Spec.Route, decide.Shares(route.Fleets), move.Reason),
	}
	return stepped, errors.Join(refreshed, s.cfg.Store.Audit(ctx, line))
}

// drain has the servers of a fleet that was rolled back drained, if that was asked for. It is repeated until it was noted
// as done: a control plane that ends in the middle begins it anew.
func (s *Service) drain(ctx context.Context, r model.Rollout) error {
	if !r.State.Drains {
		return nil
	}
	move := r.State.LastMove()
	servers, err := s.cfg.Drain(ctx, r.Spec.To, fmt.Sprintf("rollout %s was rolled back by %s: %s", r.Name, move.Actor, move.Reason))
	if err != nil {
		return fmt.Errorf("drain fleet %s, which was rolled back: %w", r.Spec.To, err)
	}
	next := r.State
	next.Drains = false
	next.Serial++
	if _, _, err := s.cfg.Store.StepRollout(ctx, r.Name, next, nil, s.cfg.Now()); err != nil && !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("note that fleet %s drains: %w", r.Spec.To, err)
	}
	lines := make([]store.AuditEntry, len(servers))
	for i, id := range servers {
		lines[i] = store.AuditEntry{At: s.cfg.Now(), Actor: move.Actor, Action: "drain server", Target: string(id), Detail: "rollback of " + string(r.Spec.Route)}
	}
	err = s.cfg.Specs.Refresh(ctx)
	if len(lines) > 0 {
		err = errors.Join(err, s.cfg.Store.Audit(ctx, lines...))
	}
	return err
}
