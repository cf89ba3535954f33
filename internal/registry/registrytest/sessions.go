package registrytest

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

var sessionCases = []testCase{
	{"I2: a reservation not claimed in time is free again", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		w.join("k", "ann")
		w.later(ttl / 2)
		w.join("k", "bob")
		w.later(ttl/2 - time.Second)
		w.equal(w.expire(), 0)
		w.later(time.Second)
		w.equal(w.expire(), 1)
		w.equal(w.counts("a-1"), [3]int{1, 1, 0})
		w.later(ttl / 2)
		w.equal(w.expire(), 1)
		w.none("k")
		w.equal(w.counts("a-1"), [3]int{0, 0, 0})
	}},
	{"I2: a prolonged reservation is free again later", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		w.join("k", "ann")
		w.later(ttl / 2)
		w.join("k", "ann")
		w.later(ttl / 2)
		w.equal(w.expire(), 0)
		w.later(ttl / 2)
		w.equal(w.expire(), 1)
		w.none("k")
	}},
	{"I8: a session ends only at the generation seen", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.is(w.EndSession(w.ctx, r.Session, r.Generation-1, 0, w.now), registry.ErrStale)
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		w.is(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now), registry.ErrNotFound)
		w.equal(w.counts("a-1"), [3]int{0, 0, 0})
		w.later(2 * ttl)
		w.equal(w.expire(), 0)
	}},
	{"I8: a session ends with its server's drain only at the server's generation seen", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		drained := w.become("a-1", model.ServerDraining)
		opened := w.become("a-1", model.ServerOpen)
		w.is(w.EndSession(w.ctx, r.Session, r.Generation, drained.Generation, w.now), registry.ErrStale)
		w.session("k")
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, opened.Generation, w.now))
		w.none("k")
	}},
	{"a session tells its seats in the order they were given", func(w *world) {
		w.open("a-1", "a", shape{1, 200, 0})
		for i := range 100 {
			w.join("k", model.PlayerID(fmt.Sprintf("p%d", i)))
		}
		for i := range 30 {
			must(w.Leave(w.ctx, ref("k"), model.PlayerID(fmt.Sprintf("p%d", 3*i)), w.now))
		}
		x := w.session("k")
		w.equal([]any{x.SeatsReserved, len(x.Seats), x.Capacity, x.Fleet, x.Server, x.State}, []any{70, 70, 200, "a", "a-1", model.SessionLive})
		for i, s := range x.Seats {
			if i > 0 && s.ID <= x.Seats[i-1].ID {
				w.Fatal("out of order")
			}
			w.equal(w.join("k", s.Player).Seats[0].ID, s.ID)
		}
	}},
	{"sessions are listed in order, by page and by filter", func(w *world) {
		w.open("a-1", "a", shape{3, 3, 0})
		for _, key := range []model.SessionKey{"k3", "k1", "k2"} {
			w.join(key, "ann")
		}
		w.open("b-1", "b", shape{3, 3, 0})
		must(w.reserve(registry.Reserve{Route: "voice", Key: "k0", Fleets: []model.FleetName{"b"}, Players: []model.PlayerID{"ann"}}))
		list := func(f registry.SessionFilter) (out []string) {
			for _, x := range must(w.ListSessions(w.ctx, f)) {
				if x.Seats != nil || x.SeatsReserved != 1 {
					w.Fatalf("%+v", x)
				}
				out = append(out, x.String())
			}
			return out
		}
		w.equal(list(registry.SessionFilter{}), "[plaza/k1 plaza/k2 plaza/k3 voice/k0]")
		w.equal(list(registry.SessionFilter{Limit: 2}), "[plaza/k1 plaza/k2]")
		w.equal(list(registry.SessionFilter{Limit: 2, After: ref("k2")}), "[plaza/k3 voice/k0]")
		w.equal(list(registry.SessionFilter{Route: "plaza", After: ref("k1")}), "[plaza/k2 plaza/k3]")
		w.equal(list(registry.SessionFilter{Server: "b-1"}), "[voice/k0]")
		w.equal(list(registry.SessionFilter{Server: "a-1", Route: "voice"}), "[]")
		w.equal(list(registry.SessionFilter{Server: "a-9"}), "[]")
	}},
}

// commit moves a session on, within fleet "a".
func (w *world) commit(key model.SessionKey, gen model.Generation, from model.ServerID) registry.Reservation {
	w.Helper()
	return must(w.tryCommit(key, gen, from))
}

