// Package stage owns what is published to the rooms of a space, all at once: the serials of each route's messages, how
// many a route may publish, and what late joiners are shown, which outlives restarts. It hands each message to the streams
// to the servers and keeps no other; rooms never ask for one.
//
// Serials start at the time in microseconds when the route first publishes after a start, and rise by one: they rise over
// restarts too, with a gap.
package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// What Publish can say no with; wrapped with the names and numbers.
var (
	ErrNoRoute = errors.New("no such route")
	// ErrFull: late joiners would have to be shown more than model.MaxShownBytes, or model.MaxAllShownBytes.
	ErrFull = errors.New("the stage shows too much")
	// ErrTooFast: the route's messages of this second are spent.
	ErrTooFast = errors.New("the stage takes no more now")
)

// Audience is the streams to the servers; *link.Hub is the real one. It must not wait.
type Audience interface {
	Stage(m model.StageMessage, fleets []model.FleetName) model.StageReach
}

// Store keeps what late joiners are shown; a store.Store is one.
type Store interface {
	ListStaged(ctx context.Context) ([]model.StageMessage, error)
	ReplaceStaged(ctx context.Context, gone, kept []model.StageMessage) error
}

// Config is what New needs; every field is required.
type Config struct {
	Store Store
	// Route looks a route up, from memory.
	Route    func(model.RouteName) (model.Route, bool)
	Audience Audience
	Now      func() time.Time
}

// Stages are those of all routes. Safe for concurrent use; it has no goroutine.
type Stages struct {
	cfg   Config
	shown atomic.Int64 // bytes, of all routes

	mu      sync.Mutex
	byRoute map[model.RouteName]*routeStage
}

// routeStage is one route's. Its lock is held over the hand-over to the streams, which keeps the order of the serials.
type routeStage struct {
	route   model.RouteName
	created time.Time // the route

	mu     sync.Mutex
	serial uint64 // of the last message
	tokens float64
	filled time.Time // when tokens was right
	stage  model.Stage
	counts counts
	gone   bool // its route was deleted
}

// New makes the stages as the store kept them.
func New(ctx context.Context, cfg Config) (*Stages, error) {
	s := &Stages{cfg: cfg, byRoute: map[model.RouteName]*routeStage{}}
	kept, err := cfg.Store.ListStaged(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the stages show: %w", err)
	}
	for _, m := range kept {
		route, ok := cfg.Route(m.Route)
		if !ok {
			continue // it goes with its route
		}
		st := s.of(route)
		s.shown.Add(int64(st.stage.Growth(m)))
		st.stage.Take(m)
		st.serial = max(st.serial, m.Serial, uint64(cfg.Now().UnixMicro()))
	}
	return s, nil
}

// Publish gives the message its serial and hands it to every server that may have rooms for it; one that is retained is
// on disk before. m.Payload is given away. Errors: ErrNoRoute, ErrFull, ErrTooFast.
func (s *Stages) Publish(ctx context.Context, m model.StageMessage) (serial uint64, reach model.StageReach, err error) {
	route, ok := s.cfg.Route(m.Route)
	if !ok {
		return 0, model.StageReach{}, fmt.Errorf("%s: %w", m.Route, ErrNoRoute)
	}
	st := s.of(route)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.gone {
		return 0, model.StageReach{}, fmt.Errorf("%s: %w", m.Route, ErrNoRoute)
	}
	if err := s.admit(st, m); err != nil {
		st.counts.refuse(err)
		return 0, model.StageReach{}, fmt.Errorf("publish %q on %s: %w", m.Name, m.Route, err)
	}
	m.Serial = st.next(s.cfg.Now())
	if err := s.keep(ctx, st, m); err != nil {
		s.shown.Add(-int64(st.stage.Growth(m)))
		return 0, model.StageReach{}, err
	}
	st.stage.Take(m) // before the hand-over: a server that is welcomed meanwhile has it from here or from there
	fleets := make([]model.FleetName, len(route.Fleets))
	for i, f := range route.Fleets {
		fleets[i] = f.Fleet
	}
	reach = s.cfg.Audience.Stage(m, fleets)
	st.counts.take(m, reach)
	return m.Serial, reach, nil
}

// keep writes down what the message changes of what is shown.
func (s *Stages) keep(ctx context.Context, st *routeStage, m model.StageMessage) error {
	gone, kept := st.stage.Effect(m)
	if len(gone) == 0 && !kept {
		return nil
	}
	var shown []model.StageMessage
	if kept {
		shown = append(shown, m)
	}
	return s.cfg.Store.ReplaceStaged(ctx, gone, shown)
}

// of answers a route's stage, a new one if the route is another than it was.
func (s *Stages) of(route model.Route) *routeStage {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.byRoute[route.Name]
	if st != nil && st.created.Equal(route.CreatedAt) {
		return st
	}
	if st != nil {
		s.end(st)
	}
	st = &routeStage{route: route.Name, created: route.CreatedAt, tokens: model.MaxStageBurst, filled: s.cfg.Now()}
	s.byRoute[route.Name] = st
	return st
}

// admit holds a message against the limits, takes a token, and counts what is kept from now on; st is locked.
func (s *Stages) admit(st *routeStage, m model.StageMessage) error {
	growth := st.stage.Growth(m)
	if growth > 0 && st.stage.Bytes()+growth > model.MaxShownBytes {
		return fmt.Errorf("%w: with these %d bytes it would be over %d; forget one by an empty payload", ErrFull, m.Bytes(), model.MaxShownBytes)
	}
	if !st.token(s.cfg.Now()) {
		return fmt.Errorf("%w: %d messages a second, %d at once", ErrTooFast, model.MaxStagePerSecond, model.MaxStageBurst)
	}
	if s.shown.Add(int64(growth)) > model.MaxAllShownBytes && growth > 0 {
		s.shown.Add(-int64(growth))
		return fmt.Errorf("%w: the stages of all routes would be over %d bytes together; forget some by empty payloads", ErrFull, model.MaxAllShownBytes)
	}
	return nil
}

// token takes one of the route's tokens, if one is left.
func (st *routeStage) token(now time.Time) bool {
	st.tokens = min(model.MaxStageBurst, st.tokens+now.Sub(st.filled).Seconds()*model.MaxStagePerSecond)
	st.filled = now
	if st.tokens < 1 {
		return false
	}
	st.tokens--
	return true
}

func (st *routeStage) next(now time.Time) uint64 {
	if st.serial == 0 {
		st.serial = uint64(now.UnixMicro())
	}
	st.serial++
	return st.serial
}

// Shown answers what the stages of all routes show to late joiners, by route and serial. Those of routes that are gone
// are forgotten.
func (s *Stages) Shown() []model.StageMessage {
	var all []model.StageMessage
	for _, st := range s.living() {
		st.mu.Lock()
		all = append(all, st.stage.All()...)
		st.mu.Unlock()
	}
	return all
}

// living answers the stages of the routes there are, by name, and forgets the others.
func (s *Stages) living() []*routeStage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*routeStage
	for _, name := range slices.Sorted(maps.Keys(s.byRoute)) {
		st := s.byRoute[name]
		if route, ok := s.cfg.Route(name); !ok || !st.created.Equal(route.CreatedAt) {
			s.end(st)
			delete(s.byRoute, name)
			continue
		}
		all = append(all, st)
	}
	return all
}

// end is for a stage whose route was deleted: it takes no more, and what it kept is room for others.
func (s *Stages) end(st *routeStage) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.gone = true
	s.shown.Add(-int64(st.stage.Bytes()))
}
