package simulate

import (
	"context"
	"errors"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// agree fails where the world's three accounts of who is where differ: what the meter counts, who is in the rooms, and,
// once every report has arrived, what the registry knows.
func (w *World) agree(t *testing.T) {
	t.Helper()
	if err := w.loop.Run(context.Background(), w.loop.Now().Add(time.Nanosecond)); err != nil {
		t.Fatal(err)
	}
	inside := 0
	for _, s := range w.machine.order {
		for _, r := range s.rooms {
			inside += len(r.seats)
		}
		if s.greeted && s.instance.Running {
			w.report(s)
		}
	}
	counts, err := w.registry.Count(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	claimed := 0
	for _, c := range counts.Fleets {
		claimed += c.SeatsClaimed
	}
	if inside != w.meter.players || claimed != inside {
		t.Errorf("at %s: the meter counts %d players, %d are in rooms, the registry knows %d", w.loop.Now(), w.meter.players, inside, claimed)
	}
	if w.broken != nil {
		t.Error(w.broken)
	}
}

// advance lets virtual time pass.
func (w *World) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := w.loop.Run(context.Background(), w.loop.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func newTestWorld(t *testing.T, in Input) *World {
	t.Helper()
	s, err := New(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(&s.in, Policy{Name: Own})
}

func TestEverybodyIsWhereTheRegistryThinks(t *testing.T) {
	w := newTestWorld(t, evening(t))
	for range 10 {
		w.advance(t, 15*time.Minute)
		w.agree(t)
	}
	if w.meter.players == 0 || w.meter.cut > 0 {
		t.Errorf("%d players, %d cut", w.meter.players, w.meter.cut)
	}
}

// The real hand-over moves the sessions of a server that is drained, and nobody loses their place.
func TestADrainMovesTheVirtualSessions(t *testing.T) {
	w := newTestWorld(t, evening(t))
	w.advance(t, 90*time.Minute)
	full := w.fullest()
	sessions := len(full.rooms)
	if _, err := w.keeper.Drain(w.ctx, full.instance.ID, keeper.DrainPolicy{}, "tried out"); err != nil {
		t.Fatal(err)
	}
	w.advance(t, 3*time.Minute)
	w.agree(t)
	if int(w.meter.moved) < sessions*3/4 || sessions == 0 || w.meter.cut > 0 {
		t.Errorf("%d of %d sessions moved, %d players cut", w.meter.moved, sessions, w.meter.cut)
	}
	if full.instance.Running || len(full.rooms) > 0 {
		t.Errorf("the drained server runs: %v, with %d sessions", full.instance.Running, len(full.rooms))
	}
}

// At a drain's deadline what is left is ended, and its players are gone.
func TestADeadlineCutsPlayers(t *testing.T) {
	w := newTestWorld(t, evening(t))
	w.advance(t, 90*time.Minute)
	full := w.fullest()
	players := 0
	for _, r := range full.rooms {
		players += len(r.seats)
	}
	now := time.Duration(0)
	if _, err := w.keeper.Drain(w.ctx, full.instance.ID, keeper.DrainPolicy{Wait: &now, Deadline: &now}, "at once"); err != nil {
		t.Fatal(err)
	}
	w.advance(t, time.Minute)
	w.agree(t)
	if int(w.meter.cut) < players*3/4 || players == 0 {
		t.Errorf("%d of %d players were cut", w.meter.cut, players)
	}
}

// A server that dies with players on it is found dead by the keeper, and its sessions get a new place.
func TestADeadServersSessionsLiveOn(t *testing.T) {
	w := newTestWorld(t, evening(t))
	w.advance(t, 90*time.Minute)
	full := w.fullest()
	var refs []model.SessionRef
	for _, r := range full.rooms {
		refs = append(refs, r.ref)
	}
	w.loop.After(0, func() { w.machine.end(full, "signal: killed") })
	w.advance(t, time.Minute)
	w.agree(t)
	live := 0
	for _, ref := range refs {
		x, err := w.registry.GetSession(context.Background(), ref)
		switch {
		case errors.Is(err, registry.ErrNotFound): // its last player's time was up
		case err != nil || x.State != model.SessionLive || x.Server == full.instance.ID:
			t.Errorf("%s: %v, %s on %q", ref, err, x.State, x.Server)
		default:
			live++
		}
	}
	if live == 0 || w.meter.failures > 0 {
		t.Errorf("%d of %d sessions live on; %d joins failed", live, len(refs), w.meter.failures)
	}
}

// fullest is the server with the most sessions.
func (w *World) fullest() *server {
	best := w.machine.order[0]
	for _, s := range w.machine.order {
		if len(s.rooms) > len(best.rooms) {
			best = s
		}
	}
	return best
}
