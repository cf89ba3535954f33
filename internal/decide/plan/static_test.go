package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/model"
)

// racks is a static fleet as the planner's actions and the world make it.
type racks struct {
	now       time.Time
	fleet     model.Fleet
	servers   map[model.ServerID]*model.Server
	instances map[model.ServerID]*Instance
	joined    map[model.ServerID][]IdleSession
	found     map[model.ServerID]time.Time
	leaving   map[string]model.NodeLeave
	state     State
	last      Plan
}

func newRacks(names ...string) *racks {
	r := &racks{
		now:     time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC),
		servers: map[model.ServerID]*model.Server{}, instances: map[model.ServerID]*Instance{},
		joined: map[model.ServerID][]IdleSession{}, found: map[model.ServerID]time.Time{}, leaving: map[string]model.NodeLeave{},
	}
	r.list(names...)
	return r
}

func (r *racks) list(names ...string) {
	spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 10}, Static: &model.StaticSpec{}}
	if r.fleet.Spec.Static != nil {
		spec.Static.SessionIdle = r.fleet.Spec.Static.SessionIdle
	}
	for _, n := range names {
		spec.Static.Servers = append(spec.Static.Servers, model.StaticServer{Name: n})
	}
	r.fleet = model.Fleet{Name: "old", Spec: spec.WithDefaults(), Generation: r.fleet.Generation + 1}
}

