package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/model"
)

// world is a fleet as the planner's actions and the tests' faults make it: servers that become ready two seconds after
// their start, instances that end a second after they were told to, hand-overs that take a second.
type world struct {
	now       time.Time
	fleet     model.Fleet
	servers   map[model.ServerID]*simServer
	dead      map[model.ServerID]Instance // instances without a server
	homeless  []drain.Session
	found     map[model.ServerID]time.Time
	frozen    map[model.ServerID]bool // heard of after a restart, and not told to go on
	state     State
	last      Plan
	born      int
	sessions  int
	waiting   int  // joins in the queue
	stillborn bool // what is started dies at once
	nodes     []string
	leaves    map[string]model.NodeLeave
	retired   bool
	wrongs    []string // broken rules

	revisions []model.FleetRevision
	broken    map[uint64]bool // templates whose servers die at their start
	moves     map[model.SessionKey]int
}

type simServer struct {
	model.Server
	inst     Instance
	mute     bool
	unknown  bool // the provider has lost it
	sessions []drain.Session
	lastMove time.Time
}

func newWorld(spec model.FleetSpec) *world {
	return &world{
		now:     time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC),
		fleet:   model.Fleet{Name: "plaza", Spec: spec.WithDefaults(), Generation: 1},
		servers: map[model.ServerID]*simServer{}, dead: map[model.ServerID]Instance{},
		found: map[model.ServerID]time.Time{}, frozen: map[model.ServerID]bool{}, broken: map[uint64]bool{}, moves: map[model.SessionKey]int{},
		nodes: []string{"a", "b"}, leaves: map[string]model.NodeLeave{},
	}
}

func (w *world) sorted() []*simServer {
	var out []*simServer
	for _, id := range slices.Sorted(maps.Keys(w.servers)) {
		s := w.servers[id]
		s.Sessions, s.SeatsClaimed = len(s.sessions), len(s.sessions)
		out = append(out, s)
	}
	return out
}

func (w *world) input() Input {
	in := Input{
		Now: w.now, Fleet: w.fleet, Found: w.found, FoundBy: w.foundBy(), Frozen: w.frozen, State: w.state, Homeless: len(w.homeless), Waiting: w.waiting,
		Revisions: w.revisions, Leaving: w.leaves,
		Sessions: map[model.ServerID][]drain.Session{}, Moves: map[model.ServerID]Moves{},
	}
	if w.node() == "" {
		in.NoNode = "no machine is left"
	}
	for _, s := range w.sorted() {
		in.Servers = append(in.Servers, s.Server)
		if !s.unknown {
			in.Instances = append(in.Instances, s.inst)
		}
		if s.State == model.ServerDraining {
			in.Sessions[s.ID] = s.sessions
			in.Moves[s.ID] = Moves{LastAt: s.lastMove}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.dead)) {
		in.Instances = append(in.Instances, w.dead[id])
	}
	return in
}

func (w *world) foundBy() (t time.Time) {
	for _, at := range w.found {
		t = model.Later(t, at.Add(RecoveryGrace))
	}
	return t
}

// second lets a second pass: the servers live on, a plan is made and carried out.
func (w *world) second() []Action {
	w.now = w.now.Add(time.Second)
	for _, s := range w.sorted() {
		w.live(s)
	}
	return w.plan()
}

func (w *world) plan() []Action {
	in := w.input()
	w.last, w.state = Make(in)
	for _, a := range w.last.Actions {
		w.apply(a)
	}
	w.rehome()
	if len(w.servers) > w.fleet.Spec.Max && w.last.has(Start) {
		w.wrong("%d servers, maximum %d", len(w.servers), w.fleet.Spec.Max)
	}
	return w.last.Actions
}

func (p Plan) has(v Verb) bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool { return a.Verb == v })
}

