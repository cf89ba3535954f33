package registrytest

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// had is what a server says of a session from before the registry's restart.
func had(key model.SessionKey, gen model.Generation, capacity int, claimed ...model.Seat) registry.SessionReport {
	return registry.SessionReport{Session: ref(key), Generation: gen, Capacity: capacity, Claimed: claimed}
}

// frozen is what it says while the session waits for the end of a hand-over.
func frozen(r registry.SessionReport) registry.SessionReport {
	r.Frozen = true
	return r
}

var greetCases = []testCase{
	{"a starting server becomes ready, and is linked", func(w *world) {
		w.start("a-1", "a", shape{1, 2, 0})
		s := must(w.Greet(w.ctx, registry.Hello{Server: "a-1", Stream: 1, Version: "v7", Now: w.now})).Server
		w.equal([]any{s.State, s.Linked, s.Version, s.ReportedAt.Equal(w.now)}, []any{model.ServerReady, true, "v7", true})
		_, err := w.Greet(w.ctx, registry.Hello{Server: "a-9", Stream: 1, Now: w.now})
		w.is(err, registry.ErrNotFound)
	}},
	{"I1: a session that was found with nobody in it is joined only by those who may open it: it may have moved elsewhere before", func(w *world) {
		w.open("a-1", "a", shape{3, 2, 0})
		w.open("a-2", "a", shape{3, 2, 0})
		w.greet("a-1", 2, had("left", 7, 2), had("used", 8, 2, model.Seat{ID: 901, Player: "ann"}))
		only := func(key model.SessionKey) error {
			_, err := w.reserve(registry.Reserve{Key: key, Players: []model.PlayerID{"bob"}})
			return err
		}
		w.ok(only("used"))
		w.is(only("left"), registry.ErrFull)
		w.greet("a-2", 2, had("left", 9, 2, model.Seat{ID: 902, Player: "eve"}))
		w.ok(only("left"))
		w.equal(w.session("left").Server, model.ServerID("a-2"))
		w.greet("a-1", 3, had("used", 8, 2), had("alone", 7, 2))
		w.is(only("alone"), registry.ErrFull)
		w.equal(w.join("alone", "bob").Server, model.ServerID("a-1"))
		w.ok(only("alone"))
	}},
	{"I1: a greeting tells from which seat on this registry gave them", func(w *world) {
		before := model.SeatID(w.now.UnixMicro())
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		first := w.greet("a-1", 2).FirstSeat
		w.equal([]bool{first > before, first <= r.Seats[0].ID}, []bool{true, true})
		w.join("k", "bob")
		w.equal(w.greet("a-1", 3).FirstSeat, first)
	}},
	{"I8: an older stream is refused and does not unlink the newer", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		w.greet("a-1", 3)
		_, err := w.Greet(w.ctx, registry.Hello{Server: "a-1", Stream: 2, Now: w.now})
		w.is(err, registry.ErrStale)
		w.ok(w.Unlink(w.ctx, "a-1", 2, w.now))
		w.equal(w.server("a-1").Linked, true)
		w.ok(w.Unlink(w.ctx, "a-1", 3, w.now))
		w.equal(w.server("a-1").Linked, false)
		w.is(w.Unlink(w.ctx, "a-9", 1, w.now), registry.ErrNotFound)
	}},
	{"I10: after a restart the servers' sessions live again", func(w *world) {
		w.start("a-1", "a", shape{2, 3, 0})
		seat := model.Seat{ID: model.SeatID(w.now.UnixMicro()) + 500, Player: "ann"}
		gen := model.Generation(w.now.UnixMicro()) + 1000
		g := must(w.Greet(w.ctx, registry.Hello{
			Server: "a-1", Stream: 1, State: model.ServerOpen, Now: w.now, Sessions: []registry.SessionReport{had("k", gen, 3, seat)},
		}))
		w.equal([]any{g.Server.State, len(g.Stale)}, []any{model.ServerOpen, 0})
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
		r := w.join("k", "ann", "bob")
		w.equal([]any{r.Seats[0].ID, r.Seats[0].State, r.Generation, r.Created}, []any{seat.ID, model.SeatClaimed, gen, false})
		if r.Seats[1].ID <= seat.ID {
			w.Fatalf("seat %d given again after %d", r.Seats[1].ID, seat.ID)
		}
		if n := w.join("k2", "cat"); n.Generation <= gen {
			w.Fatalf("generation %d given again after %d", n.Generation, gen)
		}
		w.later(10 * ttl)
		w.expire()
		w.equal(w.session("k").SeatsClaimed, 1)
	}},
	{"a server that is found again is in the state it was told", func(w *world) {
		for id, told := range map[model.ServerID]model.ServerState{
			"a-1": model.ServerReady, "a-2": model.ServerOpen, "a-3": model.ServerCordoned, "a-4": model.ServerDraining, "a-5": model.ServerEmpty,
		} {
			w.start(id, "a", shape{1, 2, 0})
			s := must(w.Greet(w.ctx, registry.Hello{Server: id, Stream: 1, State: told, Now: w.now})).Server
			w.equal(s.State, told)
			w.equal(s.Drain != nil, told == model.ServerDraining)
		}
		w.become("a-1", model.ServerOpen)
		s := must(w.Greet(w.ctx, registry.Hello{Server: "a-1", Stream: 2, State: model.ServerReady, Now: w.now})).Server
		w.equal(s.State, model.ServerOpen) // what it was told before it missed the last word
	}},
	{"a server that is found again drains for whom it drained", func(w *world) {
		told := &model.Drain{
			StartedAt: w.now.Add(-time.Minute), HandOverAt: w.now.Add(time.Minute), DeadlineAt: w.now.Add(time.Hour),
			Reason: "revision 2 replaces revision 1", Cause: model.DrainUpgrade,
		}
		w.start("a-1", "a", shape{1, 2, 0})
		hello := registry.Hello{Server: "a-1", Stream: 1, State: model.ServerDraining, Drain: told, Now: w.now}
		w.equal(must(w.Greet(w.ctx, hello)).Server.Drain, told)
		w.equal(w.server("a-1").Drain, told)
		w.equal(w.server("a-1").Reason, told.Reason)
		// What it says later is what it was told by this registry, and perhaps late.
		w.become("a-1", model.ServerOpen)
		hello.Stream = 2
		s := must(w.Greet(w.ctx, hello)).Server
		w.equal([]any{s.State, s.Drain == nil}, []any{model.ServerOpen, true})
	}},
	{"I1: a session that lives elsewhere is stale", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.open("a-2", "a", shape{1, 2, 0})
		g := w.greet("a-2", 2, had("k", r.Generation+100, 2, model.Seat{ID: 7, Player: "bob"}), had("other", 5, 2))
		w.equal(g.Stale, []model.SessionRef{ref("k")})
		x := w.session("k")
		w.equal([]any{x.Server, x.Generation, len(x.Seats)}, []any{"a-1", r.Generation, 1})
		w.equal(w.session("other").Server, "a-2")
	}},
	{"I1: an older life of a session on the same server is stale", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.equal(w.greet("a-1", 2, had("k", r.Generation-1, 2)).Stale, []model.SessionRef{ref("k")})
		w.equal(w.session("k").SeatsReserved, 1)
	}},
	{"everything on a server given up is stale", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.become("a-1", model.ServerUnhealthy)
		must(w.Orphan(w.ctx, "a-1", w.now))
		w.equal(w.greet("a-1", 2, said(r, r.Seats...)).Stale, []model.SessionRef{ref("k")})
		w.equal(w.session("k").State, model.SessionMoving)
	}},
	{"what ended while the stream was lost is gone, what nobody came to yet is kept", func(w *world) {
		w.open("a-1", "a", shape{3, 2, 0})
		ended, half := w.join("ended", "ann"), w.join("half", "ann")
		w.claim(ended, ended.Seats...)
		w.claim(half, half.Seats...)
		w.join("half", "bob")
		w.join("fresh", "ann")
		w.greet("a-1", 2)
		w.none("ended")
		w.equal(w.counts("a-1"), [3]int{2, 2, 0})
		w.later(ttl)
		w.equal(w.expire(), 2)
		w.equal(w.counts("a-1"), [3]int{0, 0, 0})
	}},
	{"a session that was ended while the stream was lost does not come back", func(w *world) {
		w.open("a-1", "a", shape{2, 2, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.ok(w.Unlink(w.ctx, "a-1", 1, w.now))
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		w.equal(w.greet("a-1", 2, said(r, r.Seats...)).Stale, []model.SessionRef{ref("k")})
		w.none("k")
		fresh := w.join("k", "ann") // the name is free for a new life
		w.report("a-1", 2, said(fresh, fresh.Seats...))
		w.equal(len(w.greet("a-1", 3, said(fresh, fresh.Seats...)).Stale), 0)
		w.equal(w.session("k").SeatsClaimed, 1)
	}},
	{"a session that was ended stays so until its server does not name it any more: the answer to its hello may be lost", func(w *world) {
		w.open("a-1", "a", shape{2, 2, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		for stream := range uint64(3) {
			w.equal(w.greet("a-1", 2+stream, said(r, r.Seats...)).Stale, []model.SessionRef{ref("k")})
		}
		w.none("k")
		g := w.greet("a-1", 5)
		w.equal([]int{len(g.Stale), len(g.Ended)}, []int{0, 1})
		w.hears("a-1", 5, true)
		w.equal(len(w.greet("a-1", 6).Ended), 0)
		w.equal(len(w.greet("a-1", 7, had("k", r.Generation, 2)).Stale), 0) // it has heard of that end, and would not open it again
	}},
	{"I1: a server hears of the end of a session that nobody had come to, or a ticket could open it there", func(w *world) {
		w.open("a-1", "a", shape{3, 2, 0})
		r := w.join("k", "ann")
		at := registry.EndedSession{Session: r.Session, Generation: r.Generation}
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		w.equal(w.greet(r.Server, 2).Ended, []registry.EndedSession{at})
		w.equal(w.greet(r.Server, 3).Ended, []registry.EndedSession{at}) // the answer may have been lost
		w.equal(w.greet(r.Server, 4, had("k", r.Generation, 2, r.Seats...)).Stale, []model.SessionRef{ref("k")})
		w.none("k")
		anew := w.join("k", "ann")
		w.equal(anew.Server, r.Server)
		w.equal(len(w.greet(r.Server, 5, said(anew, anew.Seats...)).Stale), 0)
		w.equal(w.session("k").SeatsClaimed, 1)
	}},
	{"a session that was ended does not come back in place of an older life of it that was found since", func(w *world) {
		w.open("a-1", "a", shape{2, 2, 0})
		w.open("a-2", "a", shape{2, 2, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		other := map[model.ServerID]model.ServerID{"a-1": "a-2", "a-2": "a-1"}[r.Server]
		w.greet(other, 2, had("k", 7, 2))
		w.equal(w.greet(r.Server, 2, said(r, r.Seats...)).Stale, []model.SessionRef{ref("k")})
		w.equal([]any{w.session("k").Server, w.session("k").Generation}, []any{other, model.Generation(7)})
	}},
	{"an empty server that has sessions after all drains until they are moved", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		w.become("a-1", model.ServerDraining)
		w.become("a-1", model.ServerEmpty)
		s := w.greet("a-1", 2, had("k", 7, 2, model.Seat{ID: 901, Player: "ann"})).Server
		w.equal([]any{s.State, s.Drain.DeadlineAt.After(w.now)}, []any{model.ServerDraining, true})
		w.equal([]any{w.session("k").Server, w.join("k", "bob").Server}, "[a-1 a-1]")
		w.equal(w.greet("a-1", 3, had("k", 7, 2)).Server.Generation, s.Generation) // it does already
	}},
	{"a session on its way is not judged by what a server has", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.ok(w.begin(r.Session, r.Generation))
		w.greet("a-1", 2)
		w.equal(w.session("k").State, model.SessionMoving)
	}},
}

var reportCases = []testCase{
	{"connections are summed over a fleet's servers, and over a server's streams", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		w.open("a-2", "a", shape{1, 2, 0})
		say := func(id model.ServerID, stream, n uint64) {
			c := &model.Connections{Admitted: 10 * n, Resumed: 3 * n, Refused: 2 * n, Lost: n}
			w.ok(w.Report(w.ctx, registry.Report{Server: id, Stream: stream, Connections: c, Now: w.now}))
		}
		has := func(n uint64) {
			w.Helper()
			want := model.Connections{Admitted: 10 * n, Resumed: 3 * n, Refused: 2 * n, Lost: n}
			w.equal(must(w.Tally(w.ctx)).Fleets["a"].Connections, want)
		}
		say("a-1", 1, 2)
		has(2)
		say("a-1", 1, 2) // nothing happened
		has(2)
		say("a-2", 1, 5)
		has(7)
		w.ok(w.Unlink(w.ctx, "a-1", 1, w.now))
		w.greet("a-1", 2)
		say("a-1", 2, 3) // one more, while the link was down
		has(8)
		w.is(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Connections: &model.Connections{Lost: 99}, Now: w.now}), registry.ErrStale)
		say("a-1", 2, 1) // another process of the name: it counts from 0
		has(9)
		w.become("a-2", model.ServerUnhealthy)
		has(9) // what was stays
		w.equal(must(w.Tally(w.ctx)).Fleets["a"].Crashes, uint64(1))
	}},
	{"of a server that is found again only what comes after counts", func(w *world) {
		w.start("a-1", "a", shape{1, 2, 0})
		must(w.Greet(w.ctx, registry.Hello{Server: "a-1", Stream: 1, State: model.ServerOpen, Now: w.now}))
		for _, n := range []uint64{500, 500, 503} {
			w.ok(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Connections: &model.Connections{Admitted: n}, Now: w.now}))
		}
		w.equal(must(w.Tally(w.ctx)).Fleets["a"].Connections, model.Connections{Admitted: 3})
	}},
	{"seats that nobody claims are counted", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann", "bob", "cid")
		w.claim(r, r.Seats[0])
		must(w.Leave(w.ctx, r.Session, "bob", w.now))
		w.later(2 * ttl)
		w.expire()
		t := must(w.Tally(w.ctx))
		w.equal([]uint64{t.Fleets["a"].SeatsExpired, t.Routes["plaza"].SeatsExpired, t.Fleets["a"].SeatsFreed}, []uint64{1, 1, 2})
	}},
	{"a server's load is kept, and told when it is another", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		watch := w.Watch(w.ctx)
		say := func(cpu float64) model.Server {
			load := &model.Load{At: w.now, CPU: cpu, CPULimit: 2}
			w.ok(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Load: load, Now: w.now}))
			return w.server("a-1")
		}
		told := func() bool {
			select {
			case <-watch:
				return true
			default:
				return false
			}
		}
		first := say(0.5)
		w.equal([]any{first.Load.CPU, told()}, []any{0.5, true})
		much := say(0.52)
		w.equal([]any{much.Load.CPU, told(), much.Revision}, []any{0.52, false, first.Revision})
		other := say(1.5)
		w.equal([]any{other.Load.CPU, told(), other.Revision > first.Revision}, []any{1.5, true, true})
		w.ok(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Now: w.now}))
		w.equal(w.server("a-1").Load.CPU, 1.5)
		w.is(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 0, Load: &model.Load{CPU: 9}, Now: w.now}), registry.ErrStale)
		w.equal(w.server("a-1").Load.CPU, 1.5)
	}},
	{"a claimed seat does not expire", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann", "bob")
		w.claim(r, r.Seats[0])
		w.equal(w.counts("a-1"), [3]int{1, 1, 1})
		w.later(ttl)
		w.equal(w.expire(), 1)
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
		w.equal(w.session("k").Seats[0].Player, "ann")
	}},
	{"the server is the truth for claimed seats", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann", "bob")
		w.claim(r, r.Seats...)
		w.claim(r, r.Seats[1])
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
		w.claim(r)
		w.equal(w.counts("a-1"), [3]int{1, 0, 0})
		w.expire()
		w.equal(w.session("k").State, model.SessionLive) // it is the server's to say that it ended
	}},
	{"I2: a session whose only player came and went between two reports takes its place until its server ends it", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		gone := said(r)
		gone.Released = []model.SeatID{r.Seats[0].ID}
		w.report("a-1", 1, gone)
		w.equal(w.counts("a-1"), [3]int{1, 0, 0})
		_, err := w.try("other", "bob")
		w.is(err, registry.ErrFull)
		w.ended(r)
		w.equal(w.join("other", "bob").Server, "a-1")
	}},
	{"a claim whose reservation was lost is taken, if there is a seat", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		lost := model.Seat{ID: 77, Player: "bob"}
		w.claim(r, r.Seats[0], lost)
		w.equal(w.join("k", "bob").Seats[0].ID, 77)
		w.claim(r, r.Seats[0], lost, model.Seat{ID: 78, Player: "cat"})
		w.equal(w.counts("a-1"), [3]int{1, 0, 2})
	}},
	{"a reservation gives way to a player whom the server let in: there is no room for both", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann", "bob")
		cat := model.Seat{ID: 77, Player: "cat"}
		w.claim(r, r.Seats[0], cat)
		w.equal(w.counts("a-1"), [3]int{1, 0, 2})
		_, err := w.try("k", "bob")
		w.is(err, registry.ErrSessionFull)
	}},
	{"I7: a player's claimed seat takes the place of its reserved one", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.claim(r, model.Seat{ID: 77, Player: "ann"})
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
		w.equal(w.session("k").Seats[0].ID, 77)
	}},
	{"a release frees that seat only", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann", "bob")
		w.claim(r, r.Seats...)
		must(w.Leave(w.ctx, r.Session, "ann", w.now))
		again := w.join("k", "ann")
		gone := said(r, r.Seats[1])
		gone.Released = []model.SeatID{r.Seats[0].ID}
		w.report("a-1", 1, gone)
		w.equal(w.session("k").Seats[1].ID, again.Seats[0].ID)
		gone.Released = []model.SeatID{again.Seats[0].ID}
		w.report("a-1", 1, gone)
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
	}},
	{"I8: a report on an older stream is refused", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.greet("a-1", 2)
		w.is(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Sessions: []registry.SessionReport{said(r, r.Seats...)}, Now: w.now}), registry.ErrStale)
		w.equal(w.counts("a-1"), [3]int{1, 1, 0})
		w.is(w.Report(w.ctx, registry.Report{Server: "a-9", Stream: 1, Now: w.now}), registry.ErrNotFound)
	}},
	{"I1: of two servers that bring a session back the newer generation has it, whichever greets first", func(w *world) {
		for _, id := range []model.ServerID{"a-1", "a-2"} {
			w.open(id, "a", shape{2, 3, 0})
		}
		w.greet("a-1", 2, had("k", 7, 3, model.Seat{ID: 901, Player: "ann"}))
		w.greet("a-2", 2, had("k", 8, 3, model.Seat{ID: 902, Player: "ann"}, model.Seat{ID: 903, Player: "bob"}))
		x := w.session("k")
		w.equal([]any{x.Server, x.Generation, x.SeatsClaimed, x.State}, []any{model.ServerID("a-2"), model.Generation(8), 2, model.SessionLive})
		w.equal([]any{w.counts("a-1"), w.counts("a-2")}, []any{[3]int{0, 0, 0}, [3]int{1, 0, 2}})
		w.is(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 2, Now: w.now}), registry.ErrStale)
		w.equal(w.greet("a-1", 3, had("k", 7, 3)).Stale, []model.SessionRef{x.SessionRef})
	}},
	{"I10: a session that moved before a restart, and ended where nobody came to it, goes on where its players wait", func(w *world) {
		for i, joined := range []model.ServerID{"", "old", "new"} { // where somebody joined it since
			w.now = w.now.Add(time.Hour)
			old, moved := model.ServerID(fmt.Sprintf("old-%d", i)), model.ServerID(fmt.Sprintf("new-%d", i))
			key := model.SessionKey(old)
			w.open(old, "a", shape{2, 3, 0})
			w.open(moved, "a", shape{2, 3, 0})
			waits := frozen(had(key, 7, 3, model.Seat{ID: 901, Player: "ann"}))
			w.greet(old, 2, waits)
			if joined == "old" {
				w.join(key, "ann")
			}
			w.greet(moved, 2, had(key, 8, 3))
			w.equal(w.session(key).Server, moved)
			if joined == "new" {
				r := w.join(key, "bob")
				w.report(moved, 2, said(r, r.Seats...))
			}
			w.ok(w.Report(w.ctx, registry.Report{Server: moved, Stream: 2, Ended: []registry.EndedSession{{Session: ref(key), Generation: 8}}, Now: w.now}))
			w.none(key)
			w.equal(len(w.greet(old, 3, waits).Stale) > 0, joined == "new")
		}
	}},
	{"I10: a session that began anew while its server was cut off, and that nobody is in, goes after the one that is played in", func(w *world) {
		ann, bob := model.Seat{ID: 901, Player: "ann"}, model.Seat{ID: 902, Player: "bob"}
		for _, c := range []struct {
			name         model.SessionKey
			first, later registry.SessionReport
			keeps        bool
		}{
			{"played, then newer", had("", 7, 3, ann), had("", 8, 3), true},
			{"newer, then played", had("", 8, 3), had("", 7, 3, ann), false},
			{"frozen, then newer", frozen(had("", 7, 3, ann)), had("", 8, 3), false},
			{"newer, then frozen", had("", 8, 3), frozen(had("", 7, 3, ann)), true},
			{"empty, then newer", had("", 7, 3), had("", 8, 3), false},
			{"newer, then empty", had("", 8, 3), had("", 7, 3), true},
			{"played, then newer that is played", had("", 7, 3, ann), had("", 8, 3, bob), false},
			{"newer that is played, then played", had("", 8, 3, bob), had("", 7, 3, ann), true},
		} {
			first, later := model.ServerID("first "+c.name), model.ServerID("later "+c.name)
			w.open(first, "a", shape{2, 3, 0})
			w.open(later, "a", shape{2, 3, 0})
			c.first.Session, c.later.Session = ref(c.name), ref(c.name)
			w.greet(first, 2, c.first)
			stale := w.greet(later, 2, c.later).Stale
			has, wins := later, c.later
			if c.keeps {
				has, wins = first, c.first
			}
			x := w.session(c.name)
			w.equal([]any{c.name, len(stale) > 0, x.Server, x.Generation, x.SeatsClaimed}, []any{c.name, c.keeps, has, wins.Generation, len(wins.Claimed)})
		}
	}},
	{"I10: who came in while it gave way is not to have it back: somebody plays elsewhere since", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		w.open("a-2", "a", shape{2, 3, 0})
		w.greet("a-1", 2, had("k", 8, 3))
		w.greet("a-2", 2, had("k", 7, 3, model.Seat{ID: 901, Player: "ann"}))
		w.is(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 2, Now: w.now}), registry.ErrStale)
		w.equal(w.greet("a-1", 3, had("k", 8, 3, model.Seat{ID: 902, Player: "bob"})).Stale, []model.SessionRef{ref("k")})
		w.equal(w.session("k").Server, model.ServerID("a-2"))
		w.ok(w.Report(w.ctx, registry.Report{Server: "a-2", Stream: 2, Ended: []registry.EndedSession{{Session: ref("k"), Generation: 7}}, Now: w.now}))
		w.equal(len(w.greet("a-1", 4, had("k", 8, 3)).Stale), 1)
		w.none("k")
	}},
	{"I8: what comes after something newer on its stream is refused, be it a report or the hello", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann", "bob")
		report := func(serial uint64, claimed ...model.Seat) error {
			return w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Serial: serial, Sessions: []registry.SessionReport{said(r, claimed...)}, Now: w.now})
		}
		w.ok(report(1, r.Seats[0]))
		w.ok(report(2, r.Seats...))
		w.is(report(1, r.Seats[0]), registry.ErrStale)
		w.is(report(2, r.Seats[0]), registry.ErrStale)
		_, err := w.Greet(w.ctx, registry.Hello{Server: "a-1", Stream: 1, Now: w.now})
		w.is(err, registry.ErrStale)
		w.equal(w.counts("a-1"), [3]int{1, 0, 2})
		w.greet("a-1", 2, said(r, r.Seats...))
		r.Generation = w.session("k").Generation
		w.ok(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 2, Serial: 1, Sessions: []registry.SessionReport{said(r, r.Seats[0])}, Now: w.now}))
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
	}},
	{"a server that may not have heard that its session was ended is to greet again", func(w *world) {
		w.open("a-1", "a", shape{3, 2, 0})
		r, told := w.join("k", "ann"), w.join("told", "bob")
		w.open("a-2", "a", shape{1, 2, 0})
		w.claim(r, r.Seats...)
		w.claim(told, told.Seats...)
		w.ok(w.EndSession(w.ctx, told.Session, told.Generation, 0, w.now))
		w.is(w.SentOn(w.ctx, told.Session, "a-1", told.Generation, w.now), registry.ErrNotFound) // it is over
		w.hears("a-1", 1, true)
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		w.is(w.SentOn(w.ctx, r.Session, "a-2", r.Generation, w.now), registry.ErrNotFound)
		w.is(w.SentOn(w.ctx, r.Session, "a-1", r.Generation-1, w.now), registry.ErrNotFound)
		w.hears("a-1", 1, false)
		w.equal(w.greet("a-1", 2, said(r, r.Seats...)).Stale, []model.SessionRef{ref("k")})
		w.hears("a-1", 2, true)
	}},
	{"I1: a session that was ended begins anew when its server was told, had time to hear, or has ended", func(w *world) {
		w.open("a-1", "a", shape{9, 2, 0})
		end := func(key model.SessionKey) registry.Reservation {
			r := w.join(key, "ann")
			w.claim(r, r.Seats...)
			w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
			_, err := w.try(key, "bob")
			w.is(err, registry.ErrMoving)
			return r
		}
		told := end("told")
		w.is(w.SentOn(w.ctx, told.Session, "a-1", told.Generation, w.now), registry.ErrNotFound)
		w.join("told", "bob")
		end("late")
		w.later(registry.HearsWithin)
		w.join("late", "bob")
		greeted := end("greeted")
		w.greet("a-1", 2, said(greeted, greeted.Seats...))
		w.join("greeted", "bob")
		w.become("a-1", model.ServerCordoned)
		w.open("a-2", "a", shape{1, 2, 0})
		end("lost")
		w.become("a-2", model.ServerUnhealthy)
		w.open("a-3", "a", shape{1, 2, 0})
		w.join("lost", "bob")
	}},
	{"I4: a session that nobody came to gives way where its server turns out to have others besides", func(w *world) {
		for stream, hello := range []bool{true, false} {
			id, key := model.ServerID(fmt.Sprintf("full-%t", hello)), model.SessionKey(fmt.Sprintf("late-%t", hello))
			w.open(id, "a", shape{2, 2, 0})
			r := w.join(key+"-played", "ann")
			w.claim(r, r.Seats...)
			late := w.join(key, "bob")
			w.equal(late.Server, id)
			others := []registry.SessionReport{said(r, r.Seats...), had(key+"-found", 7, 2, model.Seat{ID: 901, Player: "eve"})}
			if hello {
				w.equal(w.greet(id, 2, others...).Ended, []registry.EndedSession{{Session: ref(key), Generation: late.Generation}})
			} else {
				w.report(id, 1, others...)
				_, err := w.try(key, "bob") // there is a ticket for it, and the server is to hear that it is no good
				w.is(err, registry.ErrMoving)
				w.later(registry.HearsWithin)
			}
			w.none(key)
			w.open(model.ServerID(fmt.Sprintf("room-%d", stream)), "a", shape{1, 2, 0})
			w.join(key, "bob")
		}
	}},
	{"a server that may not have heard that a player was taken out is to greet again, and has the seat until it has", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann", "bob")
		w.claim(r, r.Seats...)
		must(w.Leave(w.ctx, r.Session, "ann", w.now))
		w.report("a-1", 1, said(r, r.Seats[1])) // it heard
		w.hears("a-1", 1, true)
		must(w.Leave(w.ctx, r.Session, "bob", w.now))
		w.hears("a-1", 1, false)
		w.greet("a-1", 2, said(r, r.Seats[1]))
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
		w.hears("a-1", 2, true)
	}},
	{"I10: a session that was opened after a restart, by a ticket from before it, comes back with a report", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		w.greet("a-1", 2)
		w.report("a-1", 2, had("k", 7, 3, model.Seat{ID: 901, Player: "ann"}))
		x := w.session("k")
		w.equal([]any{x.Server, x.Generation, x.SeatsClaimed}, []any{model.ServerID("a-1"), model.Generation(7), 1})
		w.ok(w.EndSession(w.ctx, x.SessionRef, 7, 0, w.now))
		w.report("a-1", 2, had("k", 7, 3, model.Seat{ID: 901, Player: "ann"})) // it did not hear yet
		w.none("k")
	}},
	{"sessions between two servers are found by themselves", func(w *world) {
		w.open("a-1", "a", shape{3, 3, 0})
		r, still := w.join("k", "ann"), w.join("l", "bob")
		moving := func() []model.Session { return must(w.ListSessions(w.ctx, registry.SessionFilter{Moving: true})) }
		w.equal(len(moving()), 0)
		w.ok(w.begin(r.Session, r.Generation))
		w.equal([]any{len(moving()), moving()[0].SessionRef}, []any{1, r.Session})
		w.ok(w.abort(r.Session, r.Generation))
		w.equal(len(moving()), 0)
		w.ok(w.begin(still.Session, still.Generation))
		w.ok(w.EndSession(w.ctx, still.Session, still.Generation, 0, w.now))
		w.equal(len(moving()), 0)
	}},
	{"I8: a report of an older generation, or by another server, changes nothing", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.open("a-2", "a", shape{1, 3, 0})
		w.report("a-2", 1, said(r, r.Seats...), had("unheard", 9, 3))
		w.none("unheard")
		old := said(r, r.Seats...)
		old.Generation--
		w.report("a-1", 1, old)
		w.equal(w.counts("a-1"), [3]int{1, 1, 0})
		w.claim(r, r.Seats...)
		ended := []registry.EndedSession{{Session: r.Session, Generation: r.Generation - 1}}
		w.ok(w.Report(w.ctx, registry.Report{Server: "a-1", Stream: 1, Ended: ended, Now: w.now}))
		ended[0].Generation = r.Generation
		w.ok(w.Report(w.ctx, registry.Report{Server: "a-2", Stream: 1, Ended: ended, Now: w.now}))
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
	}},
	{"a session that ended is gone", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		w.ended(r)
		w.none("k")
		if again := w.join("k", "ann"); !again.Created || again.Generation <= r.Generation {
			w.Fatalf("%+v after generation %d", again, r.Generation)
		}
	}},
	{"I1: a session that ended under a waiting reservation stays for it", func(w *world) {
		w.open("a-1", "a", shape{1, 3, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		b := w.join("k", "bob")
		w.ended(r)
		w.equal(w.counts("a-1"), [3]int{1, 1, 0})
		w.claim(b, b.Seats...)
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
	}},
}

// hears passes the time in which a server is to hear of what it lost, and tells whether its reports are taken then.
func (w *world) hears(id model.ServerID, stream uint64, taken bool) {
	w.Helper()
	w.report(id, stream)
	w.later(registry.HearsWithin)
	err := w.Report(w.ctx, registry.Report{Server: id, Stream: stream, Now: w.now})
	if taken {
		w.ok(err)
		return
	}
	w.is(err, registry.ErrStale)
}

// ended reports that a session ended on its own.
func (w *world) ended(r registry.Reservation) {
	w.Helper()
	w.ok(w.Report(w.ctx, registry.Report{
		Server: r.Server, Stream: 1, Ended: []registry.EndedSession{{Session: r.Session, Generation: r.Generation}}, Now: w.now,
	}))
}
