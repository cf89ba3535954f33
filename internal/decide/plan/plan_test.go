package plan

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// drawWorld is a fleet with any sensible wish.
func drawWorld(t *rapid.T) *world {
	maximum := rapid.IntRange(1, 8).Draw(t, "max")
	var merge *model.Consolidation
	if rapid.Bool().Draw(t, "consolidation") {
		merge = &model.Consolidation{
			After: 5 * time.Second, MinStay: 5 * time.Second, Below: rapid.SampledFrom([]float64{0.3, 0.7, 1}).Draw(t, "below"),
			MaxMovesPerMinute: rapid.SampledFrom([]int{1, 10, 60}).Draw(t, "pace"),
		}
	}
	return newWorld(model.FleetSpec{
		Scaling:  model.Scaling{Consolidation: merge},
		Capacity: model.Capacity{Sessions: rapid.IntRange(1, 12).Draw(t, "sessions")},
		Ready:    rapid.IntRange(0, 3).Draw(t, "ready"),
		Open:     rapid.IntRange(0, 15).Draw(t, "open"),
		Min:      rapid.IntRange(0, maximum).Draw(t, "min"),
		Max:      maximum,
	})
}

// disturb lets anything happen that happens to fleets, over some minutes.
func disturb(t *rapid.T, w *world) {
	for range rapid.IntRange(1, 16).Draw(t, "disturbances") {
		what := rapid.SampledFrom([]string{
			"join", "join", "leave", "crash", "mute", "speak", "lose", "drain", "undrain", "restart", "stillborn", "spec", "release", "pause",
			"notice", "notice", "stay",
		}).Draw(t, "what")
		if live := w.sorted(); len(live) > 0 {
			disturbServer(t, w, what, rapid.SampledFrom(live).Draw(t, "server"))
		}
		switch what {
		case "join":
			w.join(rapid.IntRange(1, 15).Draw(t, "joins"))
		case "restart":
			w.restart()
		case "release":
			revision := uint64(rapid.IntRange(1, 3).Draw(t, "revision"))
			w.broken[revision] = rapid.IntRange(0, 3).Draw(t, "broken") == 0
			w.release(revision)
		case "pause":
			w.fleet.Spec.Upgrade.Paused = !w.fleet.Spec.Upgrade.Paused
		case "stillborn":
			w.stillborn = !w.stillborn
		case "notice":
			l := model.NodeLeave{Node: rapid.SampledFrom(w.nodes).Draw(t, "node"), NoticedAt: w.now, Reason: "spot"}
			if in := rapid.IntRange(-1, 60).Draw(t, "deadline"); in >= 0 {
				l.DeadlineAt = w.now.Add(time.Duration(in) * time.Second)
			}
			w.leaves[l.Node] = l
		case "stay":
			delete(w.leaves, rapid.SampledFrom(w.nodes).Draw(t, "node"))
		case "spec":
			w.fleet.Spec.Open = rapid.IntRange(0, 15).Draw(t, "open")
			w.fleet.Generation++
		}
		for range rapid.IntRange(1, 14).Draw(t, "seconds") {
			w.second()
			noWrongs(t, w)
		}
	}
}

func disturbServer(t *rapid.T, w *world, what string, s *simServer) {
	switch what {
	case "leave":
		s.sessions = s.sessions[rapid.IntRange(0, len(s.sessions)).Draw(t, "leaves"):]
	case "crash":
		w.crash(s)
	case "mute":
		s.mute = true
	case "speak":
		s.mute = false
	case "lose":
		s.mute, s.unknown = true, true
	case "drain":
		if s.State.CanBecome(model.ServerDraining) {
			d := NewDrain(model.DrainPolicy{Wait: 5 * time.Second, Deadline: 30 * time.Second}, "update", w.now)
			w.become(s, model.ServerDraining, "update")
			s.Drain = &d
		}
	case "undrain":
		if s.State == model.ServerDraining {
			w.become(s, model.ServerOpen, "drain taken back")
		}
	}
}

// calm ends all faults.
func (w *world) calm() {
	w.stillborn = false
	clear(w.broken)
	w.fleet.Spec.Upgrade.Paused = false
	w.resume()
	w.leaves = map[string]model.NodeLeave{}
	for _, s := range w.servers {
		s.mute, s.unknown = false, false
	}
}

func noWrongs(t *rapid.T, w *world) {
	if len(w.wrongs) > 0 {
		t.Fatalf("at %s rules broken: %q", w.now.Format(time.TimeOnly), w.wrongs)
	}
}

