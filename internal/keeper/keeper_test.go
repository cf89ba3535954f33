package keeper

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// plaza keeps one server warm behind as many open ones as five free slots need.
func plaza() model.Fleet {
	return model.Fleet{Name: "plaza", Spec: model.FleetSpec{
		Capacity: model.Capacity{Sessions: 10}, Ready: 1, Open: 5, Drain: model.DrainPolicy{Deadline: time.Minute},
	}}
}

func TestColdStart(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(3 * time.Second)
		h.wantStates("1 ready, 1 open")
		s := h.in(model.ServerOpen)
		if s.ProviderRef == "" || !strings.HasPrefix(string(s.ID), "plaza-") || len(s.ID) != len("plaza-")+8 || len(s.Endpoints) != 1 {
			t.Errorf("server is %+v", s)
		}
		e, ok := h.keeper.Explain("plaza")
		if !ok || len(e.Facts) == 0 || !h.did("started 1 server: 0 free session slots, buffer 5") || !h.did("opened "+string(s.ID)) {
			t.Errorf("explained %t:\n%s", ok, e)
		}
		for _, a := range e.Actions {
			if a.Result != "ok" || a.Reason == "" {
				t.Errorf("action %+v", a)
			}
		}
		h.pass(time.Hour)
		h.wantStates("1 ready, 1 open")
	})
}

// TestCrash: the sessions of a killed server are back on the warm one, with their last copies, before two seconds are over.
func TestCrash(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		for i := range 4 {
			h.join(model.SessionKey(fmt.Sprintf("room-%d", i)))
		}
		victim := h.in(model.ServerOpen)
		h.machine.kill(victim.ID)
		h.pass(500 * time.Millisecond)
		for i := range 4 {
			s := h.session(model.SessionKey(fmt.Sprintf("room-%d", i)))
			r, ok := h.machine.room(s.Server, s.SessionRef)
			if s.State != model.SessionLive || s.Server == victim.ID || !ok || r.gen != s.Generation || r.state != "made on "+string(victim.ID) {
				t.Errorf("%s is %s on %q, which has %+v", s.SessionRef, s.State, s.Server, r)
			}
		}
		h.pass(3 * time.Second)
		h.wantStates("1 ready, 1 open")
		if !h.did("gave up " + string(victim.ID) + ": its instance ended: signal: killed, with 4 sessions on it") {
			e, _ := h.keeper.Explain("plaza")
			t.Errorf("not explained:\n%s", e)
		}
	})
}

// TestDrain: every session of a drained server moves with its whole state and its players, then the server stops.
func TestDrain(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		for i := range 10 {
			h.join(model.SessionKey(fmt.Sprintf("room-%d", i)))
		}
		source := h.session("room-0").Server
		if _, err := h.keeper.Drain(context.Background(), source, DrainPolicy{}, "update of the host"); err != nil {
			t.Fatal(err)
		}
		h.pass(10 * time.Second)
		for i := range 10 {
			s := h.session(model.SessionKey(fmt.Sprintf("room-%d", i)))
			r, ok := h.machine.room(s.Server, s.SessionRef)
			if s.State != model.SessionLive || s.Server == source || !ok || len(r.seats) != 1 || s.SeatsClaimed != 1 {
				t.Errorf("%s is %s on %q with %d claimed seats, which has %+v", s.SessionRef, s.State, s.Server, s.SeatsClaimed, r)
			}
		}
		if _, err := h.reg.GetServer(context.Background(), source); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the drained server is still known: %v", err)
		}
		if !h.did("hands over from " + string(source) + ": 8 of 10 sessions left: update of the host") {
			e, _ := h.keeper.Explain("plaza")
			t.Errorf("not explained:\n%s", e)
		}
	})
}

