package link

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// sessionReports are the registry's reports of sessions; their seats are Claimed.
func sessionReports(list []*greenroomv1.SessionReport) []registry.SessionReport {
	all := make([]registry.SessionReport, len(list))
	for i, p := range list {
		ref, gen := convert.SessionRefModel(p.GetSession())
		r := registry.SessionReport{Session: ref, Generation: gen, Capacity: int(p.GetSeatCapacity()), Frozen: p.GetFrozen()}
		for _, s := range p.GetSeats() {
			r.Claimed = append(r.Claimed, model.Seat{ID: model.SeatID(s.GetSeat()), Player: model.PlayerID(s.GetPlayer()), State: model.SeatClaimed})
		}
		for _, id := range p.GetReleased() {
			r.Released = append(r.Released, model.SeatID(id))
		}
		all[i] = r
	}
	return all
}

// endedSessions is the registry's list of sessions that ended on their own.
func endedSessions(list []*greenroomv1.SessionRef) []registry.EndedSession {
	all := make([]registry.EndedSession, len(list))
	for i, p := range list {
		all[i].Session, all[i].Generation = convert.SessionRefModel(p)
	}
	return all
}
