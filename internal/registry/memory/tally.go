package memory

import (
	"context"
	"maps"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

func newTally() registry.Tally {
	return registry.Tally{Fleets: map[model.FleetName]registry.Counters{}, Routes: map[model.RouteName]registry.Counters{}}
}

// Tally implements registry.Registry.
func (m *Memory) Tally(context.Context) (registry.Tally, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return registry.Tally{Fleets: maps.Clone(m.tally.Fleets), Routes: maps.Clone(m.tally.Routes)}, nil
}

func (m *Memory) sessionBegun(x *session) {
	m.counted(x, func(c *registry.Counters) { c.SessionsBegun++ })
}

func (m *Memory) seatTaken(x *session) {
	m.counted(x, func(c *registry.Counters) { c.SeatsTaken++ })
}

func (m *Memory) seatsFreed(x *session, n int) {
	m.counted(x, func(c *registry.Counters) { c.SeatsFreed += uint64(n) })
}

// connected takes what a server says of its connections since its process began: what is more than it said before. Of one
// that was found again the first word is only where it stands; what came before was another registry's to count.
func (m *Memory) connected(s *server, now *model.Connections) {
	if now == nil {
		return
	}
	was := s.said
	said := *now
	s.said = &said
	if was == nil {
		return
	}
	if now.Admitted < was.Admitted || now.Resumed < was.Resumed || now.Refused < was.Refused || now.Lost < was.Lost {
		was = &model.Connections{} // another process
	}
	m.onFleet(s, func(c *registry.Counters) {
		c.Connections.Admitted += now.Admitted - was.Admitted
		c.Connections.Resumed += now.Resumed - was.Resumed
		c.Connections.Refused += now.Refused - was.Refused
		c.Connections.Lost += now.Lost - was.Lost
	})
}

// onFleet changes the counters of a server's fleet.
func (m *Memory) onFleet(s *server, count func(*registry.Counters)) {
	f := m.tally.Fleets[s.Fleet]
	count(&f)
	m.tally.Fleets[s.Fleet] = f
}

// counted changes the counters of a session's fleet and of its route.
func (m *Memory) counted(x *session, count func(*registry.Counters)) {
	f, r := m.tally.Fleets[x.fleet.name], m.tally.Routes[x.ref.Route]
	count(&f)
	count(&r)
	m.tally.Fleets[x.fleet.name], m.tally.Routes[x.ref.Route] = f, r
}