// TestStopTooLate: what was decided for a server that has been told something else since stops nothing (I8).
func TestStopTooLate(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		at := h.server(h.join("room-1").Server)
		if err := h.keeper.stop(t.Context(), plan.Action{Verb: plan.Stop, Server: at.ID, Generation: at.Generation - 1}); !errors.Is(err, registry.ErrStale) {
			t.Errorf("stopping it was answered with %v", err)
		}
		h.pass(10 * time.Second)
		if after := h.session("room-1"); after.Server != at.ID || h.server(at.ID).State != model.ServerOpen {
			t.Errorf("the session is on %s, and %s is %s", after.Server, at.ID, h.server(at.ID).State)
		}
	})
}

func TestUndrain(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		before := h.join("room-1")
		wait, deadline := 20*time.Second, 40*time.Second
		s, err := h.keeper.Drain(context.Background(), before.Server, DrainPolicy{Wait: &wait, Deadline: &deadline}, "")
		if err != nil || s.Drain == nil || s.Drain.HandOverAt.Sub(s.Drain.StartedAt) != wait || s.Drain.DeadlineAt.Sub(s.Drain.StartedAt) != deadline {
			t.Fatalf("drain is %+v, %v", s.Drain, err)
		}
		h.pass(10 * time.Second)
		if s, err = h.keeper.Undrain(context.Background(), before.Server); err != nil || s.State != model.ServerOpen || s.Drain != nil {
			t.Fatalf("server is %+v, %v", s, err)
		}
		h.pass(time.Minute)
		if after := h.session("room-1"); after.Server != before.Server || after.Generation != before.Generation {
			t.Errorf("the session moved from %s to %s", before.Server, after.Server)
		}
		if _, err := h.keeper.Undrain(context.Background(), before.Server); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("undraining an open server: %v", err)
		}
		if _, err := h.keeper.Drain(context.Background(), "plaza-none", DrainPolicy{}, ""); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("draining an unknown server: %v", err)
		}
	})
}

// TestDrainDeadline: what cannot go anywhere is ended at the deadline and not before.
func TestDrainDeadline(t *testing.T) {
	story(t, func(h *house) {
		f := plaza()
		f.Spec.Max, f.Spec.Ready = 1, 0
		h.store.apply(f)
		h.pass(3 * time.Second)
		s := h.join("room-1")
		if _, err := h.keeper.Drain(context.Background(), s.Server, DrainPolicy{}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(59 * time.Second)
		if got := h.session("room-1"); got.State != model.SessionLive {
			t.Errorf("session is %s", got.State)
		}
		h.pass(2 * time.Second)
		if _, err := h.reg.GetSession(context.Background(), s.SessionRef); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("after the deadline: %v", err)
		}
		h.pass(10 * time.Second)
		h.wantStates("1 open")
	})
}

// TestUndrainAtDeadline: a drain that is taken back between the plan that ends what is left and its being carried out ends
// nothing.
func TestUndrainAtDeadline(t *testing.T) {
	story(t, func(h *house) {
		planned := make(chan func(), 8)
		var hold atomic.Bool
		h.work = func(_ model.FleetName, do func()) {
			if hold.Load() {
				planned <- do
			} else {
				go do()
			}
		}
		h.restart()
		f := plaza()
		f.Spec.Max, f.Spec.Ready = 1, 0
		h.store.apply(f)
		h.pass(3 * time.Second)
		before := h.join("room-1")
		if _, err := h.keeper.Drain(context.Background(), before.Server, DrainPolicy{}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(59 * time.Second)
		hold.Store(true)
		h.pass(2 * time.Second)
		if _, err := h.keeper.Undrain(context.Background(), before.Server); err != nil || len(planned) != 1 {
			t.Fatalf("%d plans wait, %v", len(planned), err)
		}
		(<-planned)()
		if after := h.session("room-1"); after.Server != before.Server || after.Generation != before.Generation || after.SeatsClaimed != 1 {
			t.Errorf("the session is %+v", after)
		}
	})
}

// TestRestart: a control plane that was killed finds its servers and their sessions again and starts none.
func TestRestart(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		before := h.join("room-1")
		h.restart()
		if !h.keeper.Recovering() {
			t.Error("not recovering although nothing is known yet")
		}
		h.pass(2 * time.Second)
		if h.keeper.Recovering() {
			t.Error("still recovering although everybody has greeted")
		}
		h.pass(time.Minute)
		h.wantStates("1 ready, 1 open")
		if after := h.session("room-1"); after.Server != before.Server || after.Generation != before.Generation || after.SeatsClaimed != 1 {
			t.Errorf("session was %+v, is %+v", before, after)
		}
		if n := h.machine.known(); n != 2 {
			t.Errorf("%d processes, want the 2 of before", n)
		}
	})
}

