package registrytest

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

var joinCases = []testCase{
	{"the tally counts what joins begin and take, and what is given back", func(w *world) {
		w.open("a-1", "a", shape{2, 4, 0})
		w.join("k", "ann", "bob")
		w.join("k", "ann", "cat")
		must(w.Leave(w.ctx, ref("k"), "bob", w.now))
		want := registry.Counters{SessionsBegun: 1, SeatsTaken: 3, SeatsFreed: 1}
		t := must(w.Tally(w.ctx))
		w.equal(must(w.Begun(w.ctx, "a")), t.Fleets["a"].SessionsBegun)
		w.equal(must(w.Begun(w.ctx, "nobody's")), uint64(0))
		w.equal([]any{t.Fleets["a"], t.Routes["plaza"]}, []any{want, want})
		w.later(ttl)
		w.expire() // ends the session, which nobody used
		w.equal(must(w.Tally(w.ctx)).Fleets["a"], registry.Counters{SessionsBegun: 1, SeatsTaken: 3, SeatsFreed: 3, SeatsExpired: 2})
	}},
	{"a key's first join makes its session", func(w *world) {
		w.open("a-1", "a", shape{2, 4, 0})
		r := w.join("k", "ann", "bob")
		w.equal([]any{r.Session, r.Fleet, r.Server, r.SessionCapacity, r.Created}, []any{ref("k"), "a", "a-1", 4, true})
		w.equal(r.Endpoints, []model.Endpoint{{Name: "ws", URL: "ws://a-1"}})
		w.equal([]model.PlayerID{r.Seats[0].Player, r.Seats[1].Player}, "[ann bob]")
		w.equal(r.Seats[0].State, model.SeatReserved)
		w.equal(r.Seats[0].ExpiresAt.Equal(w.now.Add(ttl)), true)
		w.equal(w.counts("a-1"), [3]int{1, 2, 0})
		if r.Generation == 0 || r.Seats[0].ID == 0 || r.Seats[0].ID == r.Seats[1].ID {
			w.Fatalf("%+v", r)
		}
	}},
	{"I1: the same key meets on the same server", func(w *world) {
		w.open("a-1", "a", shape{2, 4, 0})
		w.open("a-2", "a", shape{2, 4, 0})
		first, second := w.join("k", "ann"), w.join("k", "bob")
		w.equal([]any{second.Server, second.Generation, second.Created}, []any{first.Server, first.Generation, false})
	}},
	{"the same key on another route is another session", func(w *world) {
		w.open("a-1", "a", shape{2, 4, 0})
		w.join("k", "ann")
		r := must(w.reserve(registry.Reserve{Route: "voice", Key: "k", Fleets: []model.FleetName{"a"}, Players: []model.PlayerID{"ann"}}))
		w.equal([]any{r.Session, r.Created}, []any{"voice/k", true})
	}},
	{"I7: a player that has a seat gets the same one, prolonged", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		first := w.join("k", "ann")
		w.later(ttl - time.Second)
		again := w.join("k", "bob", "ann")
		w.equal(again.Seats[1].ID, first.Seats[0].ID)
		w.equal(again.Seats[1].ExpiresAt.Equal(w.now.Add(ttl)), true)
		w.later(2 * time.Second)
		w.equal(w.expire(), 0)
		w.claim(again, again.Seats...)
		w.equal(w.join("k", "ann").Seats[0].State, model.SeatClaimed)
		w.equal(w.counts("a-1"), [3]int{1, 0, 2})
	}},
	{"I2: a session gives no more seats than it has, to all of a party or nobody", func(w *world) {
		w.open("a-1", "a", shape{2, 3, 0})
		w.join("k", "p1", "p2")
		_, err := w.try("k", "p3", "p4")
		w.is(err, registry.ErrSessionFull)
		w.is(err, registry.ErrFull)
		w.equal(w.counts("a-1"), [3]int{1, 2, 0})
		w.join("k", "p1", "p3")
	}},
	{"I2: a server gives no more seats than it has altogether", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 6})
		w.join("k1", "p1", "p2", "p3", "p4")
		_, err := w.try("k2", "p5", "p6", "p7")
		w.is(err, registry.ErrFull)
		w.join("k2", "p5")
		w.join("k3", "p6")
		_, err = w.try("k3", "p7")
		w.is(err, registry.ErrSessionFull)
		_, err = w.try("", "p7")
		w.is(err, registry.ErrFull)
	}},
	{"I2: a server takes no more sessions than it can", func(w *world) {
		w.open("a-1", "a", shape{2, 4, 0})
		w.join("k1", "p1")
		w.join("k2", "p1")
		_, err := w.try("k3", "p1")
		w.is(err, registry.ErrFull)
	}},
	{"no server, no fleet: full", func(w *world) {
		_, err := w.try("k", "ann")
		w.is(err, registry.ErrFull)
		w.open("a-1", "a", shape{2, 4, 0})
		_, err = w.reserve(registry.Reserve{Key: "k", Players: []model.PlayerID{"ann"}})
		w.is(err, registry.ErrFull)
	}},
	{"a party larger than any session is told so", func(w *world) {
		w.open("a-1", "a", shape{2, 2, 0})
		_, err := w.try("k", "p1", "p2", "p3")
		w.is(err, registry.ErrTooLarge)
		w.join("k", "p1")
		_, err = w.try("k", "p1", "p2", "p3")
		w.is(err, registry.ErrTooLarge)
		_, err = w.try("k")
		w.is(err, registry.ErrTooLarge)
	}},
	{"a new session goes to the fullest server that fits", func(w *world) {
		for i := range 5 {
			w.open(model.ServerID(fmt.Sprintf("a-%d", i)), "a", shape{4, 10, 0})
		}
		first := w.join("k0", "p").Server
		for i := range 3 {
			w.equal(w.join(model.SessionKey(fmt.Sprintf("k%d", i+1)), "p").Server, first)
		}
		if next := w.join("k4", "p").Server; next == first {
			w.Fatal("a fifth session on a server of four")
		}
	}},
	{"fleets are tried in order", func(w *world) {
		w.open("a-1", "a", shape{1, 4, 0})
		w.open("b-1", "b", shape{2, 4, 0})
		both := func(key model.SessionKey) registry.Reservation {
			return must(w.reserve(registry.Reserve{Key: key, Fleets: []model.FleetName{"a", "b"}, Players: []model.PlayerID{"ann"}}))
		}
		w.equal([]any{both("k1").Fleet, both("k2").Fleet}, "[a b]")
		r := must(w.reserve(registry.Reserve{Key: "k1", Fleets: []model.FleetName{"b"}, Players: []model.PlayerID{"bob"}}))
		w.equal(r.Fleet, "a") // the session is where it is, whatever the weights say now
	}},
	{"without a key: the fullest session that fits", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 0})
		w.join("k1", "p1")
		w.join("k2", "p1", "p2", "p3")
		w.equal(w.join("", "p4").Session.Key, "k2")
		w.equal(w.join("", "p5", "p6").Session.Key, "k1")
		r := w.join("", "p7", "p8")
		w.equal([]any{r.Session.Key, r.Created}, []any{"new-p7", true})
		w.equal(w.join("", "p9").Session.Key, "k1")
	}},
	{"without a key: only sessions of the route and of its fleets", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 0})
		w.open("b-1", "b", shape{3, 4, 0})
		w.join("k1", "p1")
		r := must(w.reserve(registry.Reserve{Route: "voice", Fleets: []model.FleetName{"a"}, Players: []model.PlayerID{"p2"}}))
		w.equal(r.Created, true)
		r = must(w.reserve(registry.Reserve{Fleets: []model.FleetName{"b"}, Players: []model.PlayerID{"p3"}}))
		w.equal([]any{r.Created, r.Fleet}, "[true b]")
	}},
	{"only open servers take new sessions; the others' sessions take their key's players", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 0})
		w.join("k1", "p1")
		for _, state := range []model.ServerState{model.ServerCordoned, model.ServerDraining} {
			w.become("a-1", state)
			_, err := w.try("k2", "p1")
			w.is(err, registry.ErrFull)
			_, err = w.try("", "p9")
			w.is(err, registry.ErrFull)
			w.join("k1", model.PlayerID("p-"+state.String()))
		}
		w.become("a-1", model.ServerOpen)
		w.join("k2", "p1")
		w.join("", "p9")
		w.become("a-1", model.ServerUnhealthy)
		_, err := w.try("k1", "p5")
		w.is(err, registry.ErrMoving)
	}},
	{"a server whose stream is lost takes nobody without a key", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 0})
		w.join("k1", "p1")
		w.ok(w.Unlink(w.ctx, "a-1", 1, w.now))
		_, err := w.try("k2", "p1")
		w.is(err, registry.ErrFull)
		w.join("k1", "p2")
		w.greet("a-1", 2)
		w.join("k2", "p1")
	}},
	{"a repeated request gives the same answer", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 0})
		req := registry.Reserve{Fleets: []model.FleetName{"a"}, Players: []model.PlayerID{"p1", "p2"}, RequestID: "r1", NewKey: "n1"}
		first := must(w.reserve(req))
		w.later(model.RequestMemory - time.Second)
		req.NewKey = "n2"
		w.equal(must(w.reserve(req)), first)
		w.equal(w.counts("a-1"), [3]int{1, 2, 0})
		req.Players = []model.PlayerID{"p1", "p3"}
		_, err := w.reserve(req)
		w.is(err, registry.ErrConflict)
	}},
	{"a repeated request finds its players where they moved", func(w *world) {
		w.open("a-1", "a", shape{3, 4, 0})
		req := registry.Reserve{Fleets: []model.FleetName{"a"}, Players: []model.PlayerID{"p1"}, RequestID: "r1", NewKey: "n1"}
		first := must(w.reserve(req))
		w.open("a-2", "a", shape{3, 4, 0})
		w.ok(w.begin(first.Session, first.Generation))
		_, err := w.reserve(req)
		w.is(err, registry.ErrMoving)
		moved := w.commit(first.Session.Key, first.Generation, "a-1")
		w.ok(w.FinishMove(w.ctx, first.Session, moved.Generation, w.now))
		again := must(w.reserve(req))
		w.equal([]any{again.Server, again.Seats[0].ID}, []any{"a-2", moved.Seats[0].ID})
	}},
	{"a refused request is not remembered", func(w *world) {
		req := registry.Reserve{Key: "k", Fleets: []model.FleetName{"a"}, Players: []model.PlayerID{"p1"}, RequestID: "r1"}
		_, err := w.reserve(req)
		w.is(err, registry.ErrFull)
		w.open("a-1", "a", shape{3, 4, 0})
		must(w.reserve(req))
	}},
	{"leaving frees the seat, and its number is never given again", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann", "bob")
		w.claim(r, r.Seats[0])
		left := must(w.Leave(w.ctx, r.Session, "bob", w.now))
		w.equal([]any{left.ID, left.Player}, []any{r.Seats[1].ID, "bob"})
		_, err := w.Leave(w.ctx, r.Session, "bob", w.now)
		w.is(err, registry.ErrNotFound)
		_, err = w.Leave(w.ctx, ref("other"), "bob", w.now)
		w.is(err, registry.ErrNotFound)
		if again := w.join("k", "bob"); again.Seats[0].ID <= left.ID {
			w.Fatalf("seat %d after %d", again.Seats[0].ID, left.ID)
		}
	}},
	{"a session that nobody came to ends with its last reservation", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		w.join("k", "ann")
		w.later(ttl - 1)
		w.expire()
		w.session("k")
		w.later(1)
		w.expire()
		w.none("k")
		w.join("k2", "ann")
	}},
	{"I1: a session is where a ticket may open it, also after its seat was given back", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		first := w.join("k", "ann")
		must(w.Leave(w.ctx, ref("k"), "ann", w.now))
		w.open("a-2", "a", shape{1, 2, 0})
		w.become("a-1", model.ServerCordoned) // it takes no new session
		again := w.join("k", "bob")
		w.equal([]any{again.Server, again.Generation, again.Created}, []any{"a-1", first.Generation, false})
		must(w.Leave(w.ctx, ref("k"), "bob", w.now))
		w.claim(first, first.Seats...) // before its server heard that the seat is free
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
	}},
	{"I1: a session is where a ticket may open it, also after its server said late that its player has an older seat", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		first := w.join("k", "ann")
		w.claim(first, first.Seats...)
		must(w.Leave(w.ctx, ref("k"), "ann", w.now))
		again := w.join("k", "ann")
		w.claim(first, first.Seats...) // from before it heard that she left
		w.open("a-2", "a", shape{1, 2, 0})
		w.become("a-1", model.ServerCordoned)
		w.ended(first)
		w.equal(w.counts("a-1"), [3]int{1, 0, 0})
		w.claim(again, again.Seats...)
		w.equal(w.counts("a-1"), [3]int{1, 0, 1})
	}},
	{"I1: a session is where a ticket may open it, also after its seat was somebody else's", func(w *world) {
		w.open("a-1", "a", shape{1, 1, 0})
		r := w.join("k", "ann")
		w.claim(r, r.Seats...)
		must(w.Leave(w.ctx, ref("k"), "ann", w.now))
		again := w.join("k", "bob")
		w.claim(r, r.Seats...) // from before it heard that she left
		w.ended(again)
		w.later(ttl - 1)
		w.expire()
		w.equal(w.counts("a-1"), [3]int{1, 0, 0})
		w.later(1)
		w.expire()
		w.none("k")
	}},
	{"a session whose seats were given back unclaimed ends with their tickets", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		w.join("k", "ann")
		w.later(ttl / 2)
		w.join("k", "ann", "bob") // the ticket of now is good for longer
		must(w.Leave(w.ctx, ref("k"), "ann", w.now))
		must(w.Leave(w.ctx, ref("k"), "bob", w.now))
		w.later(ttl - 1)
		w.expire()
		w.equal(w.counts("a-1"), [3]int{1, 0, 0})
		w.later(1)
		w.equal(w.expire(), 0)
		w.none("k")
	}},
	{"a linkless server's reservations are claimed at once", func(w *world) {
		w.linkless("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.equal([]any{r.Seats[0].State, r.Seats[0].ExpiresAt.IsZero()}, []any{model.SeatClaimed, true})
		w.later(10 * ttl)
		w.equal(w.expire(), 0)
		w.equal(w.server("a-1").SessionsActive, 1)
		must(w.Leave(w.ctx, ref("k"), "ann", w.now))
		w.equal(w.server("a-1").SessionsActive, 0)
		w.expire()
		w.equal(w.counts("a-1"), [3]int{1, 0, 0})
	}},
	{"a full fleet's expired reservations are free to the next join", func(w *world) {
		w.open("a-1", "a", shape{1, 1, 0})
		w.join("k", "ann")
		_, err := w.try("k", "bob")
		w.is(err, registry.ErrSessionFull)
		w.later(ttl)
		w.join("k", "bob")
		w.equal(w.counts("a-1"), [3]int{1, 1, 0})
	}},
}
