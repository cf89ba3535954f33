package handover

import (
	"context"
	"errors"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Replace brings a Moving session to rest, whatever became of the move: one that lost its server is placed anew with its
// last copy; one that was placed and not opened is opened, there or elsewhere; one that never left is let go on. From
// is where its players still wait, zero if their server died or the caller does not know: then it is where the registry says.
// If the session is live elsewhere or gone, they are told so.
// After any error, of Move or of Replace, Replace is to be tried again.
func (m *Mover) Replace(ctx context.Context, ref model.SessionRef, from Origin, fleets []model.FleetName) error {
	s, err := m.cfg.Registry.GetSession(ctx, ref)
	if from.Server == "" {
		from = waitAt(s)
	}
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return m.dismiss(ctx, ref, from, &Redirect{})
	case err != nil:
		return fmt.Errorf("look session %s up: %w", ref, err)
	case s.State != model.SessionMoving && from == (Origin{s.Server, s.Generation}):
		return m.Resume(ctx, ref, from) // in case that only the answer to calling the move off was lost
	case s.State != model.SessionMoving:
		return m.tellLate(ctx, s, from)
	}
	p := passage{ref: ref, move: s.Move, from: from, fleets: fleets}
	p.state, _ = m.cfg.Links.LastCopy(ref)
	if s.Server == "" {
		placed, err := m.commit(ctx, p, s.Generation, from.Server)
		if err != nil {
			return fmt.Errorf("place %s anew: %w", ref, err)
		}
		return m.arrive(ctx, p, placed)
	}
	err = m.cfg.Registry.AbortMove(ctx, ref, s.Generation, s.Move, m.cfg.Now())
	if errors.Is(err, registry.ErrConflict) {
		return m.reopen(ctx, p, s)
	}
	if err != nil {
		return fmt.Errorf("call the move of %s off: %w", ref, err)
	}
	return m.Resume(ctx, ref, Origin{s.Server, s.Generation})
}

// waitAt is where a session's players wait by what the registry knows: where it was, or where it is and may be frozen still.
func waitAt(s model.Session) Origin {
	switch {
	case len(s.Left) > 0:
		return Origin{s.Left[0].Server, s.Left[0].Generation}
	case s.State == model.SessionLive:
		return Origin{s.Server, s.Generation}
	default:
		return Origin{}
	}
}

// tellLate sends the players on who still wait where a session was before it came to rest elsewhere: whoever moved it could not
// tell them.
func (m *Mover) tellLate(ctx context.Context, s model.Session, from Origin) error {
	if from.Server == "" || from.Server == s.Server {
		return nil
	}
	server, err := m.cfg.Registry.GetServer(ctx, s.Server)
	if err != nil {
		return fmt.Errorf("look up the new server of %s: %w", s.SessionRef, err)
	}
	if err := m.dismiss(ctx, s.SessionRef, from, m.redirect(s.SessionRef, placedAt(s, server))); err != nil {
		return err
	}
	return m.sentOn(ctx, s.SessionRef, from)
}

// dismiss closes a session where its players still wait, unless that server is no more.
func (m *Mover) dismiss(ctx context.Context, ref model.SessionRef, from Origin, to *Redirect) error {
	if from.Server == "" {
		return nil
	}
	switch server, err := m.cfg.Registry.GetServer(ctx, from.Server); {
	case errors.Is(err, registry.ErrNotFound), err == nil && server.State.Terminal():
		return nil
	case err != nil:
		return fmt.Errorf("look up the last server of %s: %w", ref, err)
	}
	if err := m.close(ctx, ref, from, to); err != nil {
		return fmt.Errorf("send the players of %s on from %s: %w", ref, from.Server, err)
	}
	return nil
}

func placedAt(s model.Session, server model.Server) registry.Reservation {
	return registry.Reservation{
		Session: s.SessionRef, Generation: s.Generation, SessionCapacity: s.Capacity, Fleet: s.Fleet,
		Server: s.Server, Endpoints: server.Endpoints, Seats: s.Seats,
	}
}

// reopen goes on with a session that has been placed and perhaps not opened.
func (m *Mover) reopen(ctx context.Context, p passage, s model.Session) error {
	server, err := m.cfg.Registry.GetServer(ctx, s.Server)
	if err != nil {
		return fmt.Errorf("look up the new server of %s: %w", p.ref, err)
	}
	return m.arrive(ctx, p, placedAt(s, server))
}
