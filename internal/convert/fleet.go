package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// FleetProto makes the contract's fleet, without its status.
func FleetProto(f model.Fleet) *greenroomv1.Fleet {
	return &greenroomv1.Fleet{
		Name:       string(f.Name),
		Labels:     labels(f.Labels),
		Spec:       FleetSpecProto(f.Spec),
		Generation: uint64(f.Generation),
		Revision:   f.Revision,
		CreatedAt:  TimeProto(f.CreatedAt),
		UpdatedAt:  TimeProto(f.UpdatedAt),
	}
}

// FleetModel is the model's fleet; its status is left out, and Deleted is false.
func FleetModel(p *greenroomv1.Fleet) model.Fleet {
	return model.Fleet{
		Name:       model.FleetName(p.GetName()),
		Labels:     labels(p.GetLabels()),
		Spec:       FleetSpecModel(p.GetSpec()),
		Generation: model.Generation(p.GetGeneration()),
		Revision:   p.GetRevision(),
		CreatedAt:  TimeModel(p.GetCreatedAt()),
		UpdatedAt:  TimeModel(p.GetUpdatedAt()),
	}
}

// FleetSpecProto makes the contract's spec. Parts that say nothing are left out.
func FleetSpecProto(s model.FleetSpec) *greenroomv1.FleetSpec {
	p := &greenroomv1.FleetSpec{
		MinServers:   count(s.Min),
		MaxServers:   count(s.Max),
		Drain:        DrainPolicyProto(s.Drain),
		ScaleInAfter: DurationProto(s.ScaleInAfter),
		Room:         RoomSettingsProto(s.Room),
		Scaling:      ScalingProto(s.Scaling),
		Price:        PriceProto(s.Price),
		Upgrade:      upgradeProto(s.Upgrade),
		Flags:        FlagsProto(s.Flags),
		Region:       RegionProto(s.Region),
		Capacity:     capacityProto(s.Capacity),
	}
	if s.Static != nil {
		p.Provider = &greenroomv1.Provider{Kind: &greenroomv1.Provider_Static{Static: staticProto(*s.Static)}}
	}
	if s.Process != nil {
		p.Provider = &greenroomv1.Provider{Kind: &greenroomv1.Provider_Process{Process: processProto(*s.Process)}}
	}
	if s.Ready != 0 || s.Open != 0 {
		p.Buffers = &greenroomv1.Buffers{Ready: count(s.Ready), Open: count(s.Open)}
	}
	if s.DoubtAfter != 0 || s.StartTimeout != 0 {
		p.Health = &greenroomv1.HealthPolicy{
			DoubtAfter:   DurationProto(s.DoubtAfter),
			StartTimeout: DurationProto(s.StartTimeout),
		}
	}
	return p
}

// FleetSpecModel is the model's spec, as written: without defaults.
func FleetSpecModel(p *greenroomv1.FleetSpec) model.FleetSpec {
	s := model.FleetSpec{
		Capacity:     capacityModel(p.GetCapacity()),
		Ready:        int(p.GetBuffers().GetReady()),
		Open:         int(p.GetBuffers().GetOpen()),
		Min:          int(p.GetMinServers()),
		Max:          int(p.GetMaxServers()),
		Drain:        DrainPolicyModel(p.GetDrain()),
		DoubtAfter:   DurationModel(p.GetHealth().GetDoubtAfter()),
		StartTimeout: DurationModel(p.GetHealth().GetStartTimeout()),
		ScaleInAfter: DurationModel(p.GetScaleInAfter()),
		Room:         RoomSettingsModel(p.GetRoom()),
		Scaling:      ScalingModel(p.GetScaling()),
		Price:        PriceModel(p.GetPrice()),
		Upgrade:      upgradeModel(p.GetUpgrade()),
		Flags:        FlagsModel(p.GetFlags()),
		Region:       RegionModel(p.GetRegion()),
	}
	if static := p.GetProvider().GetStatic(); static != nil {
		spec := staticModel(static)
		s.Static = &spec
	}
	if process := p.GetProvider().GetProcess(); process != nil {
		spec := processModel(process)
		s.Process = &spec
	}
	return s
}
