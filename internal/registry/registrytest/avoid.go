package registrytest

import (
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// avoid says whether a server is avoided.
func (w *world) avoid(id model.ServerID, avoided bool) {
	w.Helper()
	w.ok(w.Avoid(w.ctx, id, w.server(id).Generation, avoided))
}

var avoidCases = []testCase{
	{"a new session comes to an avoided server when no other of the fleet has room", func(w *world) {
		w.open("a-1", "a", shape{2, 1, 0})
		w.open("a-2", "a", shape{1, 1, 0})
		w.equal(w.join("k1", "p1").Server, "a-2") // the fullest that fits
		w.open("a-3", "a", shape{1, 1, 0})
		w.avoid("a-3", true)
		w.equal(w.join("k2", "p2").Server, "a-1")
		w.equal(w.join("k3", "p3").Server, "a-1")
		w.equal(w.join("k4", "p4").Server, "a-3")
	}},
	{"an avoided server of the first fleet comes before the next fleet", func(w *world) {
		w.open("a-1", "a", shape{1, 1, 0})
		w.open("b-1", "b", shape{1, 1, 0})
		w.avoid("a-1", true)
		r := must(w.reserve(registry.Reserve{Key: "k", Fleets: []model.FleetName{"a", "b"}, Players: []model.PlayerID{"p"}}))
		w.equal(r.Server, "a-1")
	}},
	{"players without a key come to an avoided server's sessions last", func(w *world) {
		w.open("a-1", "a", shape{1, 4, 0})
		w.join("old", "p1", "p2", "p3")
		w.open("a-2", "a", shape{1, 4, 0})
		w.join("new", "p4")
		w.avoid("a-1", true)
		w.equal(w.join("", "p5").Session.Key, "new")
		w.equal(w.join("", "p6", "p7").Session.Key, "new")
		w.equal(w.join("", "p8").Session.Key, "old")
		w.equal(w.join("old", "p1").Session.Key, "old")
	}},
	{"a session moves to an avoided server when no other has room", func(w *world) {
		w.open("a-1", "a", shape{2, 1, 0})
		first, second := w.join("k1", "p1"), w.join("k2", "p2")
		w.claim(first, first.Seats...)
		w.claim(second, second.Seats...)
		w.open("a-2", "a", shape{1, 1, 0})
		w.open("a-3", "a", shape{2, 1, 0})
		w.avoid("a-2", true)
		for _, r := range []registry.Reservation{first, second} {
			w.ok(w.begin(r.Session, r.Generation))
			w.equal(must(w.tryCommit(r.Session.Key, r.Generation, "a-1")).Server, "a-3")
		}
		w.become("a-1", model.ServerDraining)
		w.avoid("a-3", true)
		w.open("a-4", "a", shape{1, 1, 0})
		third := w.join("k3", "p3")
		w.equal(third.Server, "a-4")
		w.ok(w.begin(third.Session, third.Generation))
		w.equal(must(w.tryCommit("k3", third.Generation, "a-4")).Server, "a-2")
	}},
	{"a welcomed server ranks as before, with its sessions", func(w *world) {
		w.open("a-1", "a", shape{2, 4, 0})
		w.join("k1", "p1", "p2")
		w.open("a-2", "a", shape{3, 4, 0})
		w.avoid("a-1", true)
		w.join("k2", "p3")
		w.equal(w.session("k2").Server, "a-2")
		w.avoid("a-1", false)
		w.equal(w.join("", "p4").Session.Key, "k1")
		w.equal(w.join("k3", "p5").Server, "a-1")
	}},
	{"avoiding is no change of state, and conditional", func(w *world) {
		w.open("a-1", "a", shape{1, 1, 0})
		before := w.server("a-1")
		w.avoid("a-1", true)
		w.avoid("a-1", true)
		after := w.server("a-1")
		w.equal([]any{after.Avoided, after.State, after.Generation}, []any{true, before.State, before.Generation})
		w.equal(after.Revision > before.Revision, true)
		w.is(w.Avoid(w.ctx, "a-1", before.Generation+1, false), registry.ErrStale)
		w.is(w.Avoid(w.ctx, "a-9", 1, false), registry.ErrNotFound)
		w.avoid("a-1", false)
		w.equal(w.server("a-1").Avoided, false)
	}},
	{"an avoided server is drained, opened again and removed like any other", func(w *world) {
		w.open("a-1", "a", shape{1, 1, 0})
		w.avoid("a-1", true)
		w.become("a-1", model.ServerDraining)
		_, err := w.try("k", "p")
		w.is(err, registry.ErrFull)
		w.become("a-1", model.ServerOpen)
		w.equal(w.join("k", "p").Server, "a-1")
		s := w.become("a-1", model.ServerUnhealthy)
		must(w.Orphan(w.ctx, "a-1", w.now))
		w.ok(w.RemoveServer(w.ctx, "a-1", s.Generation))
	}},
}
