package server

import (
	"maps"
	"slices"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

// hello tells everything that lives here; what was said on an older stream does not matter any more.
func (b *book) hello() []*greenroomv1.SessionReport {
	clear(b.dirty)
	for ref := range b.ended {
		b.unsaid[ref] = true
	}
	for _, s := range b.sessions {
		s.released = s.released[:0]
		s.unsent = s.newest != nil
	}
	for id, r := range b.released {
		if s := b.sessions[r.session]; s != nil {
			s.released = append(s.released, id)
		}
	}
	all := make([]*greenroomv1.SessionReport, 0, len(b.sessions))
	for ref := range b.sessions {
		all = append(all, b.reportSession(ref))
	}
	return all
}

// report tells what changed since the last report or hello; nil for nothing.
func (b *book) report() *greenroomv1.Report {
	if len(b.dirty) == 0 && len(b.unsaid) == 0 {
		return nil
	}
	r := &greenroomv1.Report{}
	for ref := range b.dirty {
		r.Sessions = append(r.Sessions, b.reportSession(ref))
	}
	for ref := range b.unsaid {
		if d, ok := b.ended[ref]; ok {
			r.Sessions = append(r.Sessions, b.reportEnded(ref, d))
			r.Ended = append(r.Ended, convert.SessionRefProto(ref, d.gen))
		}
	}
	clear(b.dirty)
	clear(b.unsaid)
	return r
}

// reportEnded tells which seats went with a session that ended on its own. Seats that were claimed and released while nothing
// could be said are still reserved by what the control plane knows: it would give their players the same ones again and again.
func (b *book) reportEnded(ref model.SessionRef, d departure) *greenroomv1.SessionReport {
	r := &greenroomv1.SessionReport{Session: convert.SessionRefProto(ref, d.gen)}
	for _, id := range b.releasedOf(ref) {
		r.Released = append(r.Released, uint64(id))
	}
	return r
}

// releasedOf answers the released seats of a session that are remembered.
func (b *book) releasedOf(ref model.SessionRef) (ids []model.SeatID) {
	for id, r := range b.released {
		if r.session == ref {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (b *book) reportSession(ref model.SessionRef) *greenroomv1.SessionReport {
	s := b.sessions[ref]
	r := &greenroomv1.SessionReport{Session: convert.SessionRefProto(ref, s.gen), SeatCapacity: uint32(s.capacity), Frozen: s.frozen != nil}
	for _, id := range slices.Sorted(maps.Keys(s.seats)) {
		r.Seats = append(r.Seats, &greenroomv1.ClaimedSeat{Seat: uint64(id), Player: string(s.seats[id].player)})
	}
	for _, id := range s.released {
		r.Released = append(r.Released, uint64(id))
	}
	s.released = s.released[:0]
	return r
}

// copies tells the periodic copies that this stream has not carried yet.
func (b *book) copies() []*greenroomv1.SessionCopy {
	var out []*greenroomv1.SessionCopy
	for _, s := range b.sessions {
		if s.unsent && s.frozen == nil {
			out = append(out, s.newest)
			s.unsent = false
		}
	}
	return out
}

// copyOf makes the session's next copy.
func (s *session) copyOf(state []byte, final bool) *greenroomv1.SessionCopy {
	s.version++
	return &greenroomv1.SessionCopy{Session: convert.SessionRefProto(refOf(s.handle), s.gen), State: state, Version: s.version, Final: final}
}
