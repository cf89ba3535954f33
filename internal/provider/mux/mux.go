// Package mux owns the provider that is several: each fleet's servers are run by the engine that its spec asks for, and one
// engine that fails hides only its own fleets' servers.
package mux

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// Engine is one of several providers.
type Engine struct {
	Name     string
	Provider provider.Provider
	// Runs tells whether servers of a spec, which has its defaults, are this engine's to start.
	Runs func(spec model.FleetSpec) bool
}

// Mux is a provider.Provider over engines. Its methods are safe for concurrent use.
type Mux struct {
	engines []Engine

	mu   sync.Mutex
	seen []map[model.FleetName]bool // of each engine, the fleets it had instances of when it last answered
}

var _ provider.Provider = (*Mux)(nil)

// New makes a Mux. A spec goes to the first engine that runs it.
func New(engines ...Engine) *Mux {
	return &Mux{engines: engines, seen: make([]map[model.FleetName]bool, len(engines))}
}

func (m *Mux) engine(spec model.FleetSpec) (provider.Provider, error) {
	for _, e := range m.engines {
		if e.Runs(spec) {
			return e.Provider, nil
		}
	}
	return nil, errors.New("provider: none of this Greenroom's runs it")
}

// Start implements provider.Provider.
func (m *Mux) Start(ctx context.Context, start provider.Start) (provider.Instance, error) {
	p, err := m.engine(start.Spec)
	if err != nil {
		return provider.Instance{}, err
	}
	return p.Start(ctx, start)
}

// Check implements provider.Provider.
func (m *Mux) Check(spec model.FleetSpec) error {
	p, err := m.engine(spec.WithDefaults())
	if err != nil {
		return err
	}
	return p.Check(spec)
}

// Stop implements provider.Provider: every engine is told, since those that do not know the server do nothing.
func (m *Mux) Stop(ctx context.Context, id model.ServerID) error {
	return m.each(func(p provider.Provider) error { return p.Stop(ctx, id) })
}

// Forget implements provider.Provider, as Stop does.
func (m *Mux) Forget(ctx context.Context, id model.ServerID) error {
	return m.each(func(p provider.Provider) error { return p.Forget(ctx, id) })
}

func (m *Mux) each(do func(provider.Provider) error) error {
	var errs []error
	for _, e := range m.engines {
		errs = append(errs, do(e.Provider))
	}
	return errors.Join(errs...)
}

// Logs implements provider.Provider.
func (m *Mux) Logs(ctx context.Context, id model.ServerID, tail int, follow bool, w io.Writer) error {
	err := fmt.Errorf("server %s: %w", id, provider.ErrNotFound)
	for _, e := range m.engines {
		if err = e.Provider.Logs(ctx, id, tail, follow, w); !errors.Is(err, provider.ErrNotFound) {
			return err
		}
	}
	return err
}

// Observe implements provider.Provider. When some engines fail it answers the others' instances and a *PartialError; when
// all do, their errors.
func (m *Mux) Observe(ctx context.Context) ([]provider.Instance, error) {
	var out []provider.Instance
	var errs []error
	failed := make([]bool, len(m.engines))
	for i, e := range m.engines {
		got, err := e.Provider.Observe(ctx)
		if err != nil {
			errs, failed[i] = append(errs, fmt.Errorf("%s: %w", e.Name, err)), true
			continue
		}
		m.note(i, got)
		out = append(out, got...)
	}
	switch len(errs) {
	case 0:
		return out, nil
	case len(m.engines):
		return nil, errors.Join(errs...)
	}
	return out, &provider.PartialError{Err: errors.Join(errs...), Fails: func(f model.Fleet) bool { return m.fails(failed, f) }}
}

func (m *Mux) note(i int, got []provider.Instance) {
	fleets := map[model.FleetName]bool{}
	for n := range got {
		fleets[got[n].Fleet] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[i] = fleets
}

// fails tells whether a failed engine runs the fleet, or had servers of it when it last answered: those of a spec that was
// for another engine. One that never answered may have any.
func (m *Mux) fails(failed []bool, f model.Fleet) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	spec := f.Spec.WithDefaults()
	for i, e := range m.engines {
		if failed[i] && (m.seen[i] == nil || m.seen[i][f.Name] || e.Runs(spec)) {
			return true
		}
	}
	return false
}

// Watch implements provider.Provider.
func (m *Mux) Watch(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	var all sync.WaitGroup
	for _, e := range m.engines {
		changes := e.Provider.Watch(ctx)
		all.Go(func() {
			for range changes {
				select {
				case out <- struct{}{}:
				default: // it has a signal that it has not read yet
				}
			}
		})
	}
	go func() {
		all.Wait()
		close(out)
	}()
	return out
}
