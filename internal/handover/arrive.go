package handover

import (
	"context"
	"errors"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/ticket"
)

// arrive brings a session to the server that the registry placed it on, or, if that one does not take it, to another;
// then joins go there, and then the players are sent there. It is not called off when ctx ends: that would leave the
// session between two servers. After an error the session is still Moving, or its players wait still where it was.
func (m *Mover) arrive(ctx context.Context, p passage, placed registry.Reservation) error {
	ctx = context.WithoutCancel(ctx)
	var failed []registry.Reservation
	for {
		err := m.open(ctx, p, placed)
		if err == nil {
			break
		}
		err = fmt.Errorf("open %s on %s: %w", p.ref, placed.Server, err)
		failed = append(failed, placed)
		if len(failed) == MaxTargets {
			return err
		}
		next, noOther := m.commit(ctx, p, placed.Generation, placed.Server)
		if noOther != nil {
			return errors.Join(err, fmt.Errorf("place %s elsewhere: %w", p.ref, noOther))
		}
		placed = next
	}
	if err := m.cfg.Registry.FinishMove(ctx, p.ref, placed.Generation, m.cfg.Now()); err != nil {
		return fmt.Errorf("finish the move of %s to %s: %w", p.ref, placed.Server, err)
	}
	return m.sendOn(ctx, p, placed, failed)
}

func (m *Mover) open(ctx context.Context, p passage, placed registry.Reservation) error {
	ctx, cancel := context.WithTimeout(ctx, OpenTimeout)
	defer cancel()
	return m.cfg.Links.Open(ctx, placed.Server, Opening{
		Session: p.ref, Generation: placed.Generation, Capacity: placed.SessionCapacity,
		State: p.state, Complete: p.complete,
	})
}

// sendOn closes the session where it was, its players knowing where to go, and on targets that may have taken it after
// all. A target that cannot be told has no players, and learns in its next welcome that its session lives elsewhere; where the
// players wait has to be told.
func (m *Mover) sendOn(ctx context.Context, p passage, placed registry.Reservation, failed []registry.Reservation) error {
	to := m.redirect(p.ref, placed)
	for _, f := range failed {
		if f.Server == placed.Server {
			continue
		}
		if err := m.close(ctx, p.ref, Origin{f.Server, f.Generation}, to); err != nil {
			m.log.Warn("session moved, but a server that may have it too could not be told", "session", p.ref.String(), "server", f.Server, "to", placed.Server, "error", err)
		}
	}
	if p.from.Server == "" || p.from.Server == placed.Server {
		return nil
	}
	if err := m.close(ctx, p.ref, p.from, to); err != nil {
		return fmt.Errorf("send the players of %s on from %s to %s: %w", p.ref, p.from.Server, placed.Server, err)
	}
	return m.sentOn(ctx, p.ref, p.from)
}

// sentOn has the registry know that nobody waits any more where a session was.
func (m *Mover) sentOn(ctx context.Context, ref model.SessionRef, from Origin) error {
	err := m.cfg.Registry.SentOn(ctx, ref, from.Server, from.Generation, m.cfg.Now())
	if err != nil && !errors.Is(err, registry.ErrNotFound) { // not found: it is over by now
		return fmt.Errorf("note that the players of %s were sent on from %s: %w", ref, from.Server, err)
	}
	return nil
}

func (m *Mover) close(ctx context.Context, ref model.SessionRef, at Origin, to *Redirect) error {
	ctx, cancel := context.WithTimeout(ctx, CloseTimeout)
	defer cancel()
	return m.cfg.Links.Close(ctx, at.Server, ref, at.Generation, reasonOf(to), to)
}

func reasonOf(to *Redirect) string {
	if to.Server == "" {
		return "the session is over, or lives elsewhere"
	}
	return "moved to " + string(to.Server)
}

func (m *Mover) redirect(ref model.SessionRef, placed registry.Reservation) *Redirect {
	to := &Redirect{Server: placed.Server, Endpoints: placed.Endpoints}
	seal := model.TakesConnectTokens(placed.Endpoints)
	for _, s := range placed.Seats {
		if s.State == model.SeatClaimed {
			continue // its player came already
		}
		claims := ticket.Claims{
			Server: placed.Server, Player: s.Player, Seat: s.ID, Session: ref,
			Generation: placed.Generation, Capacity: placed.SessionCapacity, ExpiresAt: s.ExpiresAt,
		}
		t := PlayerTicket{Player: s.Player, Seat: s, Ticket: m.cfg.Signer.Sign(claims)}
		if seal {
			t.ConnectToken = m.cfg.Signer.Seal(claims)
		}
		to.Tickets = append(to.Tickets, t)
	}
	return to
}
