package keeper

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
)

// revise gives a fleet's template its number; s.mu is held. A template is told from others by its command alone.
func (s *specs) revise(f *model.Fleet) {
	r := model.FleetRevision{Fleet: f.Name, Number: uint64(len(s.had)) + 1, CreatedAt: time.Now()}
	s.had = slices.DeleteFunc(s.had, func(x model.FleetRevision) bool {
		same := reflect.DeepEqual(x.Spec.Template(), f.Spec.Template())
		if same {
			r = x
		}
		return same
	})
	if r.Number != s.fleets[f.Name].Revision {
		r.UsedAt, r.Stopped = time.Now(), ""
	}
	r.Spec, f.Revision = f.Spec, r.Number
	s.had = slices.Insert(s.had, 0, r)
}

func (s *specs) ListRevisions(context.Context, model.FleetName) ([]model.FleetRevision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.had), nil
}

func (s *specs) ProveRevision(_ context.Context, _ model.FleetName, revision uint64, now time.Time) error {
	return s.note(revision, func(r *model.FleetRevision) { r.ProvedAt = now })
}

func (s *specs) StopRevision(_ context.Context, _ model.FleetName, revision uint64, why string) error {
	return s.note(revision, func(r *model.FleetRevision) { r.Stopped = why })
}

func (s *specs) note(revision uint64, what func(*model.FleetRevision)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.had, func(r model.FleetRevision) bool { return r.Number == revision })
	if i < 0 {
		return fmt.Errorf("no revision %d", revision)
	}
	what(&s.had[i])
	s.tell()
	return nil
}

// version is the fleet plaza as its n-th version, whose servers hold so many sessions.
func version(n, sessions int) model.Fleet {
	return model.Fleet{Name: "plaza", Spec: model.FleetSpec{
		Process:  &model.ProcessSpec{Command: []string{"game", fmt.Sprint(n)}},
		Capacity: model.Capacity{Sessions: sessions, SeatsPerSession: 10}, Open: 1, Max: 8,
		Scaling: model.Scaling{Policies: []model.Policy{{Buffer: &model.BufferPolicy{}}}},
	}}
}

// revisions says of which revisions the servers are that live: "1 2 2".
func (h *house) revisions() (out []uint64) {
	for _, s := range h.servers() {
		if !s.State.Terminal() && s.State != model.ServerEmpty {
			out = append(out, s.FleetRevision)
		}
	}
	slices.Sort(out)
	return out
}

func (h *house) wantRevisions(want ...uint64) {
	h.t.Helper()
	if got := h.revisions(); !slices.Equal(got, want) {
		e, _ := h.keeper.Explain("plaza")
		h.t.Fatalf("servers are of revisions %v, want %v\n%s", got, want, e)
	}
}

func (h *house) upgrade() plan.Upgrade {
	u, _ := h.keeper.Upgrade("plaza")
	return u
}

func TestUpgrade(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(version(1, 2))
		h.pass(2 * time.Second)
		for _, key := range []model.SessionKey{"a", "b", "c"} {
			h.join(key)
		}
		h.pass(2 * time.Second)
		h.wantRevisions(1, 1)
		before := h.session("a")

		next := version(2, 4)
		h.store.apply(next)
		h.pass(30 * time.Second)
		h.wantRevisions(2)
		if u := h.upgrade(); u.Phase != "" || u.Revision != 2 || u.Updated != 1 {
			t.Errorf("upgrade %+v", u)
		}
		for _, key := range []model.SessionKey{"a", "b", "c"} {
			if s := h.session(key); s.State != model.SessionLive || len(s.Seats) != 1 || s.Seats[0].State != model.SeatClaimed {
				t.Errorf("session %s: %+v", key, s)
			}
		}
		if after := h.session("a"); after.Server == before.Server {
			t.Error("the session did not move")
		}
		if s := h.servers()[0]; s.SessionCapacity != 4 {
			t.Errorf("the new server holds %d sessions", s.SessionCapacity)
		}
		list, _ := h.store.ListRevisions(t.Context(), "plaza")
		if len(list) != 2 || list[0].ProvedAt.IsZero() || list[1].ProvedAt.IsZero() {
			t.Errorf("revisions %+v", list)
		}
	})
}

