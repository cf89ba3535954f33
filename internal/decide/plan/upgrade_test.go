package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// release makes a template the fleet's, a new one or one that it had: it comes first then, and is tried anew.
func (w *world) release(revision uint64) {
	r := model.FleetRevision{Number: revision, CreatedAt: w.now}
	w.revisions = slices.DeleteFunc(slices.Clone(w.revisions), func(x model.FleetRevision) bool {
		if x.Number == revision {
			r = x
		}
		return x.Number == revision
	})
	r.UsedAt, r.Stopped = w.now, ""
	w.revisions = append([]model.FleetRevision{r}, w.revisions...)
	w.fleet.Revision = revision
	w.fleet.Generation++
}

// note keeps what a plan found out about a template.
func (w *world) note(a Action) {
	w.revisions = slices.Clone(w.revisions)
	for i := range w.revisions {
		r := &w.revisions[i]
		switch {
		case r.Number != a.Revision:
		case a.Verb == Prove:
			r.ProvedAt = w.now
		default:
			r.Stopped = a.Reason
		}
	}
}

// resume takes back that the upgrade stopped.
func (w *world) resume() {
	w.revisions = slices.Clone(w.revisions)
	for i := range w.revisions {
		w.revisions[i].Stopped = ""
	}
}

// TestUndoTo: revisions are named by what happened to them, the one used last first: ready, stopped, new (of which no server was
// ready), or both of the first.
func TestUndoTo(t *testing.T) {
	for _, c := range []struct {
		list []string
		to   uint64 // counted from 1; 0: there is none
	}{
		{[]string{}, 0},
		{[]string{"ready"}, 0}, // the present one
		{[]string{"new", "ready", "ready"}, 2},
		{[]string{"stopped", "new", "ready"}, 3},
		{[]string{"ready", "ready and stopped", "ready"}, 3},
		{[]string{"ready", "new", "ready and stopped", "ready and stopped"}, 3},
		{[]string{"ready", "stopped", "new"}, 0},
	} {
		var list []model.FleetRevision
		for i, what := range c.list {
			r := model.FleetRevision{Number: uint64(i + 1)}
			if strings.Contains(what, "ready") {
				r.ProvedAt = time.Unix(1, 0)
			}
			if strings.Contains(what, "stopped") {
				r.Stopped = "3 starts failed"
			}
			list = append(list, r)
		}
		if to, ok := UndoTo(1, list); to.Number != c.to || ok != (c.to > 0) {
			t.Errorf("%q: undone to %d (%v), want %d", c.list, to.Number, ok, c.to)
		}
	}
}

// GoString keeps the reports of failed properties short.
func (s *simServer) GoString() string {
	return fmt.Sprintf("%s %s of %d, %d sessions", s.ID, s.State, s.FleetRevision, len(s.sessions))
}

// of counts the servers of a template that there are.
func (w *world) of(revision uint64) (n int) {
	for _, s := range w.servers {
		if s.FleetRevision == revision {
			n++
		}
	}
	return n
}

// drawUpgrade is a fleet at rest of some templates' servers with sessions on them, with room below its maximum, and the
// template that comes next.
func drawUpgrade(t *rapid.T) (w *world, next uint64) {
	w = newWorld(model.FleetSpec{
		Capacity: model.Capacity{Sessions: rapid.IntRange(1, 8).Draw(t, "slots")},
		Ready:    rapid.IntRange(0, 2).Draw(t, "ready"), Open: rapid.IntRange(1, 12).Draw(t, "open"), Max: 60,
		Min:     rapid.IntRange(0, 6).Draw(t, "min"),
		Scaling: model.Scaling{Policies: []model.Policy{{Buffer: &model.BufferPolicy{}}}},
		Upgrade: model.UpgradePolicy{
			Surge:       rapid.SampledFrom([]string{"", "1", "3", "10%", "100%"}).Draw(t, "surge"),
			MaxDraining: rapid.SampledFrom([]string{"", "1", "3", "50%"}).Draw(t, "draining"),
		},
	})
	w.release(1)
	for range rapid.IntRange(1, 6).Draw(t, "batches") {
		w.seconds(t, 4)
		w.join(rapid.IntRange(1, 8).Draw(t, "joins"))
	}
	w.leaveSome(t)
	w.seconds(t, 8)
	return w, 2
}

