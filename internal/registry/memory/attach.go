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
	s.ProviderRef, s.Node = a.Ref, a.Node
	if len(s.Endpoints) == 0 {
		s.Endpoints = slices.Clone(a.Endpoints)
	}
	m.touch(s)
	return nil
}

// Avoid implements registry.Servers.
func (m *Memory) Avoid(_ context.Context, id model.ServerID, gen model.Generation, avoided bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.serverAt(id, gen)
	if err != nil || s.Avoided == avoided {
		return err
	}
	s.Avoided = avoided
	m.touch(s)
	return nil
}
