package memory

import (
	"context"
	"slices"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Count implements registry.Registry. What it answers is kept with every change: sessions are counted anew where their seats
// change, servers, of which there is more to count, here, if they changed since they last were.
func (m *Memory) Count(context.Context) (registry.Count, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := registry.Count{
		Fleets: make(map[model.FleetName]registry.FleetCount, len(m.fleets)),
		Routes: make(map[model.RouteName]registry.RouteCount, len(m.routes)),
	}
	for name, f := range m.fleets {
		if len(f.servers) > 0 {
			f.countChanged()
			out.Fleets[name] = f.count
		}
	}
	for name, r := range m.routes {
		if r.count.Sessions > 0 {
			out.Routes[name] = r.count
		}
	}
	return out, nil
}

// recount has a server counted as it is now, in place of what it was, before anybody is told.
func (f *fleet) recount(s *server) {
	if !s.changed {
		s.changed = true
		f.changed = append(f.changed, s)
	}
}

// countChanged counts those that are to be counted anew.
func (f *fleet) countChanged() {
	for i, s := range f.changed {
		f.count.Add(&s.counted, -1)
		s.counted, s.changed = registry.CountServer(&s.Server), false
		f.count.Add(&s.counted, 1)
		f.changed[i] = nil
	}
	f.changed = f.changed[:0]
}

// uncount takes a server out of its fleet's count.
func (f *fleet) uncount(s *server) {
	f.count.Add(&s.counted, -1)
	s.counted = registry.FleetCount{}
	if s.changed {
		s.changed = false
		f.changed = slices.DeleteFunc(f.changed, func(other *server) bool { return other == s })
	}
}

// route is what is counted of a route.
type route struct {
	count registry.RouteCount
	tally registry.Counters
}

func (m *Memory) route(name model.RouteName) *route {
	r := m.routes[name]
	if r == nil {
		r = &route{}
		m.routes[name] = r
	}
	return r
}

// seatsChanged counts that a session has so many seats more, and is or is no longer one with players.
func (m *Memory) seatsChanged(x *session, n int) {
	x.route.count.Players += n
	now := len(x.seats.list)
	switch {
	case now == n && n > 0: // it had none
		x.countActive(1)
	case now == 0 && n < 0:
		x.countActive(-1)
	}
}

// uncountSession takes a session with its seats out of its route's count.
func (m *Memory) uncountSession(x *session) {
	r := &x.route.count
	r.Sessions--
	r.SessionsActive -= x.active()
	r.Players -= len(x.seats.list)
}

func (x *session) countActive(n int) {
	x.route.count.SessionsActive += n
	if x.server != nil {
		x.server.SessionsActive += n
	}
}

// active is 1 for a session with players, else 0.
func (x *session) active() int { return min(1, len(x.seats.list)) }
