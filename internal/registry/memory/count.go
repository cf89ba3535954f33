package memory

import (
	"context"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Count implements registry.Registry. What it answers is kept with every change: servers are counted anew where they are
// ranked anew, sessions where their seats change.
func (m *Memory) Count(context.Context) (registry.Count, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := registry.Count{
		Fleets: make(map[model.FleetName]registry.FleetCount, len(m.fleets)),
		Routes: make(map[model.RouteName]registry.RouteCount, len(m.routes)),
	}
	for name, f := range m.fleets {
		if len(f.servers) > 0 {
			out.Fleets[name] = f.count
		}
	}
	for name, r := range m.routes {
		out.Routes[name] = *r
	}
	return out, nil
}

// recount counts the server as it is now in place of what it was; its fleet's count follows.
func (s *server) recount() {
	s.uncount()
	s.counted = registry.CountServer(&s.Server)
	s.fleet.count.Add(&s.counted, 1)
}

// uncount takes the server out of its fleet's count.
func (s *server) uncount() {
	s.fleet.count.Add(&s.counted, -1)
	s.counted = registry.FleetCount{}
}

// route is the count of a route's sessions.
func (m *Memory) route(name model.RouteName) *registry.RouteCount {
	r := m.routes[name]
	if r == nil {
		r = &registry.RouteCount{}
		m.routes[name] = r
	}
	return r
}

// seatsChanged counts that a session has so many seats more, and is or is no longer one with players.
func (m *Memory) seatsChanged(x *session, n int) {
	r := m.route(x.ref.Route)
	r.Players += n
	now := len(x.seats.list)
	switch {
	case now == n && n > 0: // it had none
		x.countActive(r, 1)
	case now == 0 && n < 0:
		x.countActive(r, -1)
	}
}

// uncountSession takes a session with its seats out of its route's count.
func (m *Memory) uncountSession(x *session) {
	r := m.route(x.ref.Route)
	r.Sessions--
	r.SessionsActive -= x.active()
	r.Players -= len(x.seats.list)
	if r.Sessions == 0 {
		delete(m.routes, x.ref.Route)
	}
}

func (x *session) countActive(r *registry.RouteCount, n int) {
	r.SessionsActive += n
	if x.server != nil {
		x.server.SessionsActive += n
	}
}

// active is 1 for a session with players, else 0.
func (x *session) active() int { return min(1, len(x.seats.list)) }
