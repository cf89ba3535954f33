package seatbook

import (
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
)

// Entry is how somebody came in.
type Entry struct {
	Resumed  bool         // to the living seat of the ticket
	Replaced model.SeatID // the player's older seat of the session, which is released by it; 0: none
}

// Claim seats the bearer of a verified ticket, or resumes its living seat (rule I7). A player who held another seat of
// the session loses it. A busy session is the caller's to wait for. Errors wrap ErrSessionFull, ErrServerFull, ErrGone,
// ticket.ErrReleased or ticket.ErrExpired.
func (b *Book) Claim(c *ticket.Claims, now time.Time) (*Session, Entry, error) {
	b.sweep(now)
	s := b.sessions[c.Session]
	if s != nil {
		if i, ok := s.find(c.Seat); ok && s.seats[i].player == c.Player {
			s.seats[i].expiresAt = model.Later(s.seats[i].expiresAt, c.ExpiresAt)
			b.Connections.Resumed++
			return s, Entry{Resumed: true}, nil
		}
	}
	if err := b.admit(c, s, now); err != nil {
		b.Connections.Refused++
		return nil, Entry{}, fmt.Errorf("claim seat in %v: %w", c.Session, err)
	}
	if s == nil {
		s = b.add(c.Session, c.Generation, c.Capacity)
	}
	s.gen, s.capacity = c.Generation, c.Capacity
	how := Entry{Replaced: s.held(c.Player)}
	if how.Replaced != 0 {
		b.Release(c.Session, how.Replaced, now)
	}
	i, _ := s.find(c.Seat)
	s.seats = slices.Insert(s.seats, i, seat{id: c.Seat, player: c.Player, expiresAt: c.ExpiresAt})
	b.seats++
	b.Connections.Admitted++
	s.dirty = true
	return s, how, nil
}

// admit is the last gate: it refuses what the registry must not have promised.
func (b *Book) admit(c *ticket.Claims, s *Session, now time.Time) error {
	switch _, released := b.released[c.Seat]; {
	case released:
		return ticket.ErrReleased
	case !now.Before(c.ExpiresAt):
		return ticket.ErrExpired
	case b.departed[c.Session].gen >= c.Generation, s == nil && c.Seat < b.firstSeat:
		return ErrGone
	case s == nil && b.sessionLimit > 0 && len(b.sessions) >= b.sessionLimit:
		return ErrServerFull
	}
	taken, of := 0, c.Capacity
	if s != nil {
		if s.gen > c.Generation {
			return ErrGone
		}
		taken = len(s.seats)
		if s.held(c.Player) != 0 {
			taken--
			return fullIf(taken >= of, ErrSessionFull)
		}
	}
	if taken >= of {
		return ErrSessionFull
	}
	return fullIf(b.seatLimit > 0 && b.seats >= b.seatLimit, ErrServerFull)
}

func fullIf(full bool, err error) error {
	if full {
		return err
	}
	return nil
}

// Release frees a seat; from now on its ticket opens nothing. A seat that was never claimed is remembered too. It answers the
// session and the player of one that was claimed.
func (b *Book) Release(ref model.SessionRef, id model.SeatID, now time.Time) (s *Session, player model.PlayerID, was bool) {
	b.sweep(now)
	until := now.Add(unknownTicketLife)
	s = b.sessions[ref]
	if s == nil {
		b.released[id] = releasedSeat{session: ref, until: until}
		return nil, "", false
	}
	if i, claimed := s.find(id); claimed {
		player, was, until = s.seats[i].player, true, model.Later(until, s.seats[i].expiresAt) // an unshown one may be newer
		s.seats = slices.Delete(s.seats, i, i+1)
		b.seats--
	}
	b.released[id] = releasedSeat{session: ref, until: until}
	s.released = append(s.released, id)
	s.dirty = true
	return s, player, was
}

// End takes a session off the server that ended on its own. Its seats are released; whoever comes with another ticket
// for it opens it anew.
func (b *Book) End(s *Session, now time.Time) {
	for len(s.seats) > 0 {
		b.Release(s.Ref, s.seats[len(s.seats)-1].id, now)
	}
	b.remove(s)
	b.ended[s.Ref] = departure{gen: s.gen, until: now.Add(unknownTicketLife)}
	b.unsaid = append(b.unsaid, s.Ref)
}
