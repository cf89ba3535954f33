package memory

import (
	"context"
	"slices"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Attach implements registry.Servers.
func (m *Memory) Attach(_ context.Context, id model.ServerID, a registry.Attachment) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(id)
	if err != nil {
		return err
	}
	s.ProviderRef, s.Node, s.fixed = a.Ref, a.Node, a.Fixed
	if len(s.Endpoints) == 0 || a.Fixed {
		s.Endpoints = slices.Clone(a.Endpoints)
	}
	if a.Capacity != (model.Capacity{}) {
		s.resize(a.Capacity)
	}
	m.touch(s)
	return nil
}

// resize changes what a server can hold. Its sessions keep the seats they have.
func (s *server) resize(c model.Capacity) {
	s.fleet.countSize(s.SeatsPerSession, -1)
	s.SessionCapacity, s.SeatsPerSession, s.SeatCapacity = c.Sessions, c.SeatsPerSession, c.Seats
	s.fleet.countSize(s.SeatsPerSession, 1)
	s.largest = max(s.largest, s.SeatsPerSession)
}
