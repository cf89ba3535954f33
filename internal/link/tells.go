package link

import (
	"fmt"
	"slices"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// What follows is what a hub decides before it tells a server something. The hub of the chaos simulation, which has no streams
// of bytes, asks the same.

// Told is what a server was told last of what is wanted of it.
type Told struct {
	gen   model.Generation
	state model.ServerState
	drain model.Drain
}

// ToldOf is what there is to tell of a server.
func ToldOf(s *model.Server) Told {
	t := Told{gen: s.Generation, state: s.State}
	if s.Drain != nil {
		t.drain = *s.Drain
	}
	return t
}

// Tells tells whether now is news to a server that was told t.
func (t Told) Tells(now Told) bool { return now != t && now.gen >= t.gen }

// Wanted is the state that a server is told: one that is given up is to be empty and stop.
func Wanted(s *model.Server) model.ServerState {
	if s.State.Terminal() {
		return model.ServerEmpty
	}
	return s.State
}

// Over are the sessions that a server is told to have no more when it greets, each with the generation that it knows: those it said
// it has and that live elsewhere, and those that ended there.
func Over(g *registry.Greeting, said []registry.SessionReport) []registry.EndedSession {
	out := make([]registry.EndedSession, 0, len(g.Stale)+len(g.Ended))
	for i := range said {
		if slices.Contains(g.Stale, said[i].Session) {
			out = append(out, registry.EndedSession{Session: said[i].Session, Generation: said[i].Generation})
		}
	}
	return append(out, g.Ended...)
}

// MayFreeze tells, by what the registry has of a session, why it must not be frozen to be moved at gen; nil: it may. A
// session that is not on the move is left alone: the move was called off, and nobody would let it go on again.
func MayFreeze(s *model.Session, gen model.Generation) error {
	if s.State != model.SessionMoving || s.Generation != gen {
		return fmt.Errorf("session %v is %s at %d, and was to be moved at %d: %w", s.SessionRef, s.State, s.Generation, gen, registry.ErrStale)
	}
	return nil
}

// GoesOn tells, by what the registry has of a session, whether a server is to let it go on that froze it at gen: it is live
// there. Else whoever took the hand-over back comes too late, and another has frozen it since.
func GoesOn(s *model.Session, server model.ServerID, gen model.Generation) bool {
	return s.State == model.SessionLive && s.Server == server && s.Generation == gen
}
