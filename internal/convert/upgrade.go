package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

func upgradeProto(u model.UpgradePolicy) *greenroomv1.UpgradePolicy {
	if u == (model.UpgradePolicy{}) {
		return nil
	}
	p := &greenroomv1.UpgradePolicy{
		Surge: u.Surge, MaxDraining: u.MaxDraining, Paused: u.Paused,
		MaxFailures: count(u.MaxFailures), MaxCrashes: count(u.MaxCrashes),
	}
	if u.Drain != nil {
		p.Drain = DrainPolicyProto(*u.Drain)
		if p.Drain == nil { // one that says nothing is still the upgrade's own
			p.Drain = &greenroomv1.DrainPolicy{}
		}
	}
	return p
}

func upgradeModel(p *greenroomv1.UpgradePolicy) model.UpgradePolicy {
	u := model.UpgradePolicy{
		Surge: p.GetSurge(), MaxDraining: p.GetMaxDraining(), Paused: p.GetPaused(),
		MaxFailures: int(p.GetMaxFailures()), MaxCrashes: int(p.GetMaxCrashes()),
	}
	if p.GetDrain() != nil {
		d := DrainPolicyModel(p.GetDrain())
		u.Drain = &d
	}
	return u
}

// FlagsProto makes the contract's flags.
func FlagsProto(flags []model.Flag) []*greenroomv1.Flag {
	return each(flags, func(f model.Flag) *greenroomv1.Flag {
		return &greenroomv1.Flag{Name: f.Name, Value: f.Value, SharePpm: uint32(f.Share)}
	})
}

// FlagsModel are the model's flags, as written.
func FlagsModel(flags []*greenroomv1.Flag) []model.Flag {
	return each(flags, func(p *greenroomv1.Flag) model.Flag {
		return model.Flag{Name: p.GetName(), Value: p.GetValue(), Share: model.PPM(p.GetSharePpm())}
	})
}

// RevisionProto makes the contract's revision, without what is known of its servers.
func RevisionProto(r model.FleetRevision) *greenroomv1.FleetRevision {
	return &greenroomv1.FleetRevision{
		Revision: r.Number, Spec: FleetSpecProto(r.Spec), CreatedAt: TimeProto(r.CreatedAt), UsedAt: TimeProto(r.UsedAt),
		ProvedAt: TimeProto(r.ProvedAt), Stopped: r.Stopped,
	}
}