// TestFoundByAnother: what another keeper found again after a restart, and nobody heard of since, is waited for by a keeper that
// comes later, and not taken for a server that does not get ready.
func TestFoundByAnother(t *testing.T) {
	story(t, func(h *house) {
		f := plaza()
		f.Spec.StartTimeout = 10 * time.Second
		h.store.apply(f)
		h.pass(time.Minute)
		silent := h.join("room-1").Server
		h.machine.setMute(silent, true)
		h.restart()
		h.pass(3 * time.Second)
		second := New(h.config(h.reg))
		instances, err := h.machine.Observe(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := second.lookAround(context.Background(), instances); err != nil {
			t.Fatal(err)
		}
		if _, found := second.found[silent]; !found || len(second.found) != 1 || !second.Recovering() {
			t.Errorf("found %v, and %s is what is waited for; recovering: %t", second.found, silent, second.Recovering())
		}
		h.pass(6 * time.Second)
		if second.Recovering() {
			t.Error("recovering past its grace")
		}
	})
}

// TestRestartSilentServer: a server that does not greet holds nothing up for longer than the grace, and is not stopped.
func TestRestartSilentServer(t *testing.T) {
	story(t, func(h *house) {
		f := plaza()
		f.Spec.Drain.Deadline = time.Hour
		h.store.apply(f)
		h.pass(time.Minute)
		silent := h.join("room-1").Server
		h.machine.setMute(silent, true)
		h.restart()
		h.pass(3 * time.Second)
		if !h.keeper.Recovering() {
			t.Error("not recovering although a server is missing")
		}
		h.pass(3 * time.Second)
		if h.keeper.Recovering() {
			t.Error("recovering past its grace")
		}
		h.pass(2 * time.Minute)
		h.wantStates("1 ready, 1 open, 1 cordoned")
		h.machine.setMute(silent, false)
		h.pass(3 * time.Second)
		if s := h.session("room-1"); s.Server != silent || s.State != model.SessionLive {
			t.Errorf("session is %s on %s", s.State, s.Server)
		}
	})
}

// TestRestartInAHandOver: a session that the killed control plane had frozen goes on.
func TestRestartInAHandOver(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		x := h.join("room-1")
		h.machine.setFrozen(x.Server, x.SessionRef)
		h.restart()
		h.pass(5 * time.Second)
		if r, ok := h.machine.room(x.Server, x.SessionRef); !ok || r.frozen {
			t.Errorf("the session is %+v", r)
		}
	})
}

// TestRestartInAHandOverUnheard: what a server has frozen does not go on while another, which may have it with a newer
// generation, was not heard of; but no longer than for the grace.
func TestRestartInAHandOverUnheard(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		x := h.join("room-1")
		for _, s := range h.servers() {
			h.machine.setMute(s.ID, s.ID != x.Server)
		}
		h.machine.setFrozen(x.Server, x.SessionRef)
		h.restart()
		for _, want := range []bool{true, false} {
			h.pass(4 * time.Second)
			if r, ok := h.machine.room(x.Server, x.SessionRef); !ok || r.frozen != want {
				t.Errorf("frozen %v wanted, the session is %+v", want, r)
			}
		}
	})
}

