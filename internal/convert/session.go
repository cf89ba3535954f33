package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// SessionProto makes the contract's session. Seat numbers stay inside: a seat's player names it.
func SessionProto(s model.Session) *greenroomv1.Session {
	return &greenroomv1.Session{
		Route:         string(s.Route),
		Key:           string(s.Key),
		Fleet:         string(s.Fleet),
		Server:        string(s.Server),
		State:         SessionStateProto(s.State),
		Generation:    uint64(s.Generation),
		SeatCapacity:  count(s.Capacity),
		SeatsReserved: count(s.SeatsReserved),
		SeatsClaimed:  count(s.SeatsClaimed),
		CreatedAt:     TimeProto(s.CreatedAt),
		Seats:         each(s.Seats, seatProto),
	}
}

// SessionModel is the model's session, of what the contract tells: seat numbers and the revision are zero.
func SessionModel(p *greenroomv1.Session) model.Session {
	return model.Session{
		SessionRef:    model.SessionRef{Route: model.RouteName(p.GetRoute()), Key: model.SessionKey(p.GetKey())},
		Fleet:         model.FleetName(p.GetFleet()),
		Server:        model.ServerID(p.GetServer()),
		State:         SessionStateModel(p.GetState()),
		Generation:    model.Generation(p.GetGeneration()),
		Seats:         each(p.GetSeats(), seatModel),
		Capacity:      int(p.GetSeatCapacity()),
		SeatsReserved: int(p.GetSeatsReserved()),
		SeatsClaimed:  int(p.GetSeatsClaimed()),
		CreatedAt:     TimeModel(p.GetCreatedAt()),
	}
}

func seatProto(s model.Seat) *greenroomv1.Seat {
	p := &greenroomv1.Seat{Player: string(s.Player), State: SeatStateProto(s.State)}
	if s.State == model.SeatReserved {
		p.ExpiresAt = TimeProto(s.ExpiresAt)
	}
	return p
}

func seatModel(p *greenroomv1.Seat) model.Seat {
	return model.Seat{
		Player:    model.PlayerID(p.GetPlayer()),
		State:     SeatStateModel(p.GetState()),
		ExpiresAt: TimeModel(p.GetExpiresAt()),
	}
}

// SessionRefProto makes the name of a session at one generation, as the link speaks of it.
func SessionRefProto(ref model.SessionRef, gen model.Generation) *greenroomv1.SessionRef {
	return &greenroomv1.SessionRef{Route: string(ref.Route), Key: string(ref.Key), Generation: uint64(gen)}
}

// SessionRefModel is the session's name and the generation spoken of; zero for nil.
func SessionRefModel(p *greenroomv1.SessionRef) (model.SessionRef, model.Generation) {
	ref := model.SessionRef{Route: model.RouteName(p.GetRoute()), Key: model.SessionKey(p.GetKey())}
	return ref, model.Generation(p.GetGeneration())
}
