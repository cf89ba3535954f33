package registrytest

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

var serverCases = []testCase{
	{"adding a known server changes nothing", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		known := w.server("a-1")
		w.equal(w.start("a-1", "b", shape{9, 9, 9}).Fleet, "a")
		w.equal(w.server("a-1"), known)
	}},
	{"seats default to those of all sessions", func(w *world) {
		w.equal(w.start("a-1", "a", shape{3, 5, 0}).SeatCapacity, 15)
	}},
	{"I8: a state is set only at the generation seen", func(w *world) {
		s := w.start("a-1", "a", shape{1, 2, 0})
		seen := w.greet("a-1", 1).Server
		change := registry.StateChange{State: model.ServerOpen, Reason: "buffer", Now: w.now}
		if seen.Generation == s.Generation {
			w.Fatal("becoming Ready did not raise the generation")
		}
		_, err := w.SetState(w.ctx, "a-1", s.Generation, change)
		w.is(err, registry.ErrStale)
		w.equal(w.server("a-1").State, model.ServerReady)
		w.later(time.Second)
		change.Now = w.now
		got := must(w.SetState(w.ctx, "a-1", seen.Generation, change))
		w.equal([]any{got.State, got.Reason, got.StateSince.Equal(w.now), got.Generation > seen.Generation}, []any{model.ServerOpen, "buffer", true, true})
		_, err = w.SetState(w.ctx, "a-9", 1, change)
		w.is(err, registry.ErrNotFound)
	}},
	{"states move forward only", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		_, err := w.SetState(w.ctx, "a-1", w.server("a-1").Generation, registry.StateChange{State: model.ServerReady, Now: w.now})
		w.is(err, registry.ErrConflict)
		w.become("a-1", model.ServerUnhealthy)
		_, err = w.SetState(w.ctx, "a-1", w.server("a-1").Generation, registry.StateChange{State: model.ServerOpen, Now: w.now})
		w.is(err, registry.ErrConflict)
	}},
	{"a drain is kept until the server opens again", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		drain := model.Drain{StartedAt: w.now, HandOverAt: w.now.Add(1), DeadlineAt: w.now.Add(2), Reason: "upgrade"}
		s := must(w.SetState(w.ctx, "a-1", w.server("a-1").Generation, registry.StateChange{State: model.ServerDraining, Drain: &drain, Now: w.now}))
		w.equal(*s.Drain, drain)
		s.Drain.Reason = "mine to change"
		w.equal(w.server("a-1").Drain.Reason, "upgrade")
		w.equal(w.become("a-1", model.ServerOpen).Drain == nil, true)
	}},
	{"I3: a server with sessions does not become empty", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		r := w.join("k", "ann")
		w.become("a-1", model.ServerDraining)
		_, err := w.SetState(w.ctx, "a-1", w.server("a-1").Generation, registry.StateChange{State: model.ServerEmpty, Now: w.now})
		w.is(err, registry.ErrConflict)
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		_, err = w.SetState(w.ctx, "a-1", w.server("a-1").Generation, registry.StateChange{State: model.ServerEmpty, Now: w.now})
		w.is(err, registry.ErrConflict) // its players were not told yet
		w.is(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now), registry.ErrNotFound)
		w.become("a-1", model.ServerEmpty)
	}},
	{"I3: a server on which the players of a moved session wait does not become empty", func(w *world) {
		r := w.departed()
		w.become("a-1", model.ServerDraining)
		_, err := w.SetState(w.ctx, "a-1", w.server("a-1").Generation, registry.StateChange{State: model.ServerEmpty, Now: w.now})
		w.is(err, registry.ErrConflict)
		w.ok(w.SentOn(w.ctx, r.Session, "a-1", r.Generation, w.now))
		w.become("a-1", model.ServerEmpty)
	}},
	{"a drain of a server without sessions is refused once one began there", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		seen := w.server("a-1").Generation
		r := w.join("k", "ann")
		change := registry.StateChange{State: model.ServerDraining, Drain: &model.Drain{}, Unused: true, Now: w.now}
		_, err := w.SetState(w.ctx, "a-1", seen, change)
		w.is(err, registry.ErrConflict)
		w.equal(w.server("a-1").State, model.ServerOpen)
		w.ok(w.EndSession(w.ctx, r.Session, r.Generation, 0, w.now))
		w.equal(must(w.SetState(w.ctx, "a-1", w.server("a-1").Generation, change)).State, model.ServerDraining)
	}},
	{"only a dead server without sessions is removed", func(w *world) {
		w.open("a-1", "a", shape{1, 2, 0})
		w.join("k", "ann")
		w.is(w.RemoveServer(w.ctx, "a-1", w.server("a-1").Generation), registry.ErrConflict)
		s := w.become("a-1", model.ServerUnhealthy)
		w.is(w.RemoveServer(w.ctx, "a-1", s.Generation), registry.ErrConflict)
		must(w.Orphan(w.ctx, "a-1", w.now))
		w.is(w.RemoveServer(w.ctx, "a-1", s.Generation-1), registry.ErrStale)
		w.ok(w.RemoveServer(w.ctx, "a-1", s.Generation))
		w.is(w.RemoveServer(w.ctx, "a-1", s.Generation), registry.ErrNotFound)
		_, err := w.GetServer(w.ctx, "a-1")
		w.is(err, registry.ErrNotFound)
	}},
	{"servers are listed by fleet, by name", func(w *world) {
		for _, id := range []model.ServerID{"a-2", "b-1", "a-1"} {
			w.start(id, model.FleetName(id[:1]), shape{1, 1, 0})
		}
		ids := func(fleet model.FleetName) (out []model.ServerID) {
			for _, s := range must(w.ListServers(w.ctx, fleet)) {
				out = append(out, s.ID)
			}
			return out
		}
		w.equal([]any{ids(""), ids("a"), ids("c")}, "[[a-1 a-2 b-1] [a-1 a-2] []]")
	}},
	{"servers are listed into the caller's memory, as copies", func(w *world) {
		for _, id := range []model.ServerID{"a-2", "b-1", "a-1"} {
			w.start(id, model.FleetName(id[:1]), shape{1, 1, 0})
		}
		w.ok(w.Annotate(w.ctx, "a-1", map[string]string{"x": "1"}, nil))
		list := make([]model.Server, 1, 3)
		list[0].ID = "mine"
		into := func(fleet model.FleetName) []model.Server { return must(w.AppendServers(w.ctx, list, fleet)) }
		w.equal([]any{into("")[3].ID, into("b")[1].ID, len(into("c"))}, "[b-1 b-1 1]")
		a := into("a")
		w.equal([]any{a[0].ID, a[1].ID, a[2].ID, &a[0] == &list[0]}, "[mine a-1 a-2 true]")
		a[1].Labels["x"] = "9"
		w.equal(w.server("a-1").Labels["x"], "1")
		w.equal([]any{into("b")[1].Labels, must(w.AppendServers(w.ctx, list[:0], "a"))[0].Labels["x"]}, "[map[] 1]")
	}},
	{"what the provider says of endpoints comes second to what the server says", func(w *world) {
		w.start("a-1", "a", shape{1, 1, 0})
		theirs := []model.Endpoint{{Name: "game", URL: "tcp://127.0.0.1:7400"}}
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Ref: "pid 1", Endpoints: theirs}))
		s := w.server("a-1")
		w.equal([]any{s.ProviderRef, s.Endpoints}, []any{"pid 1", theirs})
		w.greet("a-1", 1)
		w.ok(w.Attach(w.ctx, "a-1", registry.Attachment{Ref: "pid 2", Endpoints: theirs}))
		s = w.server("a-1")
		w.equal([]any{s.ProviderRef, s.Endpoints[0].URL}, "[pid 2 ws://a-1]")
		w.is(w.Attach(w.ctx, "a-9", registry.Attachment{Ref: "pid 3", Endpoints: theirs}), registry.ErrNotFound)
	}},
	{"labels and annotations are merged, and copies are the caller's", func(w *world) {
		w.start("a-1", "a", shape{1, 1, 0})
		w.ok(w.Annotate(w.ctx, "a-1", map[string]string{"x": "1", "y": "1"}, nil))
		w.ok(w.Annotate(w.ctx, "a-1", map[string]string{"y": "2"}, map[string]string{"z": "3"}))
		s := w.server("a-1")
		w.equal([]any{s.Labels, s.Annotations}, "[map[x:1 y:2] map[z:3]]")
		s.Labels["x"] = "9"
		w.equal(w.server("a-1").Labels["x"], "1")
		w.is(w.Annotate(w.ctx, "a-9", nil, nil), registry.ErrNotFound)
	}},
	{"a linkless server's sessions end when it is ready again, or gone", func(w *world) {
		w.linkless("a-1", "a", shape{1, 2, 0})
		w.join("k", "ann")
		w.become("a-1", model.ServerReady)
		w.none("k")
		w.become("a-1", model.ServerOpen)
		w.join("k", "ann")
		w.become("a-1", model.ServerStopped)
		w.none("k")
	}},
	{"revisions rise with every change", func(w *world) {
		w.open("a-1", "a", shape{2, 2, 0})
		before := w.server("a-1").Revision
		r := w.join("k", "ann")
		s, x := w.server("a-1").Revision, w.session("k").Revision
		w.claim(r, r.Seats...)
		if s <= before || w.server("a-1").Revision <= s || w.session("k").Revision <= x {
			w.Fatal("a change without a new revision")
		}
	}},
	{"watchers are told, at least once after the last change", func(w *world) {
		ctx, cancel := context.WithCancel(w.ctx)
		watch, idle := w.Watch(ctx), w.Watch(w.ctx)
		w.open("a-1", "a", shape{9, 2, 0})
		for i := range 5 {
			w.join(model.SessionKey(fmt.Sprintf("k%d", i)), "ann")
		}
		<-watch
		w.join("k", "ann")
		<-watch
		cancel()
		for range watch { // until it is closed
		}
		<-idle
		w.join("k", "bob")
		<-idle
	}},
	{"a lease has one holder, and a new fence for each", func(w *world) {
		take := func(holder string) (bool, model.Generation) {
			held, fence, err := w.Acquire(w.ctx, "keeper/a", holder, 10*time.Second, w.now)
			w.ok(err)
			return held, fence
		}
		held, fence := take("x")
		w.equal(held, true)
		held, _ = take("y")
		w.equal(held, false)
		w.later(9 * time.Second)
		held, same := take("x")
		w.equal([]any{held, same}, []any{true, fence})
		w.later(9 * time.Second)
		held, _ = take("y")
		w.equal(held, false)
		w.later(time.Second)
		held, next := take("y")
		w.equal([]any{held, next > fence}, "[true true]")
		held, _, err := w.Acquire(w.ctx, "keeper/b", "x", time.Second, w.now)
		w.ok(err)
		w.equal(held, true)
	}},
}
