package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// DrainPolicyProto makes the contract's policy; nil when it says nothing.
func DrainPolicyProto(d model.DrainPolicy) *greenroomv1.DrainPolicy {
	if d == (model.DrainPolicy{}) {
		return nil
	}
	return &greenroomv1.DrainPolicy{Wait: DurationProto(d.Wait), Deadline: DurationProto(d.Deadline)}
}

// DrainPolicyModel is the model's policy; zero for nil.
func DrainPolicyModel(p *greenroomv1.DrainPolicy) model.DrainPolicy {
	return model.DrainPolicy{Wait: DurationModel(p.GetWait()), Deadline: DurationModel(p.GetDeadline())}
}

// WantProto makes what is wanted of a server: its state, why, and its drain if it has one.
func WantProto(state model.ServerState, reason string, drain *model.Drain) *greenroomv1.Want {
	w := &greenroomv1.Want{State: ServerStateProto(state), Reason: reason}
	if drain == nil {
		return w
	}
	w.HandOverAt, w.DeadlineAt = TimeProto(drain.HandOverAt), TimeProto(drain.DeadlineAt)
	w.Drain = &greenroomv1.DrainNote{StartedAt: TimeProto(drain.StartedAt), Cause: string(drain.Cause)}
	if b := drain.Before; b != nil {
		w.Drain.Before = WantProto(model.ServerDraining, b.Reason, b)
	}
	return w
}

// WantModel is the state and reason that are wanted, and the drain; nil when the want names no times. A drain without a note is of
// an unknown cause. One that a notice shortened is taken with the one before it, and no more of them.
func WantModel(p *greenroomv1.Want) (state model.ServerState, reason string, drain *model.Drain) {
	if p.GetHandOverAt() != nil || p.GetDeadlineAt() != nil {
		drain = wantedDrain(p)
		if b := p.GetDrain().GetBefore(); b != nil {
			drain.Before = wantedDrain(b)
		}
	}
	return ServerStateModel(p.GetState()), p.GetReason(), drain
}

func wantedDrain(p *greenroomv1.Want) *model.Drain {
	d := &model.Drain{
		HandOverAt: TimeModel(p.GetHandOverAt()),
		DeadlineAt: TimeModel(p.GetDeadlineAt()),
		Reason:     p.GetReason(),
		Cause:      model.DrainUnknown,
	}
	if note := p.GetDrain(); note != nil {
		d.StartedAt, d.Cause = TimeModel(note.GetStartedAt()), model.DrainCause(note.GetCause())
	}
	return d
}
