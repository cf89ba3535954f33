package memory

import (
	"context"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Tally implements registry.Registry.
func (m *Memory) Tally(context.Context) (registry.Tally, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := registry.Tally{
		Fleets: make(map[model.FleetName]registry.Counters, len(m.fleets)),
		Routes: make(map[model.RouteName]registry.Counters, len(m.routes)),
	}
	for name, f := range m.fleets {
		if f.tally != (registry.Counters{}) {
			out.Fleets[name] = f.tally
		}
	}
	for name, r := range m.routes {
		if r.tally != (registry.Counters{}) {
			out.Routes[name] = r.tally
		}
	}
	return out, nil
}

// Begun implements registry.Registry.
func (m *Memory) Begun(_ context.Context, name model.FleetName) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.fleets[name]
	if f == nil {
		return 0, nil
	}
	return f.tally.SessionsBegun, nil
}

func (m *Memory) sessionBegun(x *session) {
	x.fleet.tally.SessionsBegun++
	x.route.tally.SessionsBegun++
}

func (m *Memory) seatTaken(x *session) {
	x.fleet.tally.SeatsTaken++
	x.route.tally.SeatsTaken++
}

func (m *Memory) seatsFreed(x *session, n int) {
	x.fleet.tally.SeatsFreed += uint64(n)
	x.route.tally.SeatsFreed += uint64(n)
}

func (m *Memory) seatExpired(x *session) {
	x.fleet.tally.SeatsExpired++
	x.route.tally.SeatsExpired++
}

// connected takes what a server says of its connections since its process began: what is more than it said before. Of one
// that was found again the first word is only where it stands; what came before was another registry's to count.
func (m *Memory) connected(s *server, now *model.Connections) {
	if now == nil {
		return
	}
	if s.said == nil {
		s.said = new(*now)
		return
	}
	was := *s.said
	*s.said = *now
	if now.Admitted < was.Admitted || now.Resumed < was.Resumed || now.Refused < was.Refused || now.Lost < was.Lost {
		was = model.Connections{} // another process
	}
	c := &s.fleet.tally.Connections
	c.Admitted += now.Admitted - was.Admitted
	c.Resumed += now.Resumed - was.Resumed
	c.Refused += now.Refused - was.Refused
	c.Lost += now.Lost - was.Lost
}