func (w *world) seconds(t *rapid.T, n int) {
	for range n {
		w.second()
		noWrongs(t, w)
	}
}

// leaveSome ends some of the sessions.
func (w *world) leaveSome(t *rapid.T) {
	for _, s := range w.sorted() {
		if len(s.sessions) > 0 {
			s.sessions = s.sessions[rapid.IntRange(0, len(s.sessions)).Draw(t, "leaves"):]
		}
	}
}

// TestUpgradeSafety: while people come and go, an upgrade that is undone, paused, resumed and followed by another never goes
// above the maximum, never drains more at once than it may, and never takes a server away that leaves less than is wanted.
func TestUpgradeSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, next := drawUpgrade(t)
		w.release(next)
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			switch rapid.SampledFrom([]string{"join", "leave", "release", "pause", "nothing", "nothing"}).Draw(t, "what") {
			case "join":
				w.join(rapid.IntRange(1, 4).Draw(t, "joins"))
			case "leave":
				w.leaveSome(t)
			case "release":
				w.release(uint64(rapid.IntRange(1, 3).Draw(t, "revision")))
			case "pause":
				w.fleet.Spec.Upgrade.Paused = !w.fleet.Spec.Upgrade.Paused
			}
			for range rapid.IntRange(1, 8).Draw(t, "seconds") {
				w.age()
				w.watchUpgrade(t)
				noWrongs(t, w)
			}
		}
	})
}

// age lets the servers live for a second, without a plan.
func (w *world) age() {
	w.now = w.now.Add(time.Second)
	for _, s := range w.sorted() {
		w.live(s)
	}
}

// watchUpgrade makes the plan of this second, and looks at what it takes away for the upgrade.
func (w *world) watchUpgrade(t *rapid.T) {
	before := w.drainedForUpgrade()
	living, ready, free := 0, 0, w.freeBeside()
	was := make(map[model.ServerID]model.ServerState)
	for id, s := range w.servers {
		was[id] = s.State
		if s.State < model.ServerEmpty {
			living++
		}
		if s.State == model.ServerReady {
			ready++
		}
	}
	for _, a := range w.plan() {
		s := w.servers[a.Server]
		switch {
		case a.Verb == Start:
			living++
		case a.Verb == Open:
			free += s.FreeSlots()
			ready--
		case a.Verb == Drain && a.Drain.Cause == model.DrainUpgrade:
			if a.Unused != (len(s.sessions) == 0) {
				t.Fatalf("%s has %d sessions, and drains whether one begins meanwhile or not: %+v", a.Server, len(s.sessions), a)
			}
			free -= s.FreeSlots() + len(s.sessions)
			if free < w.fleet.Spec.Open {
				t.Fatalf("%s drains and %d slots are left free of %d wanted", a.Server, free, w.fleet.Spec.Open)
			}
		case a.Verb == Empty && was[a.Server] == model.ServerReady && strings.Contains(a.Reason, " replaces "):
			if ready--; ready < w.fleet.Spec.Ready {
				t.Fatalf("%s goes and %d servers are ready of %d wanted", a.Server, ready, w.fleet.Spec.Ready)
			}
		}
	}
	most := atLeastOne(w.fleet.Spec.Upgrade.MaxDraining, living)
	if after := w.drainedForUpgrade(); after > max(most, before) {
		t.Fatalf("%d servers drain at once for the upgrade, %d may of %d", after, most, living)
	}
}

// drainedForUpgrade counts the servers that drain for it. What scaling drains beside has bounds of its own.
func (w *world) drainedForUpgrade() (n int) {
	for _, s := range w.servers {
		if s.State == model.ServerDraining && s.Drain.Cause == model.DrainUpgrade {
			n++
		}
	}
	return n
}

// freeBeside counts the slots of open servers that no session on its way will take.
func (w *world) freeBeside() int {
	free := -len(w.homeless)
	for _, s := range w.sorted() {
		switch s.State {
		case model.ServerOpen:
			free += s.FreeSlots()
		case model.ServerDraining:
			free -= len(s.sessions)
		}
	}
	return free
}

