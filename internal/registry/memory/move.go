package memory

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// BeginMove implements registry.Sessions.
func (m *Memory) BeginMove(_ context.Context, ref model.SessionRef, gen model.Generation, _ time.Time) (move model.Generation, err error) {
	err = m.turn(ref, gen, func(x *session) error {
		if x.state != model.SessionLive {
			return fmt.Errorf("session %s is moving already: %w", ref, registry.ErrConflict)
		}
		m.turnTo(x, model.SessionMoving)
		x.move = m.nextGeneration()
		move = x.move
		return nil
	})
	return move, err
}

// FinishMove implements registry.Sessions.
func (m *Memory) FinishMove(_ context.Context, ref model.SessionRef, gen model.Generation, _ time.Time) error {
	return m.turn(ref, gen, func(x *session) error {
		if x.state == model.SessionMoving && !x.placed {
			return fmt.Errorf("session %s has no new server: %w", ref, registry.ErrConflict)
		}
		x.placed = false
		m.turnTo(x, model.SessionLive)
		m.left(x, x.server) // it returned to where it was
		return nil
	})
}

// AbortMove implements registry.Sessions.
func (m *Memory) AbortMove(_ context.Context, ref model.SessionRef, gen, move model.Generation, _ time.Time) error {
	return m.turn(ref, gen, func(x *session) error {
		if err := x.movedBy(move); err != nil {
			return err
		}
		if x.placed || x.server == nil {
			return fmt.Errorf("session %s has left its server: %w", ref, registry.ErrConflict)
		}
		m.turnTo(x, model.SessionLive)
		return nil
	})
}

// movedBy tells whether a move is the last one that was begun of the session: what another has frozen since may have gone on.
func (x *session) movedBy(move model.Generation) error {
	if x.move != move {
		return fmt.Errorf("session %s is in its move %d, not %d: %w", x.ref, x.move, move, registry.ErrStale)
	}
	return nil
}

// turn changes a session's state, if it is at gen.
func (m *Memory) turn(ref model.SessionRef, gen model.Generation, change func(*session) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.sessionAt(ref, gen)
	if err != nil {
		return err
	}
	if err := change(x); err != nil {
		return err
	}
	m.settle(x)
	m.changed()
	return nil
}

// CommitMove implements registry.Sessions. A linkless server is never chosen: nothing can be brought to it.
func (m *Memory) CommitMove(_ context.Context, move registry.Move) (registry.Reservation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(move.Now)
	x, err := m.sessionAt(move.Session, move.Gen)
	if err != nil {
		return registry.Reservation{}, err
	}
	if err := x.movedBy(move.Number); err != nil {
		return registry.Reservation{}, err
	}
	if x.state != model.SessionMoving {
		return registry.Reservation{}, fmt.Errorf("session %s is not moving: %w", x.ref, registry.ErrConflict)
	}
	to, err := m.home(x, &move)
	if err != nil {
		return registry.Reservation{}, err
	}
	if !x.placed { // else nobody has come to it there
		m.leave(x)
	}
	m.detach(x)
	m.regenerate(x, m.nextGeneration())
	x.placed, x.found = true, false
	// Of the size that it has there, or it could outgrow every server of the fleet it is on.
	x.capacity = max(to.SeatsPerSession, len(x.seats.list))
	expires := move.ExpiresAt.UnixNano()
	for i := range x.seats.list {
		id := m.nextSeat()
		x.seats.reserve(i, id, expires)
		m.due.push(due{at: expires, session: x, seat: id})
	}
	m.attach(x, to, move.Now)
	m.settle(x)
	m.changed()
	return x.reservation(x.seats.models(), false), nil
}

// home is the server that a moving session comes to: the best of those whose sessions have as many seats as it has players, else,
// since a fleet's template may have fewer by now, the best that has room for it all the same.
func (m *Memory) home(x *session, move *registry.Move) (*server, error) {
	n := max(1, len(x.seats.list))
	good := func(s *server) bool { return s.ID != move.From && s != x.server && !s.Linkless }
	if to := m.best(move.Fleets, n, good); to != nil {
		return to, nil
	}
	for _, name := range move.Fleets {
		if f := m.fleets[name]; f != nil && f.smaller(n) {
			if to := f.holding(n, good); to != nil {
				return to, nil
			}
		}
	}
	if m.tooLarge(move.Fleets, n) && m.most(move.Fleets) < n {
		return nil, fmt.Errorf("%s has %d seats, and no server has as many: %w", x.ref, n, registry.ErrTooLarge)
	}
	return nil, fmt.Errorf("no open server for %s: %w", x.ref, registry.ErrFull)
}

// most is how many seats the largest server of the fleets has, on all its sessions together.
func (m *Memory) most(fleets []model.FleetName) (seats int) {
	for _, name := range fleets {
		if f := m.fleets[name]; f != nil {
			for _, s := range f.servers {
				seats = max(seats, s.SeatCapacity)
			}
		}
	}
	return seats
}

// Orphan implements registry.Sessions.
func (m *Memory) Orphan(_ context.Context, id model.ServerID, _ time.Time) ([]model.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(id)
	if err != nil {
		return nil, err
	}
	if !s.State.Terminal() {
		return nil, fmt.Errorf("server %s is %s: %w", id, s.State, registry.ErrConflict)
	}
	out := make([]model.Session, 0, len(s.sessions))
	for len(s.sessions) > 0 {
		x := s.sessions[len(s.sessions)-1]
		m.detach(x)
		x.placed = false
		m.turnTo(x, model.SessionMoving)
		x.revision = m.nextRevision()
		out = append(out, x.modelWithSeats())
	}
	m.changed()
	return out, nil
}
