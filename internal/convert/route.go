package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// RouteProto makes the contract's route, without its status.
func RouteProto(r model.Route) *greenroomv1.Route {
	p := &greenroomv1.Route{
		Name:       string(r.Name),
		Labels:     labels(r.Labels),
		Spec:       &greenroomv1.RouteSpec{Fleets: each(r.Fleets, weightProto)},
		Generation: uint64(r.Generation),
		CreatedAt:  TimeProto(r.CreatedAt),
		UpdatedAt:  TimeProto(r.UpdatedAt),
	}
	p.Spec.RegionSlack = DurationProto(r.RegionSlack)
	if r.MaxWaiting != 0 || r.MaxWait != 0 {
		p.Spec.Queue = &greenroomv1.JoinQueue{MaxWaiting: count(r.MaxWaiting), MaxWait: DurationProto(r.MaxWait)}
	}
	return p
}

// RouteModel is the model's route, as written: without defaults and status. One fleet alone that leaves its weight out
// has all of it.
func RouteModel(p *greenroomv1.Route) model.Route {
	r := model.Route{
		Name:        model.RouteName(p.GetName()),
		Labels:      labels(p.GetLabels()),
		Fleets:      each(p.GetSpec().GetFleets(), weightModel),
		MaxWaiting:  int(p.GetSpec().GetQueue().GetMaxWaiting()),
		MaxWait:     DurationModel(p.GetSpec().GetQueue().GetMaxWait()),
		RegionSlack: DurationModel(p.GetSpec().GetRegionSlack()),
		Generation:  model.Generation(p.GetGeneration()),
		CreatedAt:   TimeModel(p.GetCreatedAt()),
		UpdatedAt:   TimeModel(p.GetUpdatedAt()),
	}
	if len(r.Fleets) == 1 && r.Fleets[0].Weight == 0 {
		r.Fleets[0].Weight = model.Whole
	}
	return r
}

func weightProto(w model.FleetWeight) *greenroomv1.FleetWeight {
	return &greenroomv1.FleetWeight{Fleet: string(w.Fleet), WeightPpm: uint32(w.Weight)}
}

func weightModel(p *greenroomv1.FleetWeight) model.FleetWeight {
	return model.FleetWeight{Fleet: model.FleetName(p.GetFleet()), Weight: model.PPM(p.GetWeightPpm())}
}
