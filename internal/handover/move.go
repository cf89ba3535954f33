package handover

import (
	"context"
	"errors"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Move hands a live session over from a server that is up to the best open server of the fleets in order. It blocks for
// at most the sum of the time-outs. After an error the session is live where it was, or still Moving: Replace sees to
// it.
func (m *Mover) Move(ctx context.Context, ref model.SessionRef, from Origin, fleets []model.FleetName) error {
	move, err := m.cfg.Registry.BeginMove(ctx, ref, from.Generation, m.cfg.Now())
	if err != nil {
		return fmt.Errorf("begin to move %s off %s: %w", ref, from.Server, err)
	}
	state, err := m.freeze(ctx, ref, from)
	if err != nil {
		return errors.Join(fmt.Errorf("freeze %s on %s: %w", ref, from.Server, err), m.undo(ctx, ref, move, from))
	}
	p := passage{ref: ref, move: move, from: from, fleets: fleets, state: state, complete: true}
	placed, err := m.commit(ctx, p, from.Generation, from.Server)
	if err != nil {
		return errors.Join(fmt.Errorf("place %s anew: %w", ref, err), m.undo(ctx, ref, move, from))
	}
	return m.arrive(ctx, p, placed)
}

func (m *Mover) freeze(ctx context.Context, ref model.SessionRef, from Origin) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, FreezeTimeout)
	defer cancel()
	return m.cfg.Links.HandOver(ctx, from.Server, ref, from.Generation)
}

func (m *Mover) commit(ctx context.Context, p passage, gen model.Generation, not model.ServerID) (registry.Reservation, error) {
	now := m.cfg.Now()
	return m.cfg.Registry.CommitMove(ctx, registry.Move{
		Session: p.ref, Gen: gen, Number: p.move, Fleets: p.fleets, From: not, Now: now, ExpiresAt: now.Add(model.TicketTTL),
	})
}

// undo lets the session go on where it was, also when ctx has ended. If the registry does not let it (it was placed
// anew after all, or its server died), it stays frozen, and Replace goes on with it. A server that cannot be told to
// resume has lost its link, and its next Hello brings it and its session back together.
func (m *Mover) undo(ctx context.Context, ref model.SessionRef, move model.Generation, from Origin) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), UndoTimeout)
	defer cancel()
	if err := m.cfg.Registry.AbortMove(ctx, ref, from.Generation, move, m.cfg.Now()); err != nil {
		return fmt.Errorf("call the move of %s off: %w", ref, err)
	}
	return m.resume(ctx, ref, from)
}

// Resume lets a session go on that an earlier control plane may have frozen and never got to move. One that is not
// frozen does not mind.
func (m *Mover) Resume(ctx context.Context, ref model.SessionRef, at Origin) error {
	ctx, cancel := context.WithTimeout(ctx, UndoTimeout)
	defer cancel()
	return m.resume(ctx, ref, at)
}

func (m *Mover) resume(ctx context.Context, ref model.SessionRef, at Origin) error {
	if err := m.cfg.Links.Resume(ctx, at.Server, ref, at.Generation); err != nil {
		return fmt.Errorf("resume %s on %s: %w", ref, at.Server, err)
	}
	return nil
}
