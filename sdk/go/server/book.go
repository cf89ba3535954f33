package server

import (
	"errors"
	"fmt"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
)

// Why a good ticket is refused, besides the reasons of package ticket. The texts are for players' clients.
var (
	// ErrSessionFull: every seat of the session is taken.
	ErrSessionFull = errors.New("session is full")
	// ErrServerFull: the server has no room for another session or another seat.
	ErrServerFull = errors.New("server is full")
	// ErrGone: the session ended here or went to another server.
	ErrGone = errors.New("session is no longer on this server; join again")
)

const (
	// unknownTicketLife is how long a ticket that was never shown is remembered as refused: what it can live at most,
	// and as much again for clocks that differ.
	unknownTicketLife = 2 * model.TicketTTL
	sweepEvery        = 10 * time.Second
	// frozenMax is more than a hand-over's time-outs together.
	frozenMax = 20 * time.Second
)

// book is what lives on this server (sessions and their claimed seats) and what has to be remembered of what left, until
// the tickets for it have expired. It holds no lock, does no I/O, and is told the time.
type book struct {
	sessionLimit, seatLimit int // 0: none
	sessions                map[model.SessionRef]*session
	seats                   int // claimed, on all sessions
	counts                  model.Connections
	released                map[model.SeatID]releasedSeat
	departed                map[model.SessionRef]departure
	dirty                   map[model.SessionRef]bool
	ended                   map[model.SessionRef]departure // on their own
	unsaid                  map[model.SessionRef]bool      // of ended: to be reported
	sweepAt                 time.Time
}

type session struct {
	handle   Session // as the handler knows it
	gen      model.Generation
	capacity int
	seats    map[model.SeatID]seat
	players  map[model.PlayerID]model.SeatID
	released []model.SeatID           // since the last report on this stream
	busy     chan struct{}            // while it is opened or handed over; closed at the end of that; else nil
	frozen   *greenroomv1.SessionCopy // the answer to HandOver; nil unless handed over
	frozenAt time.Time
	hollow   bool                     // nobody has entered it and the handler does not know it: it was frozen so that nobody comes
	newest   *greenroomv1.SessionCopy // periodic copy
	unsent   bool                     // newest has not been sent on this stream
	version  uint64                   // of the last copy
}

type seat struct {
	player    model.PlayerID
	expiresAt time.Time // of the ticket
}

type releasedSeat struct {
	session model.SessionRef
	until   time.Time
}

type departure struct {
	gen   model.Generation
	until time.Time // of the memory
}

func newBook() *book {
	return &book{
		sessions: map[model.SessionRef]*session{},
		released: map[model.SeatID]releasedSeat{},
		departed: map[model.SessionRef]departure{},
		dirty:    map[model.SessionRef]bool{},
		ended:    map[model.SessionRef]departure{},
		unsaid:   map[model.SessionRef]bool{},
	}
}

func refOf(s Session) model.SessionRef {
	return model.SessionRef{Route: model.RouteName(s.Route), Key: model.SessionKey(s.Key)}
}

// claim seats the bearer of a verified ticket, or resumes its living seat (rule I7). A player who held another seat of
// the session loses it: replaced is that seat.
func (b *book) claim(c ticket.Claims, now time.Time) (got Seat, replaced *Seat, err error) {
	b.sweep(now)
	s := b.sessions[c.Session]
	if s != nil {
		if held, ok := s.seats[c.Seat]; ok && held.player == c.Player {
			held.expiresAt = later(held.expiresAt, c.ExpiresAt)
			s.seats[c.Seat] = held
			b.counts.Resumed++
			return s.seat(c.Seat), nil, nil
		}
	}
	if err := b.admit(c, s, now); err != nil {
		b.counts.Refused++
		return Seat{}, nil, fmt.Errorf("claim seat in %v: %w", c.Session, err)
	}
	if s == nil {
		s = b.add(c.Session, c.Generation, c.Capacity)
	}
	s.gen, s.capacity = c.Generation, c.Capacity
	if older, ok := s.players[c.Player]; ok {
		seat := s.seat(older)
		replaced = &seat
		b.release(c.Session, older, now)
	}
	s.seats[c.Seat] = seat{player: c.Player, expiresAt: c.ExpiresAt}
	s.players[c.Player] = c.Seat
	b.seats++
	b.counts.Admitted++
	b.dirty[c.Session] = true
	return s.seat(c.Seat), replaced, nil
}

