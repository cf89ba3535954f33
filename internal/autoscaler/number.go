package autoscaler

import (
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

// number is one of the numbers that others scale by: a key of the JSON answers and a metric of KEDA's triggers.
type number struct {
	name    string
	planned bool                              // known only while the fleet's keeper plans
	fleet   func(*observe.FleetCount) float64 // nil: not known by fleet
	route   func(*observe.RouteCount) float64 // nil: not known by route
}

// numbers are all there are, in the order in which they are shown. docs/guides/autoscalers.md says what each means.
func numbers() []number {
	servers := func(states ...model.ServerState) func(*observe.FleetCount) float64 {
		return func(f *observe.FleetCount) float64 {
			n := 0
			for _, s := range states {
				n += f.Servers[s]
			}
			return float64(n)
		}
	}
	return []number{
		{name: "replicas", planned: true, fleet: func(f *observe.FleetCount) float64 { return float64(replicas(f)) }},
		{name: "servers_wanted", planned: true, fleet: func(f *observe.FleetCount) float64 { return float64(f.Wanted) }},
		{name: "servers_desired", planned: true, fleet: func(f *observe.FleetCount) float64 { return float64(f.Desired) }},
		{name: "servers_starting", fleet: servers(model.ServerStarting)},
		{name: "servers_ready", fleet: servers(model.ServerReady)},
		{name: "servers_open", fleet: servers(model.ServerOpen)},
		{name: "servers_draining", fleet: servers(model.ServerDraining)},
		{name: "servers_leaving", fleet: servers(model.ServerCordoned, model.ServerDraining, model.ServerEmpty)},
		{
			name:  "sessions",
			fleet: func(f *observe.FleetCount) float64 { return float64(f.Sessions) },
			route: func(r *observe.RouteCount) float64 { return float64(r.Sessions) },
		},
		{
			name:  "sessions_active",
			fleet: func(f *observe.FleetCount) float64 { return float64(f.SessionsActive) },
			route: func(r *observe.RouteCount) float64 { return float64(r.SessionsActive) },
		},
		{name: "active_rate", fleet: (*observe.FleetCount).ActiveRate, route: (*observe.RouteCount).ActiveRate},
		{name: "session_slots", fleet: func(f *observe.FleetCount) float64 { return float64(f.SessionSlots) }},
		{name: "session_slots_free", fleet: func(f *observe.FleetCount) float64 { return float64(f.FreeSessionSlots) }},
		{
			name:  "players",
			fleet: func(f *observe.FleetCount) float64 { return float64(f.Players()) },
			route: func(r *observe.RouteCount) float64 { return float64(r.Players) },
		},
		{name: "seats", fleet: func(f *observe.FleetCount) float64 { return float64(f.Seats) }},
		{name: "occupancy", fleet: (*observe.FleetCount).Occupancy},
		{
			name:  "joins_waiting",
			fleet: func(f *observe.FleetCount) float64 { return float64(f.Waiting) },
			route: func(r *observe.RouteCount) float64 { return float64(r.Waiting) },
		},
	}
}

// replicas is what somebody who counts every server is to keep: those that are wanted and those that leave and are not gone
// yet. Without the latter, the same number of servers that are wanted would be taken away for them.
func replicas(f *observe.FleetCount) int {
	return f.Wanted + f.Servers[model.ServerDraining] + f.Servers[model.ServerEmpty]
}

// subject is a fleet or a route of a count.
type subject struct {
	kind, name string // "fleet" or "route"
	fleet      *observe.FleetCount
	route      *observe.RouteCount
}

// fleet finds a fleet; errUnknown, errNotYet.
func (a *Autoscaler) fleet(name string) (subject, error) {
	c, err := a.count()
	if err != nil {
		return subject{}, err
	}
	f, ok := c.Fleets[model.FleetName(name)]
	if !ok {
		return subject{}, fmt.Errorf("fleet %q: %w", name, errUnknown)
	}
	if a.cfg.Now().Sub(f.PlannedAt) > MaxAge {
		f.Planned = false
	}
	return subject{kind: "fleet", name: name, fleet: &f}, nil
}

// route finds a route; errUnknown, errNotYet.
func (a *Autoscaler) route(name string) (subject, error) {
	c, err := a.count()
	if err != nil {
		return subject{}, err
	}
	r, ok := c.Routes[model.RouteName(name)]
	if !ok {
		return subject{}, fmt.Errorf("route %q: %w", name, errUnknown)
	}
	return subject{kind: "route", name: name, route: &r}, nil
}

// value answers one of the subject's numbers; false for one that is not known of its kind.
func (s *subject) value(n *number) (float64, bool) {
	switch {
	case s.fleet != nil && n.fleet != nil:
		return n.fleet(s.fleet), true
	case s.route != nil && n.route != nil:
		return n.route(s.route), true
	}
	return 0, false
}

// missing tells why a number of the subject is not known now; nil if it is.
func (s *subject) missing(n *number) error {
	if !n.planned || s.fleet == nil || s.fleet.Planned {
		return nil
	}
	if s.fleet.PlannedAt.IsZero() {
		return fmt.Errorf("%s of fleet %s: nothing has been planned for it yet: %w", n.name, s.name, errNotYet)
	}
	return fmt.Errorf("%s of fleet %s: nothing could be decided at the last plan, at %s: %w",
		n.name, s.name, s.fleet.PlannedAt.UTC().Format(time.RFC3339), errNotYet)
}

// numberNames are the names of the numbers that are known of a kind of subject.
func numberNames(kind string) string {
	var names []string
	for _, n := range numbers() {
		if kind == "fleet" && n.fleet != nil || kind == "route" && n.route != nil {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ", ")
}
