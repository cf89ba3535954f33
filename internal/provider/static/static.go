// Package static owns the provider of servers that run already, at fixed addresses of their fleet's list: somebody else
// starts and stops them. An address is taken into use, looked at from outside, and given back; what is in use is on record,
// so that the next control plane goes on with the same servers.
//
//	<dir>/<server>.json   an address in use, 0600
package static

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/watch"
)

// tickEvery is how often it is looked which probes are due.
const tickEvery = 50 * time.Millisecond

// Config is what a Static works with.
type Config struct {
	// Dir holds a file per address in use; it is made if it is not there.
	Dir string
	// Fleet answers a fleet as it is wished now, so that what is changed of its list, its probe and its addresses counts at
	// once; called with every Observe: answer from memory. nil, or false: it is as it was at the start of each server.
	Fleet  func(model.FleetName) (model.Fleet, bool)
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default
	// Look is one look at a server from outside; it returns when ctx ends at the latest. nil: the real one.
	Look func(ctx context.Context, p model.Probe, at []model.Endpoint) Answer
}

// Static is the provider. Its methods are safe for concurrent use.
type Static struct {
	cfg    Config
	log    *slog.Logger
	wake   chan struct{}
	looks  sync.WaitGroup
	mu     sync.Mutex
	places map[model.ServerID]*place

	watchers watch.Watchers
}

var _ provider.Provider = (*Static)(nil)

// place is an address that is, or was, in use.
type place struct {
	record
	health health
	due    time.Time // the next look
	busy   bool      // it is being looked at
}

// New reads what an earlier control plane left in Dir. No goroutine is started. The error says what is wrong with Dir.
func New(cfg Config) (*Static, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Look == nil {
		cfg.Look = look
	}
	s := &Static{cfg: cfg, log: cfg.Logger, wake: make(chan struct{}, 1), places: map[model.ServerID]*place{}}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder for static servers: %w", err)
	}
	return s, s.load()
}

// Run looks at the servers until ctx ends, then returns nil once no look is under way.
func (s *Static) Run(ctx context.Context) error {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		s.Tick(ctx)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-tick.C:
		}
	}
	s.looks.Wait()
	return nil
}

// Tick begins every look that is due. The looks go on after it has returned.
func (s *Static) Tick(ctx context.Context) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.places {
		server, probe, looked := s.wanted(p)
		if !looked || p.busy || now.Before(p.due) || p.Stopping {
			continue
		}
		p.busy, p.due = true, now.Add(probe.Interval)
		s.looks.Go(func() {
			bounded, cancel := context.WithTimeout(ctx, probe.Timeout)
			defer cancel()
			a := s.cfg.Look(bounded, probe, server.Endpoints)
			if ctx.Err() == nil { // else the look was cut short
				s.looked(p, a, probe)
			}
		})
	}
}

// wanted is the server as it is on its fleet's list now, else as it was when it was taken into use; and how it is looked at,
// if it is. s.mu is held.
func (s *Static) wanted(p *place) (model.StaticServer, model.Probe, bool) {
	server, probe := p.Server, p.Probe
	if f, ok := s.fleet(p.Fleet); ok && f.Spec.Static != nil {
		probe = f.Spec.Static.Probe
		if now, listed := f.Spec.Static.Find(p.Fleet, p.ID); listed {
			server = now
		}
	}
	return server, probe, probe.Kind != model.ProbeDefault || len(tcpEndpoints(server.Endpoints)) > 0
}

func (s *Static) fleet(name model.FleetName) (model.Fleet, bool) {
	if s.cfg.Fleet == nil {
		return model.Fleet{}, false
	}
	f, ok := s.cfg.Fleet(name)
	f.Spec = f.Spec.WithDefaults()
	return f, ok
}

// looked takes in what a look saw.
func (s *Static) looked(p *place, a Answer, probe model.Probe) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p.busy = false
	if s.places[p.ID] != p || p.Stopping {
		return // it was given back meanwhile
	}
	before, doubt, leave := p.record, p.health.doubt(), p.health.leave
	p.health.see(a, probe, now)
	switch {
	case p.Ended && p.health.good >= probe.Threshold:
		delete(s.places, p.ID) // it is back, and may be taken into use again
		s.forgotten(p)
	case !p.Ended && p.health.dead(probe, now):
		p.Ended, p.Exit = true, fmt.Sprintf("no good answer for %s: %s", now.Sub(p.health.goodAt).Round(time.Second), p.health.why)
		s.log.Warn("static server is taken for dead", "server", p.ID, "err", p.Exit)
	}
	p.Answered, p.Doubt = p.Answered || p.health.good > 0, p.health.doubt()
	if before != p.record && s.places[p.ID] == p {
		s.save(p)
	}
	if before.Ended != p.Ended || doubt != p.health.doubt() || !sameLeave(leave, p.health.leave) || !before.Answered || s.places[p.ID] != p {
		s.watchers.Notify()
	}
}

