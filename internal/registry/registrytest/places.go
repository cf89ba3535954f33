package registrytest

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// placeCases are about servers that run already, and of which others than the control plane say what they are.
var placeCases = []testCase{
	{"what the provider says of a server's capacity counts from then on", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		_, err := w.try("more", "bob")
		w.is(err, registry.ErrFull)
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Capacity: model.Capacity{Sessions: 2, SeatsPerSession: 3, Seats: 6}}))
		s := w.server("a-1")
		w.equal([]int{s.SessionCapacity, s.SeatsPerSession, s.SeatCapacity}, "[2 3 6]")
		w.equal(w.join("more", "bob", "cid", "dan").SessionCapacity, 3)
		w.equal(w.session("k").Capacity, r.SessionCapacity)
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Ref: "as it was"}))
		w.equal(w.server("a-1").SessionCapacity, 2)
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Capacity: model.Capacity{Sessions: 1, SeatsPerSession: 1, Seats: 1}}))
		w.equal(w.counts("a-1"), "[2 4 0]") // who is there stays
		_, err = w.try("k", "eve")
		w.is(err, registry.ErrFull)
		_, err = w.try("large", "x", "y")
		w.is(err, registry.ErrTooLarge)
	}},
	{"fixed endpoints are not the server's to name", func(w *world) {
		theirs := []model.Endpoint{{Name: "game", URL: "udp://203.0.113.7:7777"}}
		w.start("a-1", "a", shape{1, 1, 0})
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Node: "rack-7", Endpoints: theirs, Fixed: true}))
		w.greet("a-1", 1)
		s := w.server("a-1")
		w.equal([]any{s.Node, s.Endpoints}, []any{"rack-7", theirs})
		moved := []model.Endpoint{{Name: "game", URL: "udp://203.0.113.8:7777"}}
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Node: "rack-7", Endpoints: moved, Fixed: true}))
		w.equal(w.server("a-1").Endpoints, moved)
	}},
	{"the sessions of a server without a link are brought back, and nothing else is", func(w *world) {
		w.open("b-1", "a", shape{4, 2, 0})
		lives := w.join("lives", "ann")
		w.start("a-1", "a", shape{4, 2, 0})
		seats := []model.Seat{{ID: 7, Player: "bob"}}
		hello := registry.Hello{Server: "a-1", Linkless: true, State: model.ServerCordoned, Now: w.now, Sessions: []registry.SessionReport{
			{Session: ref("was"), Generation: 5, Capacity: 2, Claimed: seats},
			{Session: ref("empty"), Generation: 6, Capacity: 2},
			{Session: ref("lives"), Generation: 4, Capacity: 2},
		}}
		must(w.Greet(w.ctx, hello))
		s := w.server("a-1")
		w.equal([]any{s.State, s.Linkless, s.Linked, s.Sessions, s.SeatsClaimed}, "[cordoned true false 2 1]")
		x := w.session("was")
		w.equal([]any{x.Server, x.Generation, x.Seats[0].Player, x.JoinedAt.Equal(w.now)}, "[a-1 5 bob true]")
		w.equal(w.session("lives").Server, lives.Server)
		w.later(time.Hour)
		w.expire()
		w.equal(w.server("a-1").Sessions, 2)
		w.ok(w.EndSession(w.ctx, ref("empty"), 6, 0, w.now))
		must(w.Greet(w.ctx, hello)) // said again, late
		w.none("empty")
		w.equal(w.join("was", "cid").Linkless, true)
		w.equal(w.session("was").SeatsClaimed, 2)
	}},
	{"a server that links is without a link no more", func(w *world) {
		w.linkless("a-1", "a", shape{4, 2, 0})
		gone := w.join("k", "ann")
		w.equal(gone.Linkless, true)
		w.greet("a-1", 1)
		s := w.server("a-1")
		w.equal([]any{s.Linkless, s.Linked}, "[false true]")
		w.none("k") // it does not have it
		w.equal(w.join("k", "ann").Linkless, false)
		w.equal(w.counts("a-1"), "[1 1 0]")
	}},
	{"a session tells when it was joined last", func(w *world) {
		w.open("a-1", "a", shape{1, 4, 0})
		w.join("k", "ann")
		first := w.now
		w.later(time.Second)
		_, err := w.try("k", "a", "b", "c", "d")
		w.is(err, registry.ErrFull)
		w.equal(w.session("k").JoinedAt.Equal(first), true)
		w.join("k", "ann")
		w.equal(w.session("k").JoinedAt.Equal(w.now), true)
	}},
}
