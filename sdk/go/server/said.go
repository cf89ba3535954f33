package server

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/seatbook"
)

// What follows puts the book's words into the handler's and the link's.

func refOf(s Session) model.SessionRef {
	return model.SessionRef{Route: model.RouteName(s.Route), Key: model.SessionKey(s.Key)}
}

// handleOf is a session as the handler knows it.
func handleOf(s *seatbook.Session) Session {
	return Session{Route: string(s.Ref.Route), Key: string(s.Ref.Key), Generation: uint64(s.Born)}
}

func seatOf(s *seatbook.Session, id model.SeatID, player model.PlayerID) Seat {
	return Seat{ID: uint64(id), Player: string(player), Session: handleOf(s), Capacity: s.Capacity()}
}

// here answers the session that the handler means; nil if it is no longer here.
func (s *Server) here(session Session) *seatbook.Session {
	held := s.book.Session(refOf(session))
	if held == nil || uint64(held.Born) != session.Generation {
		return nil
	}
	return held
}

// reportProto answers nil for an empty report.
func reportProto(r *seatbook.Report) *greenroomv1.Report {
	if len(r.Sessions) == 0 {
		return nil
	}
	out := &greenroomv1.Report{Sessions: sessionsProto(r.Sessions)}
	for _, e := range r.Ended {
		out.Ended = append(out.Ended, convert.SessionRefProto(e.Session, e.Generation))
	}
	return out
}

func sessionsProto(list []seatbook.SessionReport) []*greenroomv1.SessionReport {
	all := make([]*greenroomv1.SessionReport, 0, len(list))
	for i := range list {
		r := &list[i]
		p := &greenroomv1.SessionReport{
			Session: convert.SessionRefProto(r.Session, r.Generation), SeatCapacity: uint32(r.Capacity), Frozen: r.Frozen,
		}
		for _, s := range r.Claimed {
			p.Seats = append(p.Seats, &greenroomv1.ClaimedSeat{Seat: uint64(s.ID), Player: string(s.Player)})
		}
		for _, id := range r.Released {
			p.Released = append(p.Released, uint64(id))
		}
		all = append(all, p)
	}
	return all
}

func copyProto(c *seatbook.Copy) *greenroomv1.SessionCopy {
	return &greenroomv1.SessionCopy{
		Session: convert.SessionRefProto(c.Session, c.Generation), State: c.State, Version: c.Version, Final: c.Final,
	}
}
