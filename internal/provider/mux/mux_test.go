package mux

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is a provider of one kind that can be made to fail.
type engine struct {
	has      []provider.Instance
	err      error
	did      []string
	watchers watch.Watchers
}

func (e *engine) Start(_ context.Context, s provider.Start) (provider.Instance, error) {
	e.has = append(e.has, provider.Instance{ID: s.ID, Fleet: s.Fleet, Running: true})
	return e.has[len(e.has)-1], e.err
}

func (e *engine) Stop(_ context.Context, id model.ServerID) error {
	e.did = append(e.did, "stop "+string(id))
	return e.err
}

func (e *engine) Forget(_ context.Context, id model.ServerID) error {
	e.did = append(e.did, "forget "+string(id))
	return e.err
}

func (e *engine) Observe(context.Context) ([]provider.Instance, error) {
	if e.err != nil {
		return nil, e.err
	}
	return e.has, nil
}
func (e *engine) Watch(ctx context.Context) <-chan struct{} { return e.watchers.Watch(ctx) }
func (e *engine) Check(model.FleetSpec) error               { return e.err }

func (e *engine) Logs(_ context.Context, id model.ServerID, _ int, _ bool, w io.Writer) error {
	if !slices.ContainsFunc(e.has, func(i provider.Instance) bool { return i.ID == id }) {
		return fmt.Errorf("%s: %w", id, provider.ErrNotFound)
	}
	_, err := io.WriteString(w, "log of "+string(id))
	return err
}

var (
	processes = model.FleetSpec{}.WithDefaults()
	static    = model.FleetSpec{Static: &model.StaticSpec{}}.WithDefaults()
)

func two() (*Mux, *engine, *engine) {
	p, s := &engine{}, &engine{}
	return New(
		Engine{Name: "process", Provider: p, Runs: func(s model.FleetSpec) bool { return s.Process != nil }},
		Engine{Name: "static", Provider: s, Runs: func(s model.FleetSpec) bool { return s.Static != nil }},
	), p, s
}

func TestEachFleetHasItsEngine(t *testing.T) {
	m, p, s := two()
	ctx := t.Context()
	for id, spec := range map[model.ServerID]model.FleetSpec{"new-1": processes, "old.rack-1": static} {
		if _, err := m.Start(ctx, provider.Start{ID: id, Fleet: "f", Spec: spec}); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.has) != 1 || p.has[0].ID != "new-1" || len(s.has) != 1 || s.has[0].ID != "old.rack-1" {
		t.Errorf("started %v and %v", p.has, s.has)
	}
	var out strings.Builder
	if err := m.Logs(ctx, "old.rack-1", 1, false, &out); err != nil || out.String() != "log of old.rack-1" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if err := m.Logs(ctx, "nobody", 1, false, &out); !errors.Is(err, provider.ErrNotFound) {
		t.Error(err)
	}
	s.err = errors.New("provider.static.servers[0].name: it is bad")
	if m.Check(processes) != nil || m.Check(static) == nil {
		t.Error("a spec was checked by the wrong engine")
	}
	if _, err := New().Start(ctx, provider.Start{Spec: static}); err == nil {
		t.Error("started by nobody")
	}
}

// An engine that fails hides its own fleets' servers and no others'.
func TestAFailingEngineHidesItsOwnAlone(t *testing.T) {
	m, p, s := two()
	ctx := t.Context()
	p.has = []provider.Instance{{ID: "new-1", Fleet: "new"}, {ID: "was-1", Fleet: "was"}}
	s.has = []provider.Instance{{ID: "old.rack-1", Fleet: "old"}}
	new, was, old := model.Fleet{Name: "new", Spec: processes}, model.Fleet{Name: "was", Spec: static}, model.Fleet{Name: "old", Spec: static}

	s.err = errors.New("disk")
	_, err := m.Observe(ctx)
	var partial *provider.PartialError
	if !errors.As(err, &partial) || !partial.Fails(new) {
		t.Errorf("an engine that never answered may have servers of any fleet: %v", err)
	}
	s.err = nil
	if all, err := m.Observe(ctx); err != nil || len(all) != 3 {
		t.Errorf("observed %v: %v", all, err)
	}
	s.err = errors.New("disk")
	all, err := m.Observe(ctx)
	if !errors.As(err, &partial) || len(all) != 2 || partial.Fails(new) || !partial.Fails(old) || !strings.Contains(err.Error(), "static: disk") {
		t.Errorf("observed %v: %v", all, err)
	}
	s.err, p.err = nil, errors.New("proc")
	if _, err := m.Observe(ctx); !errors.As(err, &partial) || !partial.Fails(was) || partial.Fails(old) {
		t.Errorf("a fleet whose engine was another has servers there still: %v", err)
	}
	s.err = errors.New("disk")
	if all, err := m.Observe(ctx); all != nil || err == nil || errors.As(err, &partial) {
		t.Errorf("nobody answers: %v, %v", all, err)
	}
	if err := m.Stop(ctx, "x"); err == nil || len(p.did) != 1 || len(s.did) != 1 {
		t.Errorf("stopped by %v and %v: %v", p.did, s.did, err)
	}
}

func TestWatchJoinsAll(t *testing.T) {
	m, p, s := two()
	ctx, cancel := context.WithCancel(t.Context())
	changes := m.Watch(ctx)
	p.watchers.Notify()
	<-changes
	s.watchers.Notify()
	<-changes
	cancel()
	for range changes {
	}
}
