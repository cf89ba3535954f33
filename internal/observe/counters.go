package observe

import (
	"maps"
	"sync"
	"sync/atomic"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
)

// fleetMetrics counts what happened on a fleet.
type fleetMetrics struct {
	seated                           atomic.Uint64
	join, boot                       *histogram
	started, startFailed, died       atomic.Uint64
	begun, finished, takenBack, ends atomic.Uint64 // drains; ends: sessions were ended at their deadline

	mu        sync.Mutex
	decisions map[decision]uint64
}

type decision struct {
	verb plan.Verb
	ok   bool
}

func newFleetMetrics() *fleetMetrics {
	return &fleetMetrics{join: newHistogram(joinBounds()), boot: newHistogram(bootBounds()), decisions: map[decision]uint64{}}
}

func (f *fleetMetrics) decide(verb plan.Verb, servers int, ok bool) {
	if verb == plan.End {
		f.ends.Add(uint64(servers))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decisions[decision{verb, ok}] += uint64(servers)
}

// became counts a server's step. One that a restarted control plane finds again was not started by it.
func (f *fleetMetrics) became(from model.ServerState, s *model.Server) {
	starting := from == model.ServerStarting
	switch to := s.State; {
	case from == model.ServerStateUnknown:
		f.started.Add(1)
	case starting && (to == model.ServerReady || to == model.ServerOpen):
		f.boot.observe(s.StateSince.Sub(s.CreatedAt))
	case starting && to.Terminal():
		f.startFailed.Add(1)
	case to == model.ServerUnhealthy:
		f.died.Add(1)
	case to == model.ServerDraining:
		f.begun.Add(1)
	case from == model.ServerDraining && to == model.ServerEmpty:
		f.finished.Add(1)
	case from == model.ServerDraining && to == model.ServerOpen:
		f.takenBack.Add(1)
	}
}

// counted is the fleet's decisions.
func (f *fleetMetrics) counted() map[decision]uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.decisions)
}

// routeMetrics counts what happened to a route's joins.
type routeMetrics struct {
	wait *histogram

	mu      sync.Mutex
	refused map[string]uint64 // by reason
}

func newRouteMetrics() *routeMetrics {
	return &routeMetrics{wait: newHistogram(joinBounds()), refused: map[string]uint64{}}
}

func (r *routeMetrics) refuse(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused[reason]++
}

// counted is the route's refusals.
func (r *routeMetrics) counted() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.refused)
}
