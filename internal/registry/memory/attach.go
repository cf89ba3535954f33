package memory

import (
	"context"
	"slices"

	"greenroom.dev/greenroom/internal/model"
)

// Attach implements registry.Servers.
func (m *Memory) Attach(_ context.Context, id model.ServerID, ref string, endpoints []model.Endpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(id)
	if err != nil {
		return err
	}
	s.ProviderRef = ref
	if len(s.Endpoints) == 0 {
		s.Endpoints = slices.Clone(endpoints)
	}
	m.touch(s)
	return nil
}