// TestRestartInAHandOverDrained: what may be frozen from before a restart is not handed over until all servers were heard of.
func TestRestartInAHandOverDrained(t *testing.T) {
	story(t, func(h *house) {
		f := plaza()
		f.Spec.Open = 15
		h.store.apply(f)
		h.pass(time.Minute)
		x := h.join("room-1")
		h.machine.setMute(h.in(model.ServerReady).ID, true)
		h.machine.setFrozen(x.Server, x.SessionRef)
		h.restart()
		h.pass(time.Second)
		if _, err := h.keeper.Drain(context.Background(), x.Server, DrainPolicy{}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(3 * time.Second)
		if s := h.session("room-1"); s.State != model.SessionLive || s.Server != x.Server {
			t.Errorf("the session is %s on %s", s.State, s.Server)
		}
		h.pass(5 * time.Second)
		s := h.session("room-1")
		if r, ok := h.machine.room(s.Server, s.SessionRef); s.State != model.SessionLive || s.Server == x.Server || !ok || r.frozen {
			t.Errorf("the session is %s on %s, which has %+v", s.State, s.Server, r)
		}
	})
}

// sleeper is a registry to which a keeper speaks that sleeps before it lists a server's sessions.
type sleeper struct {
	*memory.Memory
	meanwhile func()
}

func (s *sleeper) ListSessions(ctx context.Context, f registry.SessionFilter) ([]model.Session, error) {
	if f.Server != "" && s.meanwhile != nil {
		s.meanwhile()
		s.meanwhile = nil
	}
	return s.Memory.ListSessions(ctx, f)
}

// TestDrainAsleep: a keeper that sleeps between listing a server and its sessions does not take it for empty while players who
// were only just sent on are on it.
func TestDrainAsleep(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		x, wait, ctx := h.join("room-1"), 30*time.Second, context.Background()
		if _, err := h.keeper.Drain(ctx, x.Server, DrainPolicy{Wait: &wait}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(5 * time.Second)
		h.stop()
		h.stop = func() {}
		facts := &sleeper{Memory: h.reg, meanwhile: func() {
			if err := h.mover().Move(ctx, x.SessionRef, handover.Origin{Server: x.Server, Generation: x.Generation}, []model.FleetName{"plaza"}); err != nil {
				t.Error(err)
			}
		}}
		k := New(h.config(facts))
		tick := func(want model.ServerState) {
			t.Helper()
			if err := k.Tick(ctx, "plaza"); err != nil {
				t.Fatal(err)
			}
			if s := h.server(x.Server); s.State != want {
				t.Errorf("%s is %s: %s", s.ID, s.State, s.Reason)
			}
		}
		tick(model.ServerDraining)
		h.pass(drain.Settle)
		tick(model.ServerEmpty)
	})
}

// TestCrashLoop: starts that fail are tried more and more rarely; a better spec is tried at once.
func TestCrashLoop(t *testing.T) {
	story(t, func(h *house) {
		h.machine.setStillborn(true)
		h.store.apply(plaza())
		h.pass(2 * time.Minute)
		if n := h.machine.known(); n < 4 || n > 14 {
			t.Errorf("%d processes were started in two minutes", n)
		}
		if e, _ := h.keeper.Explain("plaza"); !strings.Contains(strings.Join(e.Holds, " "), "died within 30s of their start") {
			t.Errorf("not explained:\n%s", e)
		}
		h.machine.setStillborn(false)
		h.store.apply(plaza())
		h.pass(5 * time.Second)
		h.wantStates("1 ready, 1 open")
	})
}

// TestStartRefused: what the provider says of a bad spec is in the explanation.
func TestStartRefused(t *testing.T) {
	story(t, func(h *house) {
		h.machine.refuse = errors.New("command: no such file /opt/game")
		h.store.apply(plaza())
		h.pass(5 * time.Second)
		h.wantStates("")
		e, _ := h.keeper.Explain("plaza")
		if !strings.Contains(e.String(), "command: no such file /opt/game") {
			t.Errorf("not explained:\n%s", e)
		}
	})
}