func (r *racks) input() Input {
	in := Input{
		Now: r.now, Fleet: r.fleet, State: r.state, Found: r.found, Leaving: r.leaving, Idle: r.joined,
		Sessions: map[model.ServerID][]drain.Session{}, Moves: map[model.ServerID]Moves{},
	}
	for _, id := range slices.Sorted(maps.Keys(r.servers)) {
		s := r.servers[id]
		s.Sessions = len(r.joined[id])
		in.Servers = append(in.Servers, *s)
		if s.State == model.ServerDraining {
			for _, x := range r.joined[id] {
				in.Sessions[id] = append(in.Sessions[id], x.Session)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.instances)) {
		in.Instances = append(in.Instances, *r.instances[id])
	}
	return in
}

// seconds lets time pass and tells what was done.
func (r *racks) seconds(n int) string {
	var out strings.Builder
	for range n {
		r.now = r.now.Add(time.Second)
		r.last, r.state = Make(r.input())
		for _, a := range r.last.Actions {
			fmt.Fprintf(&out, "%s %s: %s\n", a.Verb, a.Server, a.Reason)
			r.apply(a)
		}
	}
	return out.String()
}

func (r *racks) apply(a Action) {
	s := r.servers[a.Server]
	become := map[Verb]model.ServerState{
		Open: model.ServerOpen, Cordon: model.ServerCordoned, Uncordon: model.ServerOpen, Drain: model.ServerDraining,
		Empty: model.ServerEmpty, Stopped: model.ServerStopped, Unhealthy: model.ServerUnhealthy,
	}
	if state, ok := become[a.Verb]; ok {
		s.State, s.Reason, s.StateSince, s.Drain = state, a.Reason, r.now, a.Drain
		s.Generation++
		if state.Terminal() {
			delete(r.joined, a.Server)
		}
		return
	}
	switch a.Verb {
	case Start:
		r.servers[a.Server] = &model.Server{
			ID: a.Server, Fleet: "old", State: model.ServerStarting, Linkless: true, Generation: 1, CreatedAt: r.now, StateSince: r.now,
			SessionCapacity: 10, SeatCapacity: 1000, SeatsPerSession: 100,
		}
		r.instances[a.Server] = &Instance{ID: a.Server, Running: true, Doubt: "no probe was answered yet"}
	case Stop:
		i := r.instances[a.Server]
		i.Stopping, i.Running, i.Exit = true, false, "given back"
	case Remove:
		delete(r.servers, a.Server)
	case Forget:
		delete(r.instances, a.Server)
	case End:
		r.joined[a.Server] = slices.DeleteFunc(slices.Clone(r.joined[a.Server]), func(x IdleSession) bool {
			return slices.ContainsFunc(a.Sessions, func(e drain.Session) bool { return e.SessionRef == x.SessionRef })
		})
	}
}

func (r *racks) join(id model.ServerID, key string) {
	r.joined[id] = append(r.joined[id], IdleSession{
		Session: drain.Session{SessionRef: model.SessionRef{Route: "arena", Key: model.SessionKey(key)}, Generation: 1}, JoinedAt: r.now,
	})
}

// TestAStaticFleetsStory: what becomes of a list of two addresses.
func TestAStaticFleetsStory(t *testing.T) {
	r := newRacks("one", "two")
	says := func(when, want string) {
		t.Helper()
		n := 3
		if got := r.seconds(n); got != want {
			t.Errorf("%s:\n%swant\n%s", when, got, want)
		}
	}
	says("applied", "start old.one: every address of the fleet's list is used\nstart old.two: every address of the fleet's list is used\n")
	r.instances["old.one"].Doubt = ""
	says("one answers", "open old.one: it answers\n")
	if got := strings.Join(r.last.Holds, "; "); got != "old.two is not used yet: no probe was answered yet" {
		t.Errorf("held: %s", got)
	}
	r.now = r.now.Add(time.Hour)
	says("nobody waits for two", "")
	r.instances["old.two"].Doubt = ""
	says("two answers", "open old.two: it answers\n")
	if r.last.Size != (Size{Known: true, Wanted: 2, Desired: 2}) {
		t.Errorf("size %+v", r.last.Size)
	}

	r.join("old.one", "room-1")
	r.instances["old.one"].Doubt = "3 probes without a good answer: no answer in time"
	says("one is cut off", "cordon old.one: 3 probes without a good answer: no answer in time\n")
	r.instances["old.one"].Doubt = ""
	says("one is back", "uncordon old.one: it answers again\n")

	r.instances["old.one"].Running, r.instances["old.one"].Exit = false, "no good answer for 5m0s"
	says("one is dead", "unhealthy old.one: its instance ended: no good answer for 5m0s, with 1 session on it\nremove old.one: its instance ended: no good answer for 5m0s, with 1 session on it\n")
	r.now = r.now.Add(time.Hour)
	says("an hour later", "")
	if got := strings.Join(r.last.Holds, "; "); got != "old.one is not used until it answers again: no good answer for 5m0s" {
		t.Errorf("held: %s", got)
	}
	delete(r.instances, "old.one") // the provider's word for: it answers again
	says("one is back from the dead", "start old.one: every address of the fleet's list is used\n")
	r.instances["old.one"].Doubt = ""
	says("and answers", "open old.one: it answers\n")

	r.join("old.two", "room-2")
	r.list("one")
	says("two is taken off the list", "drain old.two: it is not on the fleet's list any more\n")
	r.joined = map[model.ServerID][]IdleSession{}
	says("its session ends", "empty old.two: no session left: it is not on the fleet's list any more\nstop old.two: no session left: it is not on the fleet's list any more\nstopped old.two: its instance ended: given back\n")
	says("and it is gone", "remove old.two: its instance ended: given back\n")

	r.leaving["one"] = model.NodeLeave{Node: "one", Reason: "new disks"}
	r.servers["old.one"].State = model.ServerEmpty // by whoever drains machines that leave
	r.seconds(5)
	if _, there := r.servers["old.one"]; there || !slices.Contains(r.last.Holds, "old.one is not used: its machine goes away: new disks") {
		t.Errorf("an address on a machine that leaves: %v", r.last.Holds)
	}
	delete(r.leaving, "one")
	says("the machine stays", "start old.one: every address of the fleet's list is used\n")
}

// A server that links is not dead because nobody answers the control plane's probes: that takes its silence too (rule I9).
func TestALinkedStaticServerIsNotDeadWhileItSpeaks(t *testing.T) {
	r := newRacks("one")
	r.seconds(1)
	s := r.servers["old.one"]
	s.Linkless, s.Linked, s.State, s.ReportedAt = false, true, model.ServerReady, r.now
	r.instances["old.one"].Doubt = ""
	if got := r.seconds(2); got != "open old.one: every address of the fleet's list is used\n" {
		t.Errorf("linked: %s", got)
	}
	r.join("old.one", "room-1")
	r.instances["old.one"].Running, r.instances["old.one"].Exit = false, "no good answer for 5m0s"
	for range 60 {
		s.ReportedAt = r.now
		if got := r.seconds(1); strings.Contains(got, "unhealthy") {
			t.Fatalf("though it reports: %s", got)
		}
	}
	if s.State != model.ServerCordoned {
		t.Errorf("it is %s", s.State)
	}
	if got := r.seconds(12); !strings.Contains(got, "unhealthy old.one") {
		t.Errorf("silent too: %s", got)
	}
}

// Sessions of servers without a link end when nobody joined them for the fleet's time, or when the server says that it has
// none and their players must have arrived by then.
func TestIdleSessionsEnd(t *testing.T) {
	r := newRacks("one")
	r.fleet.Spec.Static.SessionIdle = 10 * time.Minute
	r.seconds(1)
	r.instances["old.one"].Doubt = ""
	r.seconds(1)
	r.join("old.one", "early")
	r.now = r.now.Add(5 * time.Minute)
	r.join("old.one", "late")
	if got := r.seconds(1); got != "" {
		t.Errorf("too soon: %s", got)
	}
	r.now = r.now.Add(5 * time.Minute)
	if got := r.seconds(1); got != "end old.one: nobody joined for 10m0s\n" || len(r.joined["old.one"]) != 1 {
		t.Errorf("after ten minutes: %s", got)
	}
	r.instances["old.one"].BareAt = r.now
	r.join("old.one", "new")
	if got := r.seconds(1); got != "end old.one: the server says that it has no session\n" || len(r.joined["old.one"]) != 1 {
		t.Errorf("it says that it has none: %s", got)
	}
	r.now = r.now.Add(BareAfter)
	if got := r.seconds(1); got != "" {
		t.Errorf("it has not said so since: %s", got)
	}
	r.instances["old.one"].BareAt = r.now
	if got := r.seconds(1); got != "end old.one: the server says that it has no session\n" {
		t.Errorf("it says so again: %s", got)
	}
}

// Whatever probes see: a server of the list is never drained or stopped, none with sessions is taken for dead but by its
// end, and when all answer again all are open.
func TestStaticFleetsConverge(t *testing.T) {
	names := []string{"one", "three", "two"}
	rapid.Check(t, func(t *rapid.T) {
		r := newRacks(names...)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if ids := slices.Sorted(maps.Keys(r.instances)); len(ids) > 0 {
				i := r.instances[rapid.SampledFrom(ids).Draw(t, "server")]
				switch rapid.SampledFrom([]string{"doubt", "trust", "trust", "die", "join", "restart"}).Draw(t, "what") {
				case "doubt":
					i.Doubt = "no answer in time"
				case "trust":
					i.Doubt = ""
				case "die":
					i.Running, i.Exit = false, "no good answer for 5m0s"
				case "join":
					if s := r.servers[i.ID]; s != nil && s.State == model.ServerOpen {
						r.join(i.ID, fmt.Sprint("room-", r.now.Unix()))
					}
				case "restart":
					r.state = State{}
				}
			}
			before := maps.Clone(r.instances)
			did := r.seconds(rapid.IntRange(1, 20).Draw(t, "seconds"))
			for _, verb := range []Verb{Drain, Empty, HandOver, Retire} {
				if strings.Contains(did, string(verb)+" old.") {
					t.Fatalf("%s", did)
				}
			}
			for id, i := range before {
				if i.Running && strings.Contains(did, fmt.Sprintf("unhealthy %s:", id)) {
					t.Fatalf("%s runs: %s", id, did)
				}
			}
		}
		for range 20 { // everybody answers: the provider drops the dead
			for id, i := range r.instances {
				if i.Doubt = ""; !i.Running && r.servers[id] == nil {
					delete(r.instances, id)
				}
			}
			r.seconds(1)
		}
		for _, n := range names {
			if s := r.servers[model.StaticServerID("old", n)]; s == nil || s.State != model.ServerOpen {
				t.Fatalf("%s: %+v", n, s)
			}
		}
		if got := r.seconds(10); got != "" {
			t.Fatalf("it does not come to rest: %s", got)
		}
	})
}