func (w *world) live(s *simServer) {
	switch {
	case !s.inst.Running:
	case s.inst.Stopping:
		s.inst.Running, s.inst.Exit, s.Linked = false, "exit status 0", false
	case (w.stillborn || w.broken[s.FleetRevision]) && s.State == model.ServerStarting:
		s.inst.Running, s.inst.Exit = false, "exit status 1"
	case s.mute, s.State == model.ServerStarting && w.now.Sub(s.StateSince) < 2*time.Second:
	default:
		s.Linked, s.ReportedAt, s.Departing = true, w.now, 0
		if s.State == model.ServerStarting {
			w.greet(s)
		}
		if _, again := w.found[s.ID]; again {
			delete(w.found, s.ID)
			w.frozen[s.ID] = true
		}
	}
}

// greet makes a starting server ready, or what it was before a restart of the control plane.
func (w *world) greet(s *simServer) {
	told := model.ServerReady
	if _, again := w.found[s.ID]; again && s.Annotations["told"] == "open" {
		told = model.ServerOpen
	}
	w.become(s, told, "greeted")
}

func (w *world) become(s *simServer, state model.ServerState, reason string) {
	if !s.State.CanBecome(state) {
		w.wrong("%s cannot go from %s to %s", s.ID, s.State, state)
	}
	s.State, s.Reason, s.StateSince = state, reason, w.now
	s.Generation++
	if state == model.ServerOpen {
		s.Annotations = map[string]string{"told": "open"}
		s.Drain = nil
	}
}

func (w *world) wrong(format string, args ...any) {
	w.wrongs = append(w.wrongs, fmt.Sprintf(format, args...))
}

// apply carries an action out and notes every rule that it breaks.
func (w *world) apply(a Action) {
	if a.Reason == "" {
		w.wrong("%s %s has no reason", a.Verb, a.Server)
	}
	switch a.Verb {
	case Start:
		w.start(a.Revision)
		return
	case Prove, Halt:
		w.note(a)
		return
	case Forget:
		delete(w.dead, a.Server)
		return
	case Retire:
		w.retired = true
		return
	case Thaw: // whatever the server has become
		if w.now.Before(w.foundBy()) {
			w.wrong("%s goes on while others were not heard of", a.Server)
		}
		delete(w.frozen, a.Server)
		return
	}
	s := w.servers[a.Server]
	if s == nil || s.Generation != a.Generation {
		w.wrong("%s of %s: not its generation", a.Verb, a.Server)
		return
	}
	w.applyTo(s, a)
}

func (w *world) applyTo(s *simServer, a Action) {
	stops := a.Verb == Empty || a.Verb == Stop || a.Verb == Stopped || a.Verb == Remove
	if stops && len(s.sessions) > 0 {
		w.wrong("%s of %s with sessions", a.Verb, s.ID)
	}
	if a.Verb == Empty && s.Departing > 0 && (!a.Abandon || s.Linked || w.now.Before(s.Drain.DeadlineAt)) {
		w.wrong("%s of %s with players who wait to be sent on", a.Verb, s.ID)
	}
	switch a.Verb {
	case Open, Uncordon:
		w.become(s, model.ServerOpen, a.Reason)
	case Undrain:
		if s.State != model.ServerDraining || s.Drain == nil || s.Drain.Cause == model.DrainAsked {
			w.wrong("%s: a drain is taken back that somebody asked for", s.ID)
		}
		w.become(s, model.ServerOpen, a.Reason)
	case Avoid, Welcome:
		s.Avoided = a.Verb == Avoid
	case Cordon:
		w.become(s, model.ServerCordoned, a.Reason)
	case Drain:
		w.become(s, model.ServerDraining, a.Reason)
		s.Drain = a.Drain
	case Empty:
		w.become(s, model.ServerEmpty, a.Reason)
	case Stop:
		s.inst.Stopping = true
	case Stopped:
		w.become(s, model.ServerStopped, a.Reason)
	case Unhealthy:
		if s.inst.Running && !s.unknown {
			w.wrong("%s unhealthy although it runs", s.ID)
		}
		w.become(s, model.ServerUnhealthy, a.Reason)
		w.homeless = append(w.homeless, s.sessions...)
		s.sessions = nil
	case Remove:
		delete(w.servers, s.ID)
		if !s.unknown {
			w.dead[s.ID] = s.inst
		}
	case HandOver:
		w.handOver(s, a)
	case End:
		if a.Rejoin != (s.Drain.Cause == model.DrainNode) {
			w.wrong("%s: its players are told the wrong thing", s.ID)
		}
		if w.now.Before(s.Drain.DeadlineAt) {
			w.wrong("%s: sessions ended before the deadline", s.ID)
		}
		if s.Drain.Cause == model.DrainConsolidation {
			w.wrong("%s: sessions ended for consolidation", s.ID)
		}
		w.takeOff(s, a.Sessions)
	}
}