// TestDelete: a deleted fleet's servers are drained, then the fleet goes, and its memory with it.
func TestDelete(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		h.join("room-1")
		f := plaza()
		f.Deleted = true
		h.store.apply(f)
		h.pass(30 * time.Second)
		h.wantStates("1 draining")
		h.pass(time.Minute)
		h.wantStates("")
		fleets, _ := h.store.ListFleets(context.Background())
		if _, ok := h.keeper.Explain("plaza"); ok || len(fleets) > 0 || h.machine.alive() > 0 {
			t.Errorf("%d fleets in the store, %d processes, explained: %t", len(fleets), h.machine.alive(), ok)
		}
	})
}

// TestDeadLogsAreKept: the instances of the dead stay for their logs, but not for ever.
func TestDeadLogsAreKept(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		h.machine.kill(h.in(model.ServerReady).ID)
		h.pass(9 * time.Minute)
		if n := h.machine.known(); n != 3 {
			t.Errorf("%d instances are kept, want 3", n)
		}
		h.pass(2 * time.Minute)
		if n := h.machine.known(); n != 2 {
			t.Errorf("%d instances are kept, want 2", n)
		}
	})
}

// TestTickOfAnotherKeeper: a fleet has one keeper at a time; the other takes over when the lease runs out.
func TestTickOfAnotherKeeper(t *testing.T) {
	story(t, func(h *house) {
		ctx := context.Background()
		if held, _, err := h.reg.Acquire(ctx, "keeper/plaza", "another", LeaseTTL, time.Now()); err != nil || !held {
			t.Fatal(held, err)
		}
		h.store.apply(plaza())
		h.pass(LeaseTTL - time.Second)
		h.wantStates("")
		if e, _ := h.keeper.Explain("plaza"); !strings.Contains(strings.Join(e.Facts, " "), "another Greenroom keeps this fleet") {
			t.Errorf("not explained:\n%s", e)
		}
		h.pass(5 * time.Second)
		h.wantStates("1 ready, 1 open")
	})
}

// TestMoveThatNobodyMakes: what an earlier keeper asked for may take effect after this one took the fleet over. The session does
// not stay between two servers.
func TestMoveThatNobodyMakes(t *testing.T) {
	story(t, func(h *house) {
		ctx := context.Background()
		h.store.apply(plaza())
		h.pass(5 * time.Second)
		r := h.join("room-7")
		if _, err := h.reg.BeginMove(ctx, r.SessionRef, r.Generation, time.Now()); err != nil {
			t.Fatal(err)
		}
		h.pass(3 * LookAgain)
		if s, err := h.reg.GetSession(ctx, r.SessionRef); err != nil || s.State != model.SessionLive {
			t.Errorf("the session is %s (%v)", s.State, err)
		}
	})
}

// TestHandOverThatNobodyEnds: an earlier keeper placed a session anew and was gone before the new server had it. Its players wait
// where it was: that server is not empty for whoever takes over, and they are sent on.
func TestHandOverThatNobodyEnds(t *testing.T) {
	story(t, func(h *house) {
		ctx := context.Background()
		h.store.apply(plaza())
		h.pass(time.Minute)
		x := h.join("room-7")
		warm := h.in(model.ServerReady)
		if _, err := h.reg.SetState(ctx, warm.ID, warm.Generation, registry.StateChange{State: model.ServerOpen, Now: time.Now()}); err != nil {
			t.Fatal(err)
		}
		wait, deadline := 10*time.Minute, 20*time.Minute
		if _, err := h.keeper.Drain(ctx, x.Server, DrainPolicy{Wait: &wait, Deadline: &deadline}, ""); err != nil {
			t.Fatal(err)
		}
		move, err := h.reg.BeginMove(ctx, x.SessionRef, x.Generation, time.Now())
		placed, lost := h.reg.CommitMove(ctx, registry.Move{
			Session: x.SessionRef, Gen: x.Generation, Number: move, Fleets: []model.FleetName{"plaza"}, From: x.Server, Now: time.Now(), ExpiresAt: time.Now().Add(model.TicketTTL),
		})
		if err := errors.Join(err, lost); err != nil {
			t.Fatal(err)
		}
		h.pass(5 * time.Second)
		if s, err := h.reg.GetServer(ctx, x.Server); err != nil || s.State != model.ServerDraining || s.Sessions != 0 || s.Departing != 1 {
			t.Fatalf("the server on which the players wait is %s with %d departing: %v", s.State, s.Departing, err)
		}
		h.pass(3 * LookAgain)
		if r, ok := h.machine.room(placed.Server, x.SessionRef); !ok || len(r.seats) != 1 || h.session("room-7").State != model.SessionLive {
			t.Errorf("the players are not where the session is: %+v", r)
		}
		if _, err := h.reg.GetServer(ctx, x.Server); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the drain did not end: %v", err)
		}
	})
}