// TestSafety: whatever happens, no plan goes above the maximum, takes a server with sessions away before its drain's
// deadline, ends a session early, declares a running server dead, acts on an old generation, or hands a session over
// to nowhere. The world checks each action as it carries it out.
func TestSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		disturb(t, w)
	})
}

// TestSafetyOneObservation: no single odd look at a healthy fleet (everything silent, or unknown to the provider, or
// both) makes a plan declare a server dead or stop one with sessions.
func TestSafetyOneObservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for range 30 {
			w.second()
		}
		w.join(20)
		in := w.input()
		in.Now = in.Now.Add(time.Duration(rapid.IntRange(0, int(time.Hour)).Draw(t, "later")))
		if rapid.Bool().Draw(t, "provider blind") {
			in.Instances = nil
		}
		for i := range in.Servers {
			in.Servers[i].Linked = rapid.Bool().Draw(t, "linked")
		}
		got, _ := Make(in)
		for _, a := range got.Actions {
			s := w.servers[a.Server]
			switch {
			case a.Verb == Unhealthy, a.Verb == Stopped, a.Verb == End:
				t.Fatalf("%s %s: %s", a.Verb, a.Server, a.Reason)
			case (a.Verb == Empty || a.Verb == Drain) && len(s.sessions) > 0:
				t.Fatalf("%s %s with sessions: %s", a.Verb, a.Server, a.Reason)
			}
		}
	})
}

// TestLiveness: when the faults stop, the buffers fill up (or the maximum is reached), no session stays homeless, and
// the plan comes to rest: no flapping.
func TestLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		disturb(t, w)
		w.calm()
		for range 250 {
			w.second()
			noWrongs(t, w)
		}
		ready, free := 0, 0
		for _, s := range w.sorted() {
			switch s.State {
			case model.ServerReady:
				ready++
			case model.ServerOpen:
				free += s.FreeSlots()
			default:
				t.Fatalf("%s is still %s: %s", s.ID, s.State, s.Reason)
			}
		}
		spec := w.fleet.Spec
		full := len(w.servers) == spec.Max
		if len(w.homeless) > 0 && !full || free < spec.Open && !full || ready < spec.Ready && !full || len(w.servers) < spec.Min {
			t.Fatalf("%d homeless, %d free slots, %d ready, %d servers; wanted %+v", len(w.homeless), free, ready, len(w.servers), spec)
		}
		if free < spec.Open && ready > 0 {
			t.Fatalf("%d free slots, buffer %d, and %d ready servers unopened", free, spec.Open, ready)
		}
		for range 100 {
			for _, a := range w.second() {
				if a.Verb != Forget {
					t.Fatalf("not at rest: %s %s: %s", a.Verb, a.Server, a.Reason)
				}
			}
		}
	})
}

// TestLivenessDeleted: a deleted fleet goes, whatever its servers did, once the drain deadline is over.
func TestLivenessDeleted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.fleet.Spec.Drain.Deadline = time.Minute
		disturb(t, w)
		w.calm()
		w.fleet.Deleted = true
		w.homeless = nil // their route is gone, and so are they
		for range 200 {
			w.second()
			noWrongs(t, w)
			w.homeless = nil
		}
		if !w.retired || len(w.servers) > 0 {
			t.Fatalf("retired %t, %d servers left", w.retired, len(w.servers))
		}
	})
}

// bigFleet has n open servers of 50 sessions, some of them draining.
func bigFleet(n int) Input {
	w := newWorld(model.FleetSpec{Capacity: model.Capacity{Sessions: 60, SeatsPerSession: 10}, Ready: 100, Open: 5000, Max: 20000})
	in := w.input()
	for i := range n {
		s := model.Server{
			ID: model.ServerID(fmt.Sprintf("plaza-%08d", i)), Fleet: "plaza", State: model.ServerOpen, Generation: 3,
			SessionCapacity: 60, SeatCapacity: 600, SeatsPerSession: 10, Linked: true, ReportedAt: w.now, CreatedAt: w.now,
			Sessions: 50, SeatsClaimed: 500,
		}
		if i%100 == 0 {
			s.State, s.Sessions, s.SeatsClaimed = model.ServerReady, 0, 0
		}
		in.Servers = append(in.Servers, s)
		in.Instances = append(in.Instances, Instance{ID: s.ID, Running: true})
	}
	return in
}

// BenchmarkPlan10000Servers is the plan for 10,000 servers with 50 sessions each; wanted: at most 100 ms.
func BenchmarkPlan10000Servers(b *testing.B) {
	in := bigFleet(10_000)
	b.ReportAllocs()
	for b.Loop() {
		_, in.State = Make(in)
	}
}
