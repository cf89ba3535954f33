package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// SentOn implements registry.Sessions.
func (m *Memory) SentOn(_ context.Context, ref model.SessionRef, from model.ServerID, gen model.Generation, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, x := m.servers[from], m.sessions[ref]
	if s != nil && s.over[ref] == gen {
		s.tell(ref)
		m.changed()
	}
	if x == nil {
		return fmt.Errorf("session %s: %w", ref, registry.ErrNotFound)
	}
	if s == nil || s.leaving[x] == 0 || s.leaving[x] != gen {
		return nil
	}
	s.DepartedAt = now
	m.left(x, s)
	s.tell(ref)
	s.Revision = m.nextRevision()
	m.changed()
	return nil
}

// leave notes that a session moves off its server, on which its players wait until they are told where it is.
func (m *Memory) leave(x *session) {
	s := x.server
	if s == nil || s.State.Terminal() || s.Linkless {
		return
	}
	if s.leaving == nil {
		s.leaving = map[*session]model.Generation{}
	}
	m.left(x, s)
	s.leaving[x] = x.generation
	s.hears(x.ref) // whoever sends its players on tells of its seats too
	s.depart()
	x.left = append(slices.Clip(x.left), model.Departure{Server: s.ID, Fleet: s.Fleet, Generation: x.generation})
	m.moving[x] = struct{}{}
}

// left notes that nobody waits for the session on the server any more.
func (m *Memory) left(x *session, s *server) {
	if _, leaves := s.leaving[x]; !leaves {
		return
	}
	delete(s.leaving, x)
	s.depart()
	x.left = slices.DeleteFunc(slices.Clone(x.left), func(d model.Departure) bool { return d.Server == s.ID })
	if len(x.left) == 0 && x.state != model.SessionMoving {
		delete(m.moving, x)
	}
}

// leftAll notes that nobody waits on the server for a session that moved off it, but for those that it still names.
func (m *Memory) leftAll(s *server, named []registry.SessionReport) {
	for x := range s.leaving {
		if !slices.ContainsFunc(named, func(r registry.SessionReport) bool { return r.Session == x.ref }) {
			m.left(x, s)
		}
	}
}

// forgetLeft is the end of a session that moved: where its players may still wait it must not come back with the next Hello. It is
// to come back if it moved before a restart and nobody joined it since: its players had not been told yet where it was.
func (m *Memory) forgetLeft(x *session) {
	unused := x.found && x.joined == 0
	for _, d := range x.left {
		if s := m.servers[d.Server]; s != nil {
			m.left(x, s)
			if unused {
				s.owe(x.ref)
			} else {
				s.endOn(x.ref, d.Generation)
			}
		}
	}
}