// TestUpgradeLiveness: an upgrade ends: all servers are of the new template, what is wanted is there, no session was moved
// more than once, and then all is at rest.
func TestUpgradeLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, next := drawUpgrade(t)
		w.release(next)
		old := w.of(1)
		w.seconds(t, 30+12*old)
		if w.of(next) != len(w.servers) || w.last.Upgrade.Phase != "" {
			t.Fatalf("not done: %s; held: %q", w.last.Upgrade.Sentence, w.last.Holds)
		}
		for key, n := range w.moves {
			if n > 1 {
				t.Fatalf("session %s was moved %d times", key, n)
			}
		}
		w.seconds(t, 150)
		for range 30 {
			for _, a := range w.second() {
				if a.Verb != Forget {
					t.Fatalf("not at rest: %s %s: %s", a.Verb, a.Server, a.Reason)
				}
			}
		}
	})
}

// TestUpgradeUndoLiveness: an upgrade that is undone at any moment ends with the servers of the template before.
func TestUpgradeUndoLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, next := drawUpgrade(t)
		w.release(next)
		old := w.of(1)
		w.seconds(t, rapid.IntRange(0, 40).Draw(t, "until"))
		w.release(1)
		w.second()
		noWrongs(t, w)
		for _, s := range w.sorted() {
			if s.FleetRevision == 1 && s.State == model.ServerDraining {
				t.Fatalf("%s still drains: %s", s.ID, s.Reason)
			}
		}
		w.seconds(t, 60+12*old)
		if w.of(1) != len(w.servers) || w.last.Upgrade.Phase != "" {
			t.Fatalf("not done: %s; held: %q", w.last.Upgrade.Sentence, w.last.Holds)
		}
	})
}

// TestUpgradeToABrokenTemplate: nothing happens to any older server, the upgrade stops by itself, and demand is served
// meanwhile.
func TestUpgradeToABrokenTemplate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, next := drawUpgrade(t)
		w.seconds(t, 70) // what is surplus goes
		w.broken[next] = true
		w.release(next)
		tries := 0
		for n := range 60 {
			if n == 20 {
				w.join(rapid.IntRange(0, 10).Draw(t, "joins"))
			}
			for _, a := range w.second() {
				s := w.servers[a.Server]
				switch {
				case a.Verb == Start && a.Revision == next:
					tries++
				case a.Verb != Open && s != nil && s.FleetRevision == 1:
					t.Fatalf("%s %s: %s", a.Verb, a.Server, a.Reason)
				}
			}
			noWrongs(t, w)
		}
		if tries != model.DefaultMaxFailures || w.last.Upgrade.Phase != UpgradeStopped || w.revisions[0].Stopped == "" {
			t.Fatalf("%d tries, %+v", tries, w.last.Upgrade)
		}
		if free := w.freeBeside(); free < w.fleet.Spec.Open {
			t.Fatalf("%d slots are free, %d wanted", free, w.fleet.Spec.Open)
		}
	})
}

// TestStandIn: while the fleet's template is not to be trusted its servers are of the one that was used last of those that get
// ready, and not of one whose upgrade stopped while there is another.
func TestStandIn(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	crashed := func(number uint64) model.FleetRevision {
		return model.FleetRevision{Number: number, ProvedAt: at, Stopped: "3 servers ended unexpectedly"}
	}
	for name, c := range map[string]struct {
		before []model.FleetRevision // the last used first
		want   uint64
	}{
		"the last used":                  {[]model.FleetRevision{{Number: 3, ProvedAt: at}, {Number: 2, ProvedAt: at}}, 3},
		"one that never got ready":       {[]model.FleetRevision{{Number: 3}, {Number: 2, ProvedAt: at}}, 2},
		"one that stopped":               {[]model.FleetRevision{crashed(3), {Number: 2, ProvedAt: at}}, 2},
		"none that did not stop":         {[]model.FleetRevision{crashed(3), crashed(2)}, 3},
		"one that stopped, and no other": {[]model.FleetRevision{{Number: 3}, crashed(2)}, 2},
		"none that gets ready":           {[]model.FleetRevision{{Number: 3}, {Number: 2}}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Now: at, Fleet: model.Fleet{Revision: 4}, Revisions: append([]model.FleetRevision{{Number: 4}}, c.before...)}
			u := upgradeOf(&in)
			u.decide(&in, "")
			if u.demand != c.want {
				t.Errorf("needed servers are of revision %d, want %d", u.demand, c.want)
			}
		})
	}
}
