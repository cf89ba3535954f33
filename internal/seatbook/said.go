package seatbook

import (
	"cmp"
	"slices"

	"greenroom.dev/greenroom/internal/model"
)

// Report is what a server says of its sessions.
type Report struct {
	Sessions []SessionReport
	Ended    []EndedSession // on their own
}

// SessionReport is what a server says of one session.
type SessionReport struct {
	Session    model.SessionRef
	Generation model.Generation
	Capacity   int
	Claimed    []model.Seat   // ID and Player of every claimed seat, by ID
	Released   []model.SeatID // since the last report on this stream
	Frozen     bool
}

// EndedSession names a session that ended on its own.
type EndedSession struct {
	Session    model.SessionRef
	Generation model.Generation
}

// Copy is a copy of a session's state.
type Copy struct {
	Session    model.SessionRef
	Generation model.Generation
	State      []byte
	Version    uint64 // rises with every copy of the session on this server, from 1; 0: nobody has entered the session
	Final      bool   // the answer to Freeze
}

// Hello tells everything that lives here, on a new stream; what was said on an older one does not matter any more.
func (b *Book) Hello() []SessionReport {
	b.unsaid = b.unsaid[:0]
	for ref := range b.ended {
		b.unsaid = append(b.unsaid, ref)
	}
	slices.SortFunc(b.unsaid, func(a, b model.SessionRef) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Key, b.Key))
	})
	for _, s := range b.list {
		s.released = s.released[:0]
		s.unsent = s.newest.Version > 0
	}
	for id, r := range b.released {
		if s := b.sessions[r.session]; s != nil {
			s.released = append(s.released, id)
		}
	}
	all := make([]SessionReport, 0, len(b.list))
	for _, s := range b.list {
		slices.Sort(s.released)
		all = append(all, s.report(nil))
	}
	return all
}

// Report adds to r what changed since the last Report or Hello. Memory that r has beyond what is in it is used again, that of
// claimed seats included.
func (b *Book) Report(r *Report) {
	for _, s := range b.list {
		if s.dirty {
			var claimed []model.Seat
			if n := len(r.Sessions); n < cap(r.Sessions) {
				claimed = r.Sessions[:n+1][n].Claimed[:0]
			}
			r.Sessions = append(r.Sessions, s.report(claimed))
		}
	}
	for _, ref := range b.unsaid {
		if d, ok := b.ended[ref]; ok {
			// Seats that were claimed and released while nothing could be said are still reserved by what the control plane
			// knows: it would give their players the same ones again and again.
			r.Sessions = append(r.Sessions, SessionReport{Session: ref, Generation: d.gen, Released: b.releasedOf(ref)})
			r.Ended = append(r.Ended, EndedSession{Session: ref, Generation: d.gen})
		}
	}
	b.unsaid = b.unsaid[:0]
}

// report says all of a session, its claimed seats in the memory given.
func (s *Session) report(claimed []model.Seat) SessionReport {
	r := SessionReport{Session: s.Ref, Generation: s.gen, Capacity: s.capacity, Released: s.released, Frozen: s.frozen != nil}
	claimed = slices.Grow(claimed, len(s.seats))
	for i := range s.seats {
		claimed = append(claimed, model.Seat{ID: s.seats[i].id, Player: s.seats[i].player, State: model.SeatClaimed})
	}
	r.Claimed = claimed
	s.released, s.dirty = nil, false
	return r
}

// Copy keeps a copy of a session's state as its newest, to be sent. It must be here.
func (b *Book) Copy(s *Session, state []byte) { s.newest, s.unsent = s.copyOf(state, false), true }

// Copies appends the newest copies of sessions that this stream has not carried yet to list.
func (b *Book) Copies(list []Copy) []Copy {
	for _, s := range b.list {
		if s.unsent && s.frozen == nil {
			list = append(list, s.newest)
			s.unsent = false
		}
	}
	return list
}

// copyOf makes the session's next copy.
func (s *Session) copyOf(state []byte, final bool) Copy {
	s.version++
	return Copy{Session: s.Ref, Generation: s.gen, State: state, Version: s.version, Final: final}
}
