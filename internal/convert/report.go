package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// SessionRefProto makes the name of a session at one generation, as the link speaks of it.
func SessionRefProto(ref model.SessionRef, gen model.Generation) *greenroomv1.SessionRef {
	return &greenroomv1.SessionRef{Route: string(ref.Route), Key: string(ref.Key), Generation: uint64(gen)}
}

// SessionRefModel is the session's name and the generation spoken of; zero for nil.
func SessionRefModel(p *greenroomv1.SessionRef) (model.SessionRef, model.Generation) {
	ref := model.SessionRef{Route: model.RouteName(p.GetRoute()), Key: model.SessionKey(p.GetKey())}
	return ref, model.Generation(p.GetGeneration())
}

// SessionReportProto makes what a server says of one session.
func SessionReportProto(r registry.SessionReport) *greenroomv1.SessionReport {
	return &greenroomv1.SessionReport{
		Session:      SessionRefProto(r.Session, r.Generation),
		SeatCapacity: count(r.Capacity),
		Seats: each(r.Claimed, func(s model.Seat) *greenroomv1.ClaimedSeat {
			return &greenroomv1.ClaimedSeat{Seat: uint64(s.ID), Player: string(s.Player)}
		}),
		Released: each(r.Released, func(id model.SeatID) uint64 { return uint64(id) }),
	}
}

// SessionReportModel is the registry's report of one session; its seats are Claimed.
func SessionReportModel(p *greenroomv1.SessionReport) registry.SessionReport {
	ref, gen := SessionRefModel(p.GetSession())
	return registry.SessionReport{
		Session:    ref,
		Generation: gen,
		Capacity:   int(p.GetSeatCapacity()),
		Claimed: each(p.GetSeats(), func(s *greenroomv1.ClaimedSeat) model.Seat {
			return model.Seat{ID: model.SeatID(s.GetSeat()), Player: model.PlayerID(s.GetPlayer()), State: model.SeatClaimed}
		}),
		Released: each(p.GetReleased(), func(id uint64) model.SeatID { return model.SeatID(id) }),
	}
}

// SessionReportsModel is SessionReportModel for a list.
func SessionReportsModel(list []*greenroomv1.SessionReport) []registry.SessionReport {
	return each(list, SessionReportModel)
}

// EndedModel is the registry's list of sessions that ended on their own.
func EndedModel(list []*greenroomv1.SessionRef) []registry.EndedSession {
	return each(list, func(p *greenroomv1.SessionRef) registry.EndedSession {
		ref, gen := SessionRefModel(p)
		return registry.EndedSession{Session: ref, Generation: gen}
	})
}
