package keeper

import (
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// The pause after the n-th failed try to move a session is minRetry doubled n-1 times, up to maxRetry.
const (
	minRetry = 100 * time.Millisecond
	maxRetry = 2 * time.Second
)

// fleet is what a keeper remembers of one fleet between two ticks. All of it can be lost: it is found out again.
type fleet struct {
	name  model.FleetName
	lease string                          // whose holder keeps it
	poked chan struct{}                   // there may be something to do
	tell  func(model.FleetName, Decision) // Config.Decided

	tick      sync.Mutex  // one tick at a time; guards what follows, up to seen
	wish      model.Fleet // as it was wished to be at the last tick
	templates templates
	upgraded  bool // all servers are of the present template, and it is known to get ready
	state     plan.State
	fence     model.Generation
	// between are sessions that nobody here moves and that were between two servers at lookedAt, at which generation.
	between  map[model.SessionRef]model.Generation
	lookedAt time.Time
	states   map[model.ServerID]model.ServerState // of its servers, as Config.Became was told; nil before the first tick
	others   map[model.ServerID]othersAt          // of a static fleet's list

	seen sight

	mu       sync.Mutex
	busy     map[model.ServerID]bool             // being started
	moving   map[model.SessionRef]model.ServerID // being handed over or ended, and off which server
	lastMove map[model.ServerID]time.Time        // end of the last hand-over
	retries  map[model.SessionRef]retry          // of hand-overs that failed
	homeless map[model.SessionRef]*homeless
	noNode   noNode

	plannedAt    time.Time // the explanation: see Explain
	facts, holds []string
	size         plan.Size
	upgrade      plan.Upgrade
	answers      []scale.Answer
	boot         scale.Boot
	actions      []*told    // of the last plan that is worth a line
	history      []*decided // oldest first
}

// sight is where a tick puts what it observes; the next one writes over it. A large fleet's servers are megabytes, which
// would be thrown away several times a second.
type sight struct {
	servers   []model.Server
	others    []model.Server // of another fleet
	instances []provider.Instance
	plans     []plan.Instance
	sheet     plan.Sheet
}

// planned is memory for n instances as a plan sees them.
func (s *sight) planned(n int) []plan.Instance {
	s.plans = slices.Grow(s.plans[:0], n)[:n]
	return s.plans
}

type retry struct {
	tries int
	at    time.Time
}

// homeless is a session that is to be brought to rest by Mover.Replace.
type homeless struct {
	from    handover.Origin // zero when its server died
	retry   retry
	running bool
}

func newFleet(name model.FleetName, tell func(model.FleetName, Decision)) *fleet {
	return &fleet{
		name: name, lease: "keeper/" + string(name), poked: make(chan struct{}, 1), tell: tell,
		busy: map[model.ServerID]bool{}, moving: map[model.SessionRef]model.ServerID{},
		lastMove: map[model.ServerID]time.Time{}, retries: map[model.SessionRef]retry{},
		homeless: map[model.SessionRef]*homeless{}, others: map[model.ServerID]othersAt{},
	}
}

// poke makes the fleet's loop tick soon.
func (f *fleet) poke() {
	select {
	case f.poked <- struct{}{}:
	default:
	}
}

func (r retry) again(now time.Time) retry {
	pause := maxRetry
	if r.tries < 5 { // 100 ms << 5 is past the bound
		pause = min(maxRetry, minRetry<<r.tries)
	}
	return retry{tries: r.tries + 1, at: now.Add(pause)}
}
