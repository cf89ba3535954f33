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
// is where its players still wait, zero if their server died. A session that is live elsewhere or gone is left alone.
// After any error, of Move or of Replace, Replace is to be tried again.
func (m *Mover) Replace(ctx context.Context, ref model.SessionRef, from Origin, fleets []model.FleetName) error {
	s, err := m.cfg.Registry.GetSession(ctx, ref)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("look session %s up: %w", ref, err)
	case s.State != model.SessionMoving && from == (Origin{s.Server, s.Generation}):
		return m.Resume(ctx, ref, from) // in case that only the answer to calling the move off was lost
	case s.State != model.SessionMoving:
		return nil
	}
	p := passage{ref: ref, from: from, fleets: fleets}
	p.state, _ = m.cfg.Links.LastCopy(ref)
	if s.Server == "" {
		placed, err := m.commit(ctx, p, s.Generation, from.Server)
		if err != nil {
			return fmt.Errorf("place %s anew: %w", ref, err)
		}
		return m.arrive(ctx, p, placed)
	}
	err = m.cfg.Registry.AbortMove(ctx, ref, s.Generation, m.cfg.Now())
	if errors.Is(err, registry.ErrConflict) {
		return m.reopen(ctx, p, s)
	}
	if err != nil {
		return fmt.Errorf("call the move of %s off: %w", ref, err)
	}
	return m.Resume(ctx, ref, Origin{s.Server, s.Generation})
}

// reopen goes on with a session that has been placed and perhaps not opened.
func (m *Mover) reopen(ctx context.Context, p passage, s model.Session) error {
	server, err := m.cfg.Registry.GetServer(ctx, s.Server)
	if err != nil {
		return fmt.Errorf("look up the new server of %s: %w", p.ref, err)
	}
	return m.arrive(ctx, p, registry.Reservation{
		Session: p.ref, Generation: s.Generation, SessionCapacity: s.Capacity, Fleet: s.Fleet,
		Server: s.Server, Endpoints: server.Endpoints, Seats: s.Seats,
	})
}