// TestHandOverUnheard: players who nobody can send on, because their server lives and never links again, hold its drain up
// until its deadline and no longer.
func TestHandOverUnheard(t *testing.T) {
	story(t, func(h *house) {
		ctx := context.Background()
		h.store.apply(plaza())
		h.pass(time.Minute)
		x := h.join("room-7")
		wait, deadline := 30*time.Second, time.Minute
		if _, err := h.keeper.Drain(ctx, x.Server, DrainPolicy{Wait: &wait, Deadline: &deadline}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(3 * time.Second) // for the warm server to be opened
		move, err := h.reg.BeginMove(ctx, x.SessionRef, x.Generation, time.Now())
		placed, lost := h.reg.CommitMove(ctx, registry.Move{
			Session: x.SessionRef, Gen: x.Generation, Number: move, Fleets: []model.FleetName{"plaza"}, From: x.Server, Now: time.Now(), ExpiresAt: time.Now().Add(model.TicketTTL),
		})
		if err := errors.Join(err, lost); err != nil {
			t.Fatal(err)
		}
		h.machine.cut(x.Server)
		h.pass(50 * time.Second)
		if s := h.server(x.Server); s.State != model.ServerDraining || s.Departing != 1 {
			t.Fatalf("before the deadline the server is %s with %d departing", s.State, s.Departing)
		}
		e, _ := h.keeper.Explain("plaza")
		if !strings.Contains(e.String(), "could not be sent on: the server has no link") {
			t.Errorf("why it waits is not explained:\n%s", e)
		}
		h.pass(20 * time.Second)
		if _, err := h.reg.GetServer(ctx, x.Server); !errors.Is(err, registry.ErrNotFound) || !h.did("and the drain's deadline has passed") {
			t.Errorf("the drain did not end: %v", err)
		}
		if s := h.session("room-7"); s.State != model.SessionLive || s.Server != placed.Server || len(s.Left) > 0 {
			t.Errorf("the session is %s on %s", s.State, s.Server)
		}
	})
}

// TestSlowHandOver: a server that does not answer holds up nobody but its own sessions, and keeps those.
func TestSlowHandOver(t *testing.T) {
	story(t, func(h *house) {
		h.store.apply(plaza())
		h.pass(time.Minute)
		x := h.join("room-1")
		h.machine.setHangs(x.Server, true)
		if _, err := h.keeper.Drain(context.Background(), x.Server, DrainPolicy{}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(3 * time.Second) // for the warm server to be opened and a new one to be ready
		victim := h.in(model.ServerReady).ID
		h.machine.kill(victim)
		h.pass(time.Second)
		if _, err := h.reg.GetServer(context.Background(), victim); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the loop waits for a hand-over: %v", err)
		}
		h.pass(20 * time.Second)
		h.machine.setHangs(x.Server, false)
		h.pass(10 * time.Second)
		after := h.session("room-1")
		if r, ok := h.machine.room(after.Server, x.SessionRef); after.State != model.SessionLive || after.Server == x.Server || !ok || r.frozen {
			e, _ := h.keeper.Explain("plaza")
			t.Errorf("session is %s on %s: %+v\n%s", after.State, after.Server, r, e)
		}
	})
}

// TestTargetsFail: while no target takes the session, it waits between two servers; then it arrives with its state.
func TestTargetsFail(t *testing.T) {
	story(t, func(h *house) {
		f := plaza()
		f.Spec.Max = 2
		h.store.apply(f)
		h.pass(time.Minute)
		x := h.join("room-1")
		target := h.in(model.ServerReady).ID
		h.machine.setHangs(target, true)
		if _, err := h.keeper.Drain(context.Background(), x.Server, DrainPolicy{}, ""); err != nil {
			t.Fatal(err)
		}
		h.pass(10 * time.Second)
		if s := h.session("room-1"); s.State != model.SessionMoving {
			t.Errorf("session is %s on %s", s.State, s.Server)
		}
		if s, err := h.reg.GetServer(context.Background(), x.Server); err != nil || s.State != model.ServerDraining {
			t.Errorf("the source, where its players wait, is %s: %v", s.State, err)
		}
		h.machine.setHangs(target, false)
		h.pass(10 * time.Second)
		s := h.session("room-1")
		r, ok := h.machine.room(target, x.SessionRef)
		if s.State != model.SessionLive || s.Server != target || !ok || r.state != "made on "+string(x.Server) || len(r.seats) != 1 {
			t.Errorf("session is %s on %s, which has %+v", s.State, s.Server, r)
		}
	})
}

// TestCrashOutgrown: a session that lost its server and is larger than its fleet's servers can be by now does not wait for ever:
// who joins it gets a new one.
func TestCrashOutgrown(t *testing.T) {
	story(t, func(h *house) {
		ctx, f := context.Background(), plaza()
		f.Spec.Capacity = model.Capacity{Sessions: 1, SeatsPerSession: 2}
		h.store.apply(f)
		h.pass(time.Minute)
		join := registry.Reserve{
			Route: "plaza", Key: "room-1", Fleets: []model.FleetName{"plaza"}, Players: []model.PlayerID{"ann", "bob"}, Now: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		}
		r, err := h.reg.Reserve(ctx, join)
		if err != nil {
			t.Fatal(err)
		}
		h.machine.claim(r)
		h.pass(time.Second)
		f.Spec.Capacity.SeatsPerSession = 1
		f.Spec.Drain = model.DrainPolicy{Wait: time.Hour, Deadline: time.Hour}
		h.store.apply(f)
		h.pass(10 * time.Second) // the others are of the new template
		h.machine.kill(r.Server)
		h.pass(5 * time.Second)
		if x, err := h.reg.GetSession(ctx, r.Session); !errors.Is(err, registry.ErrNotFound) {
			e, _ := h.keeper.Explain("plaza")
			t.Fatalf("the session is %s on %q: %v\n%s", x.State, x.Server, err, e)
		}
		join.Players, join.Now = join.Players[:1], time.Now()
		if r, err := h.reg.Reserve(ctx, join); err != nil || !r.Created {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}

// TestCrashWithoutRoom: sessions of a dead server wait until there is a server for them.
func TestCrashWithoutRoom(t *testing.T) {
	story(t, func(h *house) {
		f := plaza()
		f.Spec.Ready = 0
		h.store.apply(f)
		h.pass(time.Minute)
		x := h.join("room-1")
		h.machine.kill(x.Server)
		h.pass(200 * time.Millisecond)
		if s := h.session("room-1"); s.State != model.SessionMoving || s.Server != "" {
			t.Errorf("session is %s on %q", s.State, s.Server)
		}
		h.pass(5 * time.Second)
		if s := h.session("room-1"); s.State != model.SessionLive || s.Server == x.Server {
			t.Errorf("session is %s on %q", s.State, s.Server)
		}
	})
}
