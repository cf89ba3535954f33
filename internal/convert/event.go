package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// EventProto makes the contract's event, without its status.
func EventProto(e model.Event) *greenroomv1.Event {
	return &greenroomv1.Event{
		Name:   string(e.Name),
		Labels: labels(e.Labels),
		Spec: &greenroomv1.EventSpec{
			Route:             string(e.Route),
			DoorsAt:           TimeProto(e.DoorsAt),
			EndsAt:            TimeProto(e.EndsAt),
			Attendance:        count(e.Attendance),
			PlayersPerSession: count(e.PlayersPerSession),
			Lead:              DurationProto(e.Lead),
			Ramp:              DurationProto(e.Ramp),
			Title:             e.Title,
		},
		Generation: uint64(e.Generation),
		CreatedAt:  TimeProto(e.CreatedAt),
		UpdatedAt:  TimeProto(e.UpdatedAt),
	}
}

// EventModel is the model's event, as written; its status is left out.
func EventModel(p *greenroomv1.Event) model.Event {
	s := p.GetSpec()
	return model.Event{
		Name:              model.EventName(p.GetName()),
		Labels:            labels(p.GetLabels()),
		Title:             s.GetTitle(),
		Route:             model.RouteName(s.GetRoute()),
		DoorsAt:           TimeModel(s.GetDoorsAt()),
		EndsAt:            TimeModel(s.GetEndsAt()),
		Attendance:        int(s.GetAttendance()),
		PlayersPerSession: int(s.GetPlayersPerSession()),
		Lead:              DurationModel(s.GetLead()),
		Ramp:              DurationModel(s.GetRamp()),
		Generation:        model.Generation(p.GetGeneration()),
		CreatedAt:         TimeModel(p.GetCreatedAt()),
		UpdatedAt:         TimeModel(p.GetUpdatedAt()),
	}
}