// Start implements provider.Provider: the address of that name is taken into use.
func (s *Static) Start(_ context.Context, start provider.Start) (provider.Instance, error) {
	if start.Spec.Static == nil {
		return provider.Instance{}, errors.New("provider.static: it is not set")
	}
	server, listed := start.Spec.Static.Find(start.Fleet, start.ID)
	switch {
	case !listed:
		return provider.Instance{}, fmt.Errorf("%s is not on the list of fleet %s: %w", start.ID, start.Fleet, provider.ErrNoNode)
	case slices.Contains(start.Leaving, server.Name):
		return provider.Instance{}, fmt.Errorf("%s goes away: %w", server.Name, provider.ErrNoNode)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.places[start.ID]; p != nil && !p.Ended {
		return s.instance(p), nil
	}
	now := s.cfg.Now()
	p := &place{record: record{
		ID: start.ID, Fleet: start.Fleet, saved: &saved{Server: server, Probe: start.Spec.Static.Probe}, Revision: start.Revision, StartedAt: now,
	}, health: health{goodAt: now}}
	if err := p.write(s.cfg.Dir); err != nil {
		return provider.Instance{}, fmt.Errorf("take %s into use: %w", start.ID, err)
	}
	s.places[start.ID] = p
	s.awake()
	s.watchers.Notify()
	return s.instance(p), nil
}

// Stop implements provider.Provider: the address is given back. Nothing is stopped: somebody else runs it.
func (s *Static) Stop(_ context.Context, id model.ServerID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.places[id]
	if p == nil || p.Stopping {
		return nil
	}
	p.Stopping = true
	if !p.Ended {
		p.Ended, p.Exit = true, "given back; whoever runs it may stop it"
	}
	s.watchers.Notify()
	if err := p.write(s.cfg.Dir); err != nil {
		return fmt.Errorf("give %s back: %w", id, err)
	}
	return nil
}

// Forget implements provider.Provider.
func (s *Static) Forget(_ context.Context, id model.ServerID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.places[id]
	if p == nil {
		return nil
	}
	if !p.Ended {
		return fmt.Errorf("forget server %s: it is still in use", id)
	}
	if err := p.remove(s.cfg.Dir); err != nil {
		return fmt.Errorf("forget server %s: %w", id, err)
	}
	delete(s.places, id)
	return nil
}

// Observe implements provider.Provider.
func (s *Static) Observe(context.Context) ([]provider.Instance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]provider.Instance, 0, len(s.places))
	for _, p := range s.places {
		out = append(out, s.instance(p))
	}
	slices.SortFunc(out, func(a, b provider.Instance) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

func (s *Static) instance(p *place) provider.Instance {
	server, _, looked := s.wanted(p)
	in := provider.Instance{
		ID: p.ID, Fleet: p.Fleet, Ref: "at " + hostPort(server.Endpoints), Host: host(server.Endpoints), StartedAt: p.StartedAt,
		Running: !p.Ended, Exit: p.Exit, Stopping: p.Stopping, Node: server.Name, Revision: p.Revision,
		Endpoints: slices.Clone(server.Endpoints), Capacity: server.Capacity, Reported: p.health.reported,
	}
	if c := p.health.capacity; c != (model.Capacity{}) {
		in.Capacity = c.Within(server.Capacity)
	}
	if l := p.health.leave; l != nil && !p.Ended {
		leave := *l
		leave.Node = server.Name
		in.Leave = &leave
	}
	switch {
	case p.Ended || !looked:
	case !p.Answered:
		in.Doubt = "no probe was answered yet"
		if p.health.why != "" {
			in.Doubt += ": " + p.health.why
		}
	default:
		in.Doubt = p.Doubt
	}
	return in
}

// Watch implements provider.Provider.
func (s *Static) Watch(ctx context.Context) <-chan struct{} { return s.watchers.Watch(ctx) }

// Logs implements provider.Provider: there are none here.
func (s *Static) Logs(_ context.Context, id model.ServerID, _ int, _ bool, _ io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places[id] == nil {
		return fmt.Errorf("server %s: %w", id, provider.ErrNotFound)
	}
	return fmt.Errorf("what server %s prints is where it runs, not here: %w", id, provider.ErrNotFound)
}

func (s *Static) awake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func sameLeave(a, b *model.NodeLeave) bool { return a == b || a != nil && b != nil && *a == *b }
