// Package seatbook owns what a session server knows of its seats: the sessions that live on it with their claimed seats, what
// it does with them when the control plane asks, what it has to say of them, and what has to be remembered of what left until
// the tickets for it have expired. It holds no lock, does no I/O, and is told the time; the same calls in the same order have
// the same results, in the same order.
package seatbook

import (
	"errors"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
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

// Book is one server's; New makes it.
type Book struct {
	// Connections counts what became of those who came with a ticket. Claim counts; what Claim does not see, such as lost
	// connections, the caller adds.
	Connections model.Connections

	sessionLimit, seatLimit int // 0: none
	sessions                map[model.SessionRef]*Session
	list                    []*Session // of sessions, in the order in which they came
	seats                   int        // claimed, on all sessions
	firstSeat               model.SeatID
	released                map[model.SeatID]releasedSeat
	departed                map[model.SessionRef]departure
	ended                   map[model.SessionRef]departure // on their own
	unsaid                  []model.SessionRef             // of ended: to be reported
	sweepAt                 time.Time
}

// Session is a session on its server. It stays the same for as long as the session stays there; one that left does not change
// any more.
type Session struct {
	Ref  model.SessionRef
	Born model.Generation // with which it came; its generation may rise while it stays

	gen      model.Generation
	capacity int
	seats    []seat         // claimed, by ID
	released []model.SeatID // since the last report on this stream
	dirty    bool           // to be reported
	busy     chan struct{}  // while it is opened or handed over; closed at the end of that; else nil
	frozen   *Copy          // the answer to Freeze; nil unless handed over
	frozenAt time.Time
	hollow   bool   // nobody has entered it and nobody knows it: it was frozen so that nobody comes
	newest   Copy   // periodic copy; version 0: none
	unsent   bool   // newest has not been sent on this stream
	version  uint64 // of the last copy
}

type seat struct {
	id        model.SeatID
	player    model.PlayerID
	expiresAt time.Time // of the ticket
}

// New makes the book of a server that has nothing yet, without limits.
func New() *Book {
	return &Book{
		sessions: map[model.SessionRef]*Session{},
		released: map[model.SeatID]releasedSeat{},
		departed: map[model.SessionRef]departure{},
		ended:    map[model.SessionRef]departure{},
	}
}

// Limit says how many sessions, and how many seats in all of them, the server may have from now on. 0: any number.
func (b *Book) Limit(sessions, seats int) { b.sessionLimit, b.seatLimit = sessions, seats }

// OpensFrom says from which seat on tickets open sessions that are not here. Older seats were given by a control plane that has
// been restarted since: the one that there is may have placed the session elsewhere.
func (b *Book) OpensFrom(first model.SeatID) { b.firstSeat = first }

// Session answers a session that is here; nil if it is not.
func (b *Book) Session(ref model.SessionRef) *Session { return b.sessions[ref] }

// Len is how many sessions are here, with those that are frozen so that nobody comes.
func (b *Book) Len() int { return len(b.sessions) }

// Generation is the newest one that is known here of the session.
func (s *Session) Generation() model.Generation { return s.gen }

// Capacity is the session's, in seats.
func (s *Session) Capacity() int { return s.capacity }

// Seats is how many seats are claimed.
func (s *Session) Seats() int { return len(s.seats) }

// Busy answers a channel that is closed when the session is no longer being opened or handed over; nil: it is not.
func (s *Session) Busy() <-chan struct{} { return s.busy }

// Player answers who has claimed a seat.
func (s *Session) Player(id model.SeatID) (model.PlayerID, bool) {
	if i, ok := s.find(id); ok {
		return s.seats[i].player, true
	}
	return "", false
}

// find answers where a seat is, or would be.
func (s *Session) find(id model.SeatID) (int, bool) {
	return slices.BinarySearchFunc(s.seats, id, func(x seat, id model.SeatID) int {
		switch {
		case x.id < id:
			return -1
		case x.id > id:
			return 1
		}
		return 0
	})
}

// held answers the seat that a player has; 0: none. A look at a thousand seats takes less than the look at a ticket before it.
func (s *Session) held(player model.PlayerID) model.SeatID {
	for i := range s.seats {
		if s.seats[i].player == player {
			return s.seats[i].id
		}
	}
	return 0
}

// add makes a session; it must not be there.
func (b *Book) add(ref model.SessionRef, gen model.Generation, capacity int) *Session {
	s := &Session{Ref: ref, Born: gen, gen: gen, capacity: capacity, dirty: true}
	b.sessions[ref] = s
	b.list = append(b.list, s)
	if i := slices.Index(b.unsaid, ref); i >= 0 {
		s.released = b.releasedOf(ref) // with its end
		b.unsaid = slices.Delete(b.unsaid, i, i+1)
	}
	delete(b.ended, ref) // its end need not be said: what is claimed now is all there is
	return s
}

func (b *Book) remove(s *Session) {
	b.seats -= len(s.seats)
	delete(b.sessions, s.Ref)
	i := slices.Index(b.list, s)
	b.list = slices.Delete(b.list, i, i+1)
	s.settle()
}

// begin makes claims wait until settle.
func (s *Session) begin() {
	if s.busy == nil {
		s.busy = make(chan struct{})
	}
}

func (s *Session) settle() {
	if s.busy != nil {
		close(s.busy)
		s.busy = nil
	}
}