// admit is the last gate: it refuses what the registry must not have promised.
func (b *book) admit(c ticket.Claims, s *session, now time.Time) error {
	switch _, released := b.released[c.Seat]; {
	case released:
		return ticket.ErrReleased
	case !now.Before(c.ExpiresAt):
		return ticket.ErrExpired
	case b.departed[c.Session].gen >= c.Generation:
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
		if _, again := s.players[c.Player]; again {
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

// add makes a session; it must not be there.
func (b *book) add(ref model.SessionRef, gen model.Generation, capacity int) *session {
	s := &session{
		handle:   Session{Route: string(ref.Route), Key: string(ref.Key), Generation: uint64(gen)},
		gen:      gen,
		capacity: capacity,
		seats:    map[model.SeatID]seat{},
		players:  map[model.PlayerID]model.SeatID{},
	}
	b.sessions[ref] = s
	b.dirty[ref] = true
	if b.unsaid[ref] {
		s.released = b.releasedOf(ref) // with its end
	}
	delete(b.ended, ref) // its end need not be said: what is claimed now is all there is
	delete(b.unsaid, ref)
	return s
}

// freezeHollow freezes a session that is not here, so that no ticket opens it while it moves; there is nothing in it.
func (b *book) freezeHollow(ref model.SessionRef, gen model.Generation, now time.Time) {
	s := b.add(ref, gen, 0)
	s.hollow = true
	s.begin()
	s.frozen, s.frozenAt = &greenroomv1.SessionCopy{Session: convert.SessionRefProto(ref, gen), Final: true}, now
}

// release frees a seat; from now on its ticket opens nothing. A seat that was never claimed is remembered too.
func (b *book) release(ref model.SessionRef, id model.SeatID, now time.Time) (was Seat, ok bool) {
	b.sweep(now)
	until := now.Add(unknownTicketLife)
	s := b.sessions[ref]
	if s == nil {
		b.released[id] = releasedSeat{session: ref, until: until}
		return Seat{}, false
	}
	if held, claimed := s.seats[id]; claimed {
		was, ok, until = s.seat(id), true, held.expiresAt
		delete(s.seats, id)
		if s.players[held.player] == id {
			delete(s.players, held.player)
		}
		b.seats--
	}
	b.released[id] = releasedSeat{session: ref, until: until}
	s.released = append(s.released, id)
	b.dirty[ref] = true
	return was, ok
}

// depart takes a session off the server that ended or lives elsewhere by the control plane's word: tickets of this
// generation and older ones open nothing here any more.
func (b *book) depart(ref model.SessionRef, gen model.Generation, now time.Time) (Session, bool) {
	b.sweep(now)
	until := now.Add(unknownTicketLife)
	s := b.sessions[ref]
	if s != nil {
		gen = max(gen, s.gen)
		for _, held := range s.seats {
			until = later(until, held.expiresAt)
		}
		b.remove(ref, s)
	}
	b.departed[ref] = departure{gen: max(gen, b.departed[ref].gen), until: until}
	if s == nil {
		return Session{}, false
	}
	return s.handle, true
}

// end takes a session off the server that ended on its own. Its seats are released; whoever comes with another ticket
// for it opens it anew.
func (b *book) end(ref model.SessionRef, now time.Time) {
	s := b.sessions[ref]
	for id := range s.seats {
		b.release(ref, id, now)
	}
	b.remove(ref, s)
	b.ended[ref] = departure{gen: s.gen, until: now.Add(unknownTicketLife)}
	b.unsaid[ref] = true
}

func (b *book) remove(ref model.SessionRef, s *session) {
	b.seats -= len(s.seats)
	delete(b.sessions, ref)
	delete(b.dirty, ref)
	s.settle()
}

// sweep forgets what no unexpired ticket asks for any more.
func (b *book) sweep(now time.Time) {
	if now.Before(b.sweepAt) {
		return
	}
	b.sweepAt = now.Add(sweepEvery)
	for id, r := range b.released {
		if now.After(r.until) {
			delete(b.released, id)
		}
	}
	forget(b.departed, now)
	forget(b.ended, now)
}

func forget(memory map[model.SessionRef]departure, now time.Time) {
	for ref, d := range memory {
		if now.After(d.until) {
			delete(memory, ref)
		}
	}
}

// forgotten tells whether a session has been frozen for longer than any hand-over takes: whoever froze it is no more.
func (b *book) forgotten(now time.Time) bool {
	for _, s := range b.sessions {
		if s.frozen != nil && now.Sub(s.frozenAt) >= frozenMax {
			return true
		}
	}
	return false
}

// begin makes claims wait until settle.
func (s *session) begin() {
	if s.busy == nil {
		s.busy = make(chan struct{})
	}
}

func (s *session) settle() {
	if s.busy != nil {
		close(s.busy)
		s.busy = nil
	}
}

func (s *session) seat(id model.SeatID) Seat {
	return Seat{ID: uint64(id), Player: string(s.seats[id].player), Session: s.handle, Capacity: s.capacity}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
