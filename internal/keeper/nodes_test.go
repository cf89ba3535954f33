package keeper

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// notice is an operator's word that a node goes away; zero: it stays.
func (s *specs) notice(l model.NodeLeave) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaves = slices.DeleteFunc(s.leaves, func(old model.NodeLeave) bool { return old.Node == l.Node })
	if !l.NoticedAt.IsZero() {
		s.leaves = append(s.leaves, l)
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *specs) listLeaves(context.Context) ([]model.NodeLeave, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.leaves), nil
}

// A machine goes away: what was on it is on the other one before that, with its players.
func TestNodeLeaves(t *testing.T) {
	story(t, func(h *house) {
		h.machine.nodes = []string{"a", "b"}
		h.store.apply(plaza())
		h.pass(time.Minute)
		for i := range 4 {
			h.join(model.SessionKey(fmt.Sprintf("room-%d", i)))
		}
		old := h.in(model.ServerOpen)
		if old.Node != "a" {
			t.Fatalf("it is on %q", old.Node)
		}
		h.store.notice(model.NodeLeave{Node: "a", NoticedAt: time.Now(), DeadlineAt: time.Now().Add(2 * time.Minute), Reason: "maintenance"})
		h.pass(20 * time.Second)
		h.wantStates("1 ready, 1 open")
		for i := range 4 {
			s := h.session(model.SessionKey(fmt.Sprintf("room-%d", i)))
			r, ok := h.machine.room(s.Server, s.SessionRef)
			if s.State != model.SessionLive || s.Server == old.ID || !ok || r.state != "made on "+string(old.ID) {
				t.Errorf("%s is %s on %q, which has %+v", s.SessionRef, s.State, s.Server, r)
			}
		}
		for _, s := range h.servers() {
			if s.Node != "b" {
				t.Errorf("%s is on %s", s.ID, s.Node)
			}
		}
		if !h.did("node a leaves: maintenance") || len(h.machine.dismissed) > 0 {
			e, _ := h.keeper.Explain("plaza")
			t.Errorf("%d told to join again:\n%s", len(h.machine.dismissed), e)
		}
	})
}

// No machine is left. Nobody's session is touched before the deadline, what is held back says why and does not count as
// failed starts; ten seconds before the machine goes players are told to join again.
func TestNoNodeIsLeft(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		for i := range 4 {
			h.join(model.SessionKey(fmt.Sprintf("room-%d", i)))
		}
		h.machine.mu.Lock()
		h.machine.leaves["a"] = model.NodeLeave{NoticedAt: time.Now(), DeadlineAt: time.Now().Add(time.Minute), Reason: "spot"}
		h.machine.mu.Unlock()
		h.pass(40 * time.Second)
		h.wantStates("1 draining")
		e, _ := h.keeper.Explain("plaza")
		held := slices.ContainsFunc(e.Holds, func(s string) bool { return s == "would start 2 servers: no machine to start it on: all of [a] leave" })
		if !held || h.in(model.ServerDraining).Sessions != 4 {
			t.Errorf("held is %q, with %d sessions left", e.Holds, h.in(model.ServerDraining).Sessions)
		}
		h.pass(12 * time.Second)
		if n := len(h.machine.dismissed); n != 4 {
			t.Errorf("%d sessions' players were told to join again, of 4", n)
		}
		h.machine.mu.Lock()
		h.machine.leaves = map[string]model.NodeLeave{}
		h.machine.mu.Unlock()
		h.pass(5 * time.Second)
		h.wantStates("1 ready, 1 open")
	})
}

// Of two notices the earlier deadline counts, whoever gave it; what a drain began for is known after it is taken back.
func TestNoticesJoin(t *testing.T) {
	story(t, func(h *house) {
		h.machine.nodes = []string{"a", "b"}
		h.store.apply(plaza())
		h.pass(time.Minute)
		now := time.Now()
		h.machine.mu.Lock()
		h.machine.leaves["a"] = model.NodeLeave{NoticedAt: now, DeadlineAt: now.Add(time.Hour), Reason: "spot"}
		h.machine.mu.Unlock()
		for _, c := range []struct {
			asked model.NodeLeave
			until time.Time
		}{
			{model.NodeLeave{}, now.Add(time.Hour)},
			{model.NodeLeave{Node: "a", NoticedAt: now}, now.Add(time.Hour)},
			{model.NodeLeave{Node: "a", NoticedAt: now, DeadlineAt: now.Add(time.Minute)}, now.Add(time.Minute)},
			{model.NodeLeave{Node: "a", NoticedAt: now, DeadlineAt: now.Add(2 * time.Hour)}, now.Add(time.Hour)},
		} {
			h.store.notice(c.asked)
			got, err := h.keeper.Leaving(context.Background())
			if l := got["a"]; err != nil || !l.DeadlineAt.Equal(c.until) || !l.ByProvider {
				t.Errorf("%+v, %v; want it until %s", l, err, c.until)
			}
		}
	})
}

// A server whose start's answer was lost is as well known as any other once it is there: where it is, and at which address.
func TestStartAnswerLost(t *testing.T) {
	story(t, func(h *house) {
		h.machine.lost = 10 * time.Second
		h.store.apply(plaza())
		h.pass(time.Minute)
		all := h.servers()
		if len(all) == 0 {
			t.Fatal("no server")
		}
		for _, s := range all {
			if s.ProviderRef == "" || s.Node == "" || len(s.Endpoints) == 0 {
				t.Errorf("server %s is %s, and known to be at %q, node %q, %v", s.ID, s.State, s.ProviderRef, s.Node, s.Endpoints)
			}
		}
	})
}
