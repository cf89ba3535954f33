package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// AddServer implements registry.Servers.
func (m *Memory) AddServer(_ context.Context, in model.Server) (model.Server, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.servers[in.ID]; s != nil {
		return s.model(), nil
	}
	s := &server{Server: in, fleet: m.fleet(in.Fleet)}
	s.Labels, s.Annotations = maps.Clone(in.Labels), maps.Clone(in.Annotations)
	s.Endpoints = slices.Clone(in.Endpoints)
	if s.SeatCapacity == 0 {
		s.SeatCapacity = s.SessionCapacity * s.SeatsPerSession
	}
	s.Linked, s.Sessions, s.SessionsActive, s.SeatsReserved, s.SeatsClaimed, s.Departing = false, 0, 0, 0, 0, 0
	s.largest = s.SeatsPerSession
	m.raise(s.Generation, nil)
	if s.Generation == 0 {
		s.Generation = m.nextGeneration()
	}
	m.servers[s.ID] = s
	m.order = insert(m.order, s)
	s.fleet.add(s)
	m.touch(s)
	return s.model(), nil
}

// model answers a copy.
func (s *server) model() (out model.Server) {
	s.copyTo(&out)
	return out
}

func (s *server) copyTo(out *model.Server) {
	*out = s.Server
	if s.Labels != nil {
		out.Labels = maps.Clone(s.Labels)
	}
	if s.Annotations != nil {
		out.Annotations = maps.Clone(s.Annotations)
	}
	if s.Drain != nil {
		d := *s.Drain
		out.Drain = &d
	}
}

// touch notes a change of the server itself.
func (m *Memory) touch(s *server) {
	s.Revision = m.nextRevision()
	s.rankAll()
	m.changed()
}

func (m *Memory) known(id model.ServerID) (*server, error) {
	if s := m.servers[id]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("server %s: %w", id, registry.ErrNotFound)
}

// restream notes a server's newest stream, by which on finds it.
func (m *Memory) restream(s *server, stream uint64) {
	by := &m.by.stream
	by.forget(s.stream, s)
	s.stream = stream
	if by.full(len(m.servers)) {
		by.clear(len(m.servers))
		for _, other := range m.order {
			by.put(other.stream, other)
		}
	}
	by.put(stream, s)
}

// on finds a server that stream is probably the newest of.
func (m *Memory) on(id model.ServerID, stream uint64) (*server, error) {
	if s := m.by.stream.find(stream); s != nil && s.stream == stream && s.ID == id {
		return s, nil
	}
	return m.known(id)
}

// serverAt finds a server whose generation is gen.
func (m *Memory) serverAt(id model.ServerID, gen model.Generation) (*server, error) {
	s, err := m.known(id)
	if err != nil {
		return nil, err
	}
	if s.Generation != gen {
		return nil, fmt.Errorf("server %s is at %d, not %d: %w", id, s.Generation, gen, registry.ErrStale)
	}
	return s, nil
}

// SetState implements registry.Servers.
func (m *Memory) SetState(_ context.Context, id model.ServerID, gen model.Generation, c registry.StateChange) (model.Server, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.serverAt(id, gen)
	if err != nil {
		return model.Server{}, err
	}
	again := s.Linkless && c.State == model.ServerReady && (s.State == model.ServerOpen || s.State == model.ServerCordoned)
	switch {
	case !again && !s.State.CanBecome(c.State):
		return model.Server{}, fmt.Errorf("server %s is %s and cannot become %s: %w", id, s.State, c.State, registry.ErrConflict)
	case (c.State == model.ServerEmpty || c.Unused) && s.Sessions > 0:
		return model.Server{}, fmt.Errorf("server %s has %d sessions: %w", id, s.Sessions, registry.ErrConflict)
	case c.State == model.ServerEmpty && s.Departing > 0 && (!c.Abandon || s.Linked):
		return model.Server{}, fmt.Errorf("players of %d sessions that moved off server %s wait on it: %w", s.Departing, id, registry.ErrConflict)
	}
	if c.State == model.ServerUnhealthy && s.State != model.ServerUnhealthy {
		s.fleet.tally.Crashes++
	}
	m.become(s, c)
	if s.Linkless && (again || c.State.Terminal()) {
		for len(s.sessions) > 0 {
			m.end(s.sessions[0])
		}
	}
	m.touch(s)
	return s.model(), nil
}

// become changes a server's state, unchecked.
func (m *Memory) become(s *server, c registry.StateChange) {
	if s.State != c.State {
		s.StateSince = c.Now
	}
	s.State, s.Reason, s.Generation = c.State, c.Reason, m.nextGeneration()
	switch c.State {
	case model.ServerDraining:
		s.Drain = nil
		if c.Drain != nil {
			d := *c.Drain
			s.Drain = &d
		}
	case model.ServerOpen:
		s.Drain = nil
	case model.ServerEmpty, model.ServerStopped, model.ServerUnhealthy:
		m.leftAll(s, nil)
		s.hearsAll()
	}
}

// RemoveServer implements registry.Servers.
func (m *Memory) RemoveServer(_ context.Context, id model.ServerID, gen model.Generation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.serverAt(id, gen)
	if err != nil {
		return err
	}
	if !s.State.Terminal() || s.Sessions > 0 {
		return fmt.Errorf("server %s is %s with %d sessions: %w", id, s.State, s.Sessions, registry.ErrConflict)
	}
	s.fleet.open.of(s.Avoided).put(s, 0)
	s.fleet.remove(s)
	delete(m.servers, id)
	m.by.stream.forget(s.stream, s)
	m.order = remove(m.order, s)
	m.changed()
	return nil
}

// Annotate implements registry.Servers.
func (m *Memory) Annotate(_ context.Context, id model.ServerID, labels, annotations map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(id)
	if err != nil {
		return err
	}
	s.Labels, s.Annotations = merged(s.Labels, labels), merged(s.Annotations, annotations)
	m.touch(s)
	return nil
}

func merged(old, with map[string]string) map[string]string {
	if old == nil && len(with) > 0 {
		old = make(map[string]string, len(with))
	}
	maps.Copy(old, with)
	return old
}

// Unlink implements registry.Servers.
func (m *Memory) Unlink(_ context.Context, id model.ServerID, stream uint64, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(id)
	if err != nil {
		return err
	}
	if s.stream == stream && s.Linked {
		s.Linked = false
		s.depart()
		m.touch(s)
	}
	return nil
}

// GetServer implements registry.Servers.
func (m *Memory) GetServer(_ context.Context, id model.ServerID) (model.Server, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(id)
	if err != nil {
		return model.Server{}, err
	}
	return s.model(), nil
}

// ListServers implements registry.Servers.
func (m *Memory) ListServers(ctx context.Context, name model.FleetName) ([]model.Server, error) {
	return m.AppendServers(ctx, nil, name)
}

// AppendServers implements registry.Servers.
func (m *Memory) AppendServers(_ context.Context, to []model.Server, name model.FleetName) ([]model.Server, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.order
	if name != "" {
		f := m.fleets[name]
		if f == nil {
			return to, nil
		}
		found = f.servers
	}
	at := len(to)
	to = slices.Grow(to, len(found))[:at+len(found)]
	for i, s := range found {
		s.copyTo(&to[at+i])
	}
	return to, nil
}