func (w *world) tryCommit(key model.SessionKey, gen model.Generation, from model.ServerID) (registry.Reservation, error) {
	return w.CommitMove(w.ctx, registry.Move{
		Session: ref(key), Gen: gen, Number: w.lastMove(ref(key)), Fleets: []model.FleetName{"a"}, From: from, Now: w.now, ExpiresAt: w.now.Add(ttl),
	})
}

// begin begins a move, and abort takes it back.
func (w *world) begin(ref model.SessionRef, gen model.Generation) error {
	_, err := w.BeginMove(w.ctx, ref, gen, w.now)
	return err
}

func (w *world) abort(ref model.SessionRef, gen model.Generation) error {
	return w.AbortMove(w.ctx, ref, gen, w.lastMove(ref), w.now)
}

// lastMove is the number of a session's last move; 0 for a session that there is not.
func (w *world) lastMove(ref model.SessionRef) model.Generation {
	x, err := w.GetSession(w.ctx, ref)
	if err != nil {
		return 0
	}
	return x.Move
}

// departed moves session "k" from a-1 to a-2 and sends nobody on. It answers what it was on a-1.
func (w *world) departed() registry.Reservation {
	w.Helper()
	w.open("a-1", "a", shape{1, 3, 0})
	r := w.join("k", "ann")
	w.claim(r, r.Seats...)
	w.open("a-2", "a", shape{1, 3, 0})
	w.ok(w.begin(r.Session, r.Generation))
	moved := w.commit("k", r.Generation, "a-1")
	w.ok(w.FinishMove(w.ctx, r.Session, moved.Generation, w.now))
	w.equal(w.server("a-1").Departing, 1)
	return r
}

