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

// counted changes the counters of a session's fleet and of its route.
func (m *Memory) counted(x *session, count func(*registry.Counters)) {
	f, r := m.tally.Fleets[x.fleet.name], m.tally.Routes[x.ref.Route]
	count(&f)
	count(&r)
	m.tally.Fleets[x.fleet.name], m.tally.Routes[x.ref.Route] = f, r
}
