package seatbook

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// frozenMax is more than a hand-over's time-outs together.
const frozenMax = 20 * time.Second

// What follows is what the control plane asks of a server. Requests for one session are carried out one after the other; a
// request of an older generation than the session has here changes nothing.

// Open begins to bring a session here: nobody comes in until Opened. With neither a session nor an error it is here already.
// replaced is an older one that left for it, and whose players the caller sends away first; nil: none. A session that was here
// before at gen, and ended or left, is refused: the word comes late, and nobody would know that it is here again.
func (b *Book) Open(ref model.SessionRef, gen model.Generation, capacity int, now time.Time) (s, replaced *Session, err error) {
	held := b.sessions[ref]
	if held == nil && gen <= max(b.ended[ref].gen, b.departed[ref].gen) {
		return nil, nil, fmt.Errorf("%v was here with generation %d, and is no more", ref, gen)
	}
	if held != nil {
		switch {
		case held.gen == gen:
			return nil, nil, nil
		case held.gen > gen:
			return nil, nil, newerHere(held)
		}
		replaced = b.Close(ref, held.gen, now)
	}
	s = b.add(ref, gen, capacity)
	s.begin()
	return s, replaced, nil
}

// Opened ends what Open began; a session that was refused leaves again.
func (b *Book) Opened(s *Session, refused bool) {
	s.settle()
	if refused && b.sessions[s.Ref] == s {
		b.remove(s)
	}
}

// Freeze begins to hand a session over: nobody comes in until Resume or Close. The caller takes the state of s and calls
// Frozen. Without s there is nothing to take: the last copy of a session that is frozen already, or of one that nobody has
// entered yet, which is then kept from being opened by its tickets until it is known where it is.
func (b *Book) Freeze(ref model.SessionRef, gen model.Generation, now time.Time) (s *Session, last *Copy, err error) {
	switch s = b.sessions[ref]; {
	case s == nil:
		last = &Copy{Session: ref, Generation: gen, Final: true}
		if b.departed[ref].gen < gen {
			s = b.add(ref, gen, 0)
			s.hollow = true
			s.begin()
			s.frozen, s.frozenAt = last, now
		}
		return nil, last, nil
	case s.gen > gen:
		return nil, nil, newerHere(s)
	case s.frozen != nil:
		again := *s.frozen
		s.gen, again.Generation = gen, gen // it is asked for by that
		s.frozen = &again
		return nil, s.frozen, nil
	}
	s.begin()
	return s, nil, nil
}

// Frozen ends what Freeze began, with the session's state. With an error, why it could not be taken, the session goes on.
func (b *Book) Frozen(s *Session, gen model.Generation, state []byte, err error, now time.Time) (*Copy, error) {
	switch {
	case b.sessions[s.Ref] != s:
		return nil, fmt.Errorf("%v ended", s.Ref)
	case err != nil:
		s.settle()
		return nil, err
	}
	s.gen = gen
	last := s.copyOf(state, true)
	s.frozen, s.frozenAt = &last, now
	return s.frozen, nil
}

// Resume takes a Freeze back. It answers the session that goes on; nil if there is none, or nobody knows it.
func (b *Book) Resume(ref model.SessionRef, gen model.Generation, now time.Time) *Session {
	s := b.sessions[ref]
	if s == nil || s.gen > gen || s.frozen == nil {
		return nil
	}
	s.frozen = nil
	s.settle()
	if s.hollow {
		b.End(s, now)
		return nil
	}
	return s
}

// Close takes a session off the server that ended or lives elsewhere by the control plane's word: tickets of this generation
// and older ones open nothing here any more. It answers the session whose players are to be told; nil if there is none.
func (b *Book) Close(ref model.SessionRef, gen model.Generation, now time.Time) *Session {
	b.sweep(now)
	until := now.Add(unknownTicketLife)
	s := b.sessions[ref]
	if s != nil {
		if s.gen > gen {
			return nil
		}
		for i := range s.seats {
			until = model.Later(until, s.seats[i].expiresAt)
		}
		b.remove(s)
	}
	b.departed[ref] = departure{gen: max(gen, b.departed[ref].gen), until: until}
	if s == nil || s.hollow {
		return nil
	}
	return s
}

// Forgotten tells whether a session has been frozen for longer than any hand-over takes: whoever froze it is no more.
func (b *Book) Forgotten(now time.Time) bool {
	for _, s := range b.list {
		if s.frozen != nil && now.Sub(s.frozenAt) >= frozenMax {
			return true
		}
	}
	return false
}

func newerHere(s *Session) error {
	return fmt.Errorf("%v is here with the newer generation %d", s.Ref, s.gen)
}