var moveCases = []testCase{
	{"a server tells when a session last came to it", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		w.equal(w.server("a-1").FilledAt.IsZero(), true)
		began := w.now
		r := w.join("k", "ann")
		w.claim(r, r.Seats[0])
		w.later(time.Second)
		w.join("k", "bob")
		w.equal(w.server("a-1").FilledAt.Equal(began), true)
		w.open("a-2", "a", shape{2, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		w.later(time.Second)
		w.commit("k", r.Generation, "a-1")
		w.equal(w.server("a-2").FilledAt.Equal(w.now), true)
		w.equal(w.server("a-1").FilledAt.Equal(began), true)
	}},
	{"a move: joins wait, seats are new, the name stays", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann", "bob")
		w.claim(r, r.Seats[0])
		w.open("a-2", "a", shape{1, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		w.is(w.begin(r.Session, r.Generation), registry.ErrConflict)
		_, err := w.try("k", "cat")
		w.is(err, registry.ErrMoving)
		moved := w.commit("k", r.Generation, "a-1")
		w.equal([]any{moved.Server, len(moved.Seats), moved.Session, moved.Generation > r.Generation}, []any{"a-2", 2, r.Session, true})
		w.equal([]any{w.counts("a-1"), w.counts("a-2")}, "[[0 0 0] [1 2 0]]")
		for i, s := range moved.Seats {
			if s.Player != r.Seats[i].Player || s.ID <= r.Seats[1].ID || s.State != model.SeatReserved {
				w.Fatalf("%+v", moved.Seats)
			}
		}
		_, err = w.try("k", "ann")
		w.is(err, registry.ErrMoving)
		w.is(w.abort(r.Session, moved.Generation), registry.ErrConflict)
		w.is(w.FinishMove(w.ctx, r.Session, r.Generation, w.now), registry.ErrStale)
		w.ok(w.FinishMove(w.ctx, r.Session, moved.Generation, w.now))
		w.equal(w.join("k", "ann").Seats[0].ID, moved.Seats[0].ID)
	}},
	{"I8: after a move the old server's word is nothing", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.open("a-2", "a", shape{1, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		w.commit("k", r.Generation, "a-1")
		w.ended(r)
		w.claim(r, r.Seats...)
		w.equal(w.counts("a-2"), [3]int{1, 1, 0})
	}},
	{"after a move its players wait where it was until they are sent on, whoever moved it", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.open("a-2", "a", shape{1, 3, 0})
		between := func() (out []model.SessionKey) {
			for _, x := range must(w.ListSessions(w.ctx, registry.SessionFilter{Moving: true})) {
				out = append(out, x.Key)
			}
			return out
		}
		w.ok(w.begin(r.Session, r.Generation))
		w.equal([]any{w.server("a-1").Departing, w.session("k").Left}, "[0 []]")
		moved := w.commit("k", r.Generation, "a-1")
		was := []model.Departure{{Server: "a-1", Fleet: "a", Generation: r.Generation}}
		w.equal([]any{w.server("a-1").Departing, w.server("a-2").Departing, w.session("k").Left}, []any{1, 0, was})
		w.ok(w.FinishMove(w.ctx, r.Session, moved.Generation, w.now))
		w.equal([]any{between(), w.server("a-1").Departing, w.session("k").Left}, []any{"[k]", 1, was})
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation-1, w.now)) // of another time
		w.ok(w.SentOn(w.ctx, r.Session, "a-2", moved.Generation, w.now))
		w.equal([]any{w.server("a-1").Departing, w.server("a-1").DepartedAt.IsZero()}, "[1 true]")
		w.later(time.Second)
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now))
		w.equal([]any{between(), w.server("a-1").Departing, w.server("a-1").DepartedAt.Equal(w.now), w.session("k").Left}, "[[] 0 true []]")
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now))
		w.is(w.SentOn(w.ctx, ref("other"), "a-1", 1, w.now), registry.ErrNotFound)
	}},
	{"a target that did not take a session is left by nobody, and a return is no departure", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		r := w.join("k", "ann")
		w.open("a-2", "a", shape{1, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		second := w.commit("k", r.Generation, "a-1")
		w.open("a-3", "a", shape{1, 3, 0})
		w.become("a-1", model.ServerCordoned)
		third := w.commit("k", second.Generation, "a-2")
		w.equal([]any{third.Server, w.server("a-1").Departing, w.server("a-2").Departing}, "[a-3 1 0]")
		w.become("a-1", model.ServerOpen)
		w.become("a-2", model.ServerCordoned)
		first := w.commit("k", third.Generation, "a-3")
		w.equal([]any{first.Server, w.server("a-1").Departing}, "[a-1 1]")
		w.ok(w.FinishMove(w.ctx, r.Session, first.Generation, w.now))
		w.equal([]any{w.server("a-1").Departing, w.session("k").Left}, "[0 []]")
	}},
	{"I2: a session that moved off takes its place until its players were sent on", func(w *world) {
		r := w.departed() // by a drain that is taken back, or whatever else leaves the server open
		w.become("a-2", model.ServerCordoned)
		_, err := w.try("k2", "bob")
		w.is(err, registry.ErrFull)
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now))
		w.equal(w.join("k2", "bob").Server, "a-1")
	}},
	{"nobody waits on a server that has ended", func(w *world) {
		w.departed()
		w.become("a-1", model.ServerUnhealthy)
		w.equal([]any{w.server("a-1").Departing, w.session("k").Left}, "[0 []]")
	}},
	{"players who wait on a server without a link can be abandoned, and on one with a link cannot", func(w *world) {
		r := w.departed()
		s := w.become("a-1", model.ServerDraining)
		empty := registry.StateChange{State: model.ServerEmpty, Abandon: true, Now: w.now}
		_, err := w.SetState(w.ctx, s.ID, s.Generation, empty)
		w.is(err, registry.ErrConflict)
		w.ok(w.Unlink(w.ctx, "a-1", 1, w.now))
		_, err = w.SetState(w.ctx, s.ID, s.Generation, registry.StateChange{State: model.ServerEmpty, Now: w.now})
		w.is(err, registry.ErrConflict)
		must(w.SetState(w.ctx, s.ID, s.Generation, empty))
		w.equal([]any{w.server("a-1").Departing, w.session("k").Left}, "[0 []]")
		w.equal(w.greet("a-1", 2, said(r, r.Seats...)).Stale, "[plaza/k]") // its players hear in the end
	}},
	{"players who were sent on wait still if the stream that took it breaks soon after", func(w *world) {
		r := w.departed()
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now))
		s := w.become("a-1", model.ServerDraining)
		w.ok(w.Unlink(w.ctx, "a-1", 1, w.now))
		w.equal(w.server("a-1").Departing, 1)
		_, err := w.SetState(w.ctx, s.ID, s.Generation, registry.StateChange{State: model.ServerEmpty, Now: w.now})
		w.is(err, registry.ErrConflict)
		w.equal(w.greet("a-1", 2, said(r, r.Seats...)).Server.Departing, 0) // the answer tells them
		w.become("a-1", model.ServerEmpty)
	}},
	{"players who were sent on do not wait any more if the stream breaks later", func(w *world) {
		r := w.departed()
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now))
		w.hears("a-1", 1, true)
		w.ok(w.Unlink(w.ctx, "a-1", 1, w.now))
		w.equal(w.server("a-1").Departing, 0)
	}},
	{"nobody waits on a server for a session that its hello does not name", func(w *world) {
		r := w.departed()
		w.greet("a-1", 2, said(r, r.Seats...)) // it is told that it is stale, and its players still have to be
		w.equal(w.server("a-1").Departing, 1)
		w.greet("a-1", 3)
		w.equal([]any{w.server("a-1").Departing, w.session("k").Left}, "[0 []]")
	}},
	{"a session that ended does not come back by the server that it moved off", func(w *world) {
		r := w.departed()
		w.ok(w.EndSession(w.ctx, r.Session, w.session("k").Generation, 0, w.now))
		w.equal(w.server("a-1").Departing, 1) // whose players wait there until they are told
		w.equal(w.greet("a-1", 2, said(r, r.Seats...)).Stale, "[plaza/k]")
		w.equal(w.server("a-1").Departing, 0)
		w.none("k")
	}},
	{"a session that is larger than new ones are comes to a server with room for it, as large as it has to be", func(w *world) {
		w.open("a-1", "a", shape{1, 4, 0})
		r := w.join("k", "ann", "bob", "cat", "dan")
		w.open("a-2", "a", shape{2, 3, 0})
		w.open("a-3", "a", shape{1, 4, 0})
		w.become("a-1", model.ServerUnhealthy)
		must(w.Orphan(w.ctx, "a-1", w.now))
		moved := w.commit("k", r.Generation, "") // one whose sessions are as large comes first
		w.equal([]any{moved.Server, moved.SessionCapacity}, "[a-3 4]")
		w.become("a-3", model.ServerUnhealthy)
		must(w.Orphan(w.ctx, "a-3", w.now))
		moved = w.commit("k", moved.Generation, "")
		w.equal([]any{moved.Server, moved.SessionCapacity, w.counts("a-2")}, "[a-2 4 [1 4 0]]")
		_, err := w.try("k", "eve")
		w.is(err, registry.ErrMoving)
		w.ok(w.FinishMove(w.ctx, r.Session, moved.Generation, w.now))
		_, err = w.try("k", "eve")
		w.is(err, registry.ErrSessionFull)
	}},
	{"a session that no server of its fleets can ever hold is too large for them", func(w *world) {
		w.open("a-1", "a", shape{1, 4, 0})
		r := w.join("k", "ann", "bob", "cat", "dan")
		s := w.become("a-1", model.ServerUnhealthy)
		must(w.Orphan(w.ctx, "a-1", w.now))
		w.ok(w.RemoveServer(w.ctx, "a-1", s.Generation))
		_, err := w.tryCommit("k", r.Generation, "")
		w.is(err, registry.ErrFull) // there is no server: the next one may be large enough
		w.open("a-2", "a", shape{1, 3, 0})
		_, err = w.tryCommit("k", r.Generation, "")
		w.is(err, registry.ErrTooLarge)
		w.start("a-3", "a", shape{1, 4, 0})
		_, err = w.tryCommit("k", r.Generation, "")
		w.is(err, registry.ErrFull)
	}},
	{"a move called off leaves everything as it was", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.is(w.begin(r.Session, r.Generation-1), registry.ErrStale)
		w.is(w.begin(ref("other"), 1), registry.ErrNotFound)
		w.ok(w.begin(r.Session, r.Generation))
		w.is(w.FinishMove(w.ctx, r.Session, r.Generation, w.now), registry.ErrConflict)
		_, err := w.tryCommit("k", r.Generation, "a-1")
		w.is(err, registry.ErrFull)
		w.ok(w.abort(r.Session, r.Generation))
		w.equal(w.join("k", "ann").Seats[0].ID, r.Seats[0].ID)
		_, err = w.tryCommit("k", r.Generation, "a-1")
		w.is(err, registry.ErrConflict)
	}},
	{"I8: a move that was called off commits nothing, nor calls off the next one", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.open("a-2", "a", shape{1, 3, 0})
		first := must(w.BeginMove(w.ctx, r.Session, r.Generation, w.now))
		w.ok(w.AbortMove(w.ctx, r.Session, r.Generation, first, w.now))
		w.ok(w.AbortMove(w.ctx, r.Session, r.Generation, first, w.now)) // said twice
		second := must(w.BeginMove(w.ctx, r.Session, r.Generation, w.now))
		w.is(w.AbortMove(w.ctx, r.Session, r.Generation, first, w.now), registry.ErrStale)
		late := registry.Move{Session: r.Session, Gen: r.Generation, Number: first, Fleets: []model.FleetName{"a"}, From: "a-1", Now: w.now, ExpiresAt: w.now.Add(ttl)}
		_, err := w.CommitMove(w.ctx, late)
		w.is(err, registry.ErrStale)
		w.equal([]any{w.session("k").Server, w.session("k").Move, w.session("k").State}, []any{"a-1", second, model.SessionMoving})
		late.Number = second
		w.equal(must(w.CommitMove(w.ctx, late)).Server, "a-2")
	}},
	{"a move never goes to where it comes from, nor to a linkless server", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		r := w.join("k", "ann")
		w.linkless("a-2", "a", shape{2, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		_, err := w.tryCommit("k", r.Generation, "a-1")
		w.is(err, registry.ErrFull)
		w.open("a-3", "a", shape{2, 3, 0})
		w.equal(w.commit("k", r.Generation, "a-1").Server, "a-3")
	}},
	{"a move whose new server fails goes to a third one", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		r := w.join("k", "ann")
		w.open("a-2", "a", shape{2, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		second := w.commit("k", r.Generation, "a-1")
		_, err := w.tryCommit("k", second.Generation, "a-1")
		w.is(err, registry.ErrFull)
		w.open("a-3", "a", shape{2, 3, 0})
		third := w.commit("k", second.Generation, "a-1")
		w.equal([]any{third.Server, w.counts("a-2")}, "[a-3 [0 0 0]]")
		w.ok(w.FinishMove(w.ctx, r.Session, third.Generation, w.now))
	}},
	{"a session has as many seats as the server has for one, so that it fits its fleet after a crash too", func(w *world) {
		w.open("a-1", "a", shape{1, 5, 0})
		r := w.join("k", "ann", "bob")
		w.open("a-2", "a", shape{2, 3, 0})
		w.ok(w.begin(r.Session, r.Generation))
		moved := w.commit("k", r.Generation, "a-1")
		w.ok(w.FinishMove(w.ctx, r.Session, moved.Generation, w.now))
		w.equal([]any{moved.SessionCapacity, w.session("k").Capacity}, "[3 3]")
		_, err := w.try("k", "cat", "dan")
		w.is(err, registry.ErrSessionFull)
		w.join("k", "cat")
		w.become("a-1", model.ServerStopped)
		w.become("a-2", model.ServerUnhealthy)
		must(w.Orphan(w.ctx, "a-2", w.now))
		w.open("a-3", "a", shape{2, 3, 0})
		w.equal(w.commit("k", moved.Generation, "a-2").Server, "a-3")
	}},
	{"a large session moves only to where all of it has seats", func(w *world) {
		w.open("a-1", "a", shape{1, 200, 0})
		var players []model.PlayerID
		for i := range 100 {
			players = append(players, model.PlayerID(fmt.Sprintf("p%03d", i)))
		}
		w.join("k", players[:60]...)
		r := w.join("k", players[60:]...)
		w.open("a-2", "a", shape{1, 200, 99})
		w.ok(w.begin(r.Session, r.Generation))
		_, err := w.tryCommit("k", r.Generation, "a-1")
		w.is(err, registry.ErrFull)
		w.open("a-3", "a", shape{1, 200, 0})
		w.equal(w.commit("k", r.Generation, "a-1").Server, "a-3")
	}},
	{"a dead server's sessions move without it", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		_, err := w.Orphan(w.ctx, "a-1", w.now)
		w.is(err, registry.ErrConflict)
		w.become("a-1", model.ServerUnhealthy)
		orphans := must(w.Orphan(w.ctx, "a-1", w.now))
		w.equal(len(orphans), 1)
		w.equal([]any{orphans[0].Server, orphans[0].State, orphans[0].Seats[0].Player}, []any{"", model.SessionMoving, "ann"})
		w.is(w.abort(r.Session, orphans[0].Generation), registry.ErrConflict)
		_, err = w.try("k", "ann")
		w.is(err, registry.ErrMoving)
		w.open("a-2", "a", shape{2, 3, 0})
		moved := w.commit("k", orphans[0].Generation, "a-1")
		w.equal(w.counts("a-1"), [3]int{0, 0, 0})
		w.become("a-2", model.ServerUnhealthy) // and the new one dies too
		again := must(w.Orphan(w.ctx, "a-2", w.now))
		w.equal([]any{len(again), again[0].Generation}, []any{1, moved.Generation})
		w.is(w.FinishMove(w.ctx, r.Session, moved.Generation, w.now), registry.ErrConflict)
		w.open("a-3", "a", shape{2, 3, 0})
		last := w.commit("k", moved.Generation, "a-2")
		w.ok(w.FinishMove(w.ctx, r.Session, last.Generation, w.now))
		w.equal(w.join("k", "ann").Server, "a-3")
	}},
	{"an orphan can be ended", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		r := w.join("k", "ann")
		w.become("a-1", model.ServerStopped)
		must(w.Orphan(w.ctx, "a-1", w.now))
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		w.none("k")
		_, err := w.Orphan(w.ctx, "a-9", w.now)
		w.is(err, registry.ErrNotFound)
	}},
}
