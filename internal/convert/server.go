package convert

import (
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// ServerProto makes the contract's server as it is at now, which decides the phase of its drain.
func ServerProto(s model.Server, now time.Time) *greenroomv1.Server {
	return &greenroomv1.Server{
		Name:            string(s.ID),
		Fleet:           string(s.Fleet),
		State:           ServerStateProto(s.State),
		Reason:          s.Reason,
		Generation:      uint64(s.Generation),
		Endpoints:       EndpointsProto(s.Endpoints),
		SessionCapacity: count(s.SessionCapacity),
		SeatCapacity:    count(s.SeatCapacity),
		Sessions:        count(s.Sessions),
		SeatsReserved:   count(s.SeatsReserved),
		SeatsClaimed:    count(s.SeatsClaimed),
		CreatedAt:       TimeProto(s.CreatedAt),
		StateSince:      TimeProto(s.StateSince),
		ReportedAt:      TimeProto(s.ReportedAt),
		Drain:           drainStatusProto(s, now),
		Version:         s.Version,
		ProviderRef:     s.ProviderRef,
		Labels:          labels(s.Labels),
		Annotations:     labels(s.Annotations),
		Load:            LoadProto(s.Load),
		Revision:        s.FleetRevision,
		Node:            s.Node,
		Avoided:         s.Avoided,
	}
}

// ServerModel is the model's server, of what the contract tells: the control plane's own marks (Linked, Linkless,
// SeatsPerSession, Revision) are zero.
func ServerModel(p *greenroomv1.Server) model.Server {
	s := model.Server{
		ID:              model.ServerID(p.GetName()),
		Fleet:           model.FleetName(p.GetFleet()),
		State:           ServerStateModel(p.GetState()),
		Reason:          p.GetReason(),
		Generation:      model.Generation(p.GetGeneration()),
		Endpoints:       EndpointsModel(p.GetEndpoints()),
		Version:         p.GetVersion(),
		ProviderRef:     p.GetProviderRef(),
		Labels:          labels(p.GetLabels()),
		Annotations:     labels(p.GetAnnotations()),
		SessionCapacity: int(p.GetSessionCapacity()),
		SeatCapacity:    int(p.GetSeatCapacity()),
		ReportedAt:      TimeModel(p.GetReportedAt()),
		CreatedAt:       TimeModel(p.GetCreatedAt()),
		StateSince:      TimeModel(p.GetStateSince()),
		Sessions:        int(p.GetSessions()),
		SeatsReserved:   int(p.GetSeatsReserved()),
		SeatsClaimed:    int(p.GetSeatsClaimed()),
		FleetRevision:   p.GetRevision(),
		Node:            p.GetNode(),
		Avoided:         p.GetAvoided(),
	}
	s.Load = LoadModel(p.GetLoad(), s.ReportedAt)
	if d := p.GetDrain(); d != nil {
		s.Drain = &model.Drain{
			StartedAt:  TimeModel(d.GetStartedAt()),
			HandOverAt: TimeModel(d.GetHandOverAt()),
			DeadlineAt: TimeModel(d.GetDeadlineAt()),
			Reason:     d.GetReason(),
		}
	}
	return s
}

func drainStatusProto(s model.Server, now time.Time) *greenroomv1.DrainStatus {
	if s.Drain == nil {
		return nil
	}
	return &greenroomv1.DrainStatus{
		StartedAt:    TimeProto(s.Drain.StartedAt),
		HandOverAt:   TimeProto(s.Drain.HandOverAt),
		DeadlineAt:   TimeProto(s.Drain.DeadlineAt),
		Reason:       s.Drain.Reason,
		Phase:        drainPhase(s, now),
		SessionsLeft: count(s.Sessions),
		PlayersLeft:  count(s.SeatsReserved + s.SeatsClaimed),
	}
}

func drainPhase(s model.Server, now time.Time) string {
	switch {
	case s.State == model.ServerEmpty || s.State.Terminal():
		return "empty"
	case now.Before(s.Drain.HandOverAt):
		return "waiting"
	case now.Before(s.Drain.DeadlineAt):
		return "handing over"
	default:
		return "past deadline"
	}
}