// The control plane is restarted in the middle: which server is of which template is known again, and the upgrade goes on.
func TestUpgradeGoesOnAfterARestart(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(version(1, 1))
		h.pass(2 * time.Second)
		for _, key := range []model.SessionKey{"a", "b", "c"} {
			h.join(key)
			h.pass(2 * time.Second)
		}
		h.wantRevisions(1, 1, 1, 1)
		h.store.apply(version(2, 1))
		h.pass(1500 * time.Millisecond)
		if u := h.upgrade(); u.Phase != plan.UpgradeRunning || u.Old == 0 || u.Updated == 0 {
			t.Fatalf("not in the middle: %+v", u)
		}
		old := slices.Compact(h.revisions())
		h.restart()
		h.pass(time.Second)
		if got := slices.Compact(h.revisions()); !slices.Equal(got, old) {
			t.Errorf("revisions %v were found again, of %v", got, old)
		}
		h.pass(time.Minute)
		h.wantRevisions(2, 2, 2, 2)
		for _, key := range []model.SessionKey{"a", "b", "c"} {
			if s := h.session(key); s.State != model.SessionLive || s.SeatsClaimed != 1 {
				t.Errorf("session %s: %+v", key, s)
			}
		}
	})
}

func TestUpgradeToABrokenTemplateStops(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(version(1, 2))
		h.pass(2 * time.Second)
		h.join("a")
		h.machine.setBroken(2)
		h.store.apply(version(2, 2))
		h.pass(30 * time.Second)
		h.wantRevisions(1)
		if u := h.upgrade(); u.Phase != plan.UpgradeStopped || !h.did("stopped the upgrade: 3 starts of revision 2 in a row failed") {
			t.Errorf("upgrade %+v", u)
		}
		h.restart()
		h.pass(10 * time.Second)
		if u := h.upgrade(); u.Phase != plan.UpgradeStopped {
			t.Errorf("after a restart: %+v", u)
		}
		h.machine.setBroken(0)
		if err := h.store.StopRevision(t.Context(), "plaza", 2, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(30 * time.Second)
		h.wantRevisions(2)
		if s := h.session("a"); s.State != model.SessionLive || s.SeatsClaimed != 1 {
			t.Errorf("session %+v", s)
		}
	})
}

// setBroken makes every process of a template end when it boots.
func (m *machine) setBroken(revision uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = revision
}

func TestUpgradeUndone(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(version(1, 1))
		h.pass(2 * time.Second)
		for _, key := range []model.SessionKey{"a", "b", "c"} {
			h.join(key)
			h.pass(2 * time.Second)
		}
		h.store.apply(version(2, 1))
		h.pass(1500 * time.Millisecond)
		h.store.apply(version(1, 1))
		h.pass(time.Minute)
		h.wantRevisions(1, 1, 1, 1)
		for _, key := range []model.SessionKey{"a", "b", "c"} {
			if s := h.session(key); s.State != model.SessionLive || s.SeatsClaimed != 1 {
				t.Errorf("session %s: %+v", key, s)
			}
		}
	})
}

// The control plane is restarted while an upgrade drains, and finds again for whom: once the upgrade is undone the drain is taken
// back. Who drains for somebody else goes on.
func TestUpgradesDrainIsTakenBackAfterARestart(t *testing.T) {
	story(t, func(h *house) {
		slow := func(n int) model.Fleet {
			f := version(n, 2)
			f.Spec.Drain = model.DrainPolicy{Wait: 10 * time.Minute, Deadline: 20 * time.Minute}
			f.Spec.Upgrade.MaxDraining = "2"
			return f
		}
		h.store.apply(slow(1))
		h.pass(2 * time.Second)
		stays := h.join("a")
		h.pass(2 * time.Second)
		h.join("b")
		h.pass(2 * time.Second)
		asked := h.join("c")
		h.pass(2 * time.Second)
		if asked.Server == stays.Server {
			t.Fatal("all on one server")
		}
		if _, err := h.keeper.Drain(t.Context(), asked.Server, DrainPolicy{}, "by hand"); err != nil {
			t.Fatal(err)
		}
		h.store.apply(slow(2))
		h.pass(10 * time.Second)
		before := h.server(stays.Server)
		if before.State != model.ServerDraining || before.Drain.Cause != model.DrainUpgrade {
			t.Fatalf("not in the middle: %s %+v", before.State, before.Drain)
		}

		h.restart()
		h.pass(10 * time.Second)
		if after := h.server(stays.Server); after.State != model.ServerDraining || !reflect.DeepEqual(after.Drain, before.Drain) {
			t.Errorf("found again %s with %+v, it was %+v", after.State, after.Drain, before.Drain)
		}
		h.store.apply(slow(1))
		h.pass(10 * time.Second)
		if s := h.server(stays.Server); s.State != model.ServerOpen {
			t.Errorf("the upgrade's drain was not taken back: %s %+v", s.State, s.Drain)
		}
		if s := h.server(asked.Server); s.State != model.ServerDraining || s.Drain.Cause != model.DrainAsked || s.Drain.Reason != "by hand" {
			t.Errorf("the operator's drain is %s %+v", s.State, s.Drain)
		}
		if s := h.session("a"); s.Server != stays.Server || s.Generation != stays.Generation {
			t.Errorf("the session moved to %s", s.Server)
		}
	})
}