func (w *world) handOver(s *simServer, a Action) {
	if w.now.Before(s.Drain.HandOverAt) {
		w.wrong("%s: handed over before its time", s.ID)
	}
	if w.frozen[s.ID] {
		w.wrong("%s: handed over before it was told to go on", s.ID)
	}
	for _, x := range a.Sessions {
		if !w.place(x) {
			w.wrong("%s: %s handed over and no slot for it", s.ID, x.Key)
			continue
		}
		w.takeOff(s, []drain.Session{x})
		w.moves[x.Key]++
	}
	s.lastMove = w.now
}

func (w *world) takeOff(s *simServer, gone []drain.Session) {
	s.sessions = slices.DeleteFunc(slices.Clone(s.sessions), func(x drain.Session) bool {
		return slices.ContainsFunc(gone, func(g drain.Session) bool { return g.Key == x.Key })
	})
}

func (w *world) rehome() {
	w.homeless = slices.DeleteFunc(w.homeless, w.place)
}

// place puts a session on the fullest open server that has room, and on an avoided one only if there is no other.
func (w *world) place(x drain.Session) bool {
	var best *simServer
	for _, s := range w.sorted() {
		if s.State != model.ServerOpen || s.FreeSlots() <= 0 {
			continue
		}
		if best == nil || best.Avoided && !s.Avoided || best.Avoided == s.Avoided && s.Sessions > best.Sessions {
			best = s
		}
	}
	if best != nil {
		best.sessions = append(best.sessions, x)
		best.FilledAt = w.now
	}
	return best != nil
}

// node is the one with the fewest servers that stays; "": none does.
func (w *world) node() (best string) {
	least := 0
	for _, node := range w.nodes {
		n := 0
		for _, s := range w.servers {
			if s.Node == node {
				n++
			}
		}
		if _, leaves := w.leaves[node]; !leaves && (best == "" || n < least) {
			best, least = node, n
		}
	}
	return best
}

func (w *world) start(revision uint64) {
	if w.node() == "" {
		w.wrong("a server is started and there is no machine for it")
	}
	w.born++
	id := model.ServerID(fmt.Sprintf("plaza-%03d", w.born))
	c := w.fleet.Spec.Capacity
	w.servers[id] = &simServer{
		Server: model.Server{
			ID: id, Fleet: "plaza", State: model.ServerStarting, Generation: 1, CreatedAt: w.now, StateSince: w.now,
			SessionCapacity: c.Sessions, SeatCapacity: c.Seats, SeatsPerSession: c.SeatsPerSession, FleetRevision: revision, Node: w.node(),
		},
		inst: Instance{ID: id, Running: true},
	}
}

// join opens n sessions and answers how many found a place.
func (w *world) join(n int) int {
	placed := 0
	for range n {
		w.sessions++
		key := model.SessionKey(fmt.Sprintf("room-%d", w.sessions))
		if w.place(drain.Session{SessionRef: model.SessionRef{Route: "plaza", Key: key}, Generation: 1}) {
			placed++
		}
	}
	return placed
}

// restart is a new control plane: all it has is what the provider tells it.
func (w *world) restart() {
	w.state = State{}
	w.found, w.frozen = map[model.ServerID]time.Time{}, map[model.ServerID]bool{}
	for id, s := range w.servers {
		if !s.inst.Running {
			delete(w.servers, id)
			continue
		}
		s.State, s.Reason, s.StateSince = model.ServerStarting, "found again", w.now
		s.Linked, s.ReportedAt, s.Generation, s.Drain, s.Avoided = false, time.Time{}, 1, nil, false
		w.found[id] = w.now
	}
}
