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

// WantProto makes what is wanted of a server: its state, why, and the times of its drain if it has one.
func WantProto(state model.ServerState, reason string, drain *model.Drain) *greenroomv1.Want {
	w := &greenroomv1.Want{State: ServerStateProto(state), Reason: reason}
	if drain != nil {
		w.HandOverAt = TimeProto(drain.HandOverAt)
		w.DeadlineAt = TimeProto(drain.DeadlineAt)
	}
	return w
}

// WantModel is the state and reason that are wanted, and the drain's times; nil when the want names none.
func WantModel(p *greenroomv1.Want) (state model.ServerState, reason string, drain *model.Drain) {
	if p.GetHandOverAt() != nil || p.GetDeadlineAt() != nil {
		drain = &model.Drain{
			HandOverAt: TimeModel(p.GetHandOverAt()),
			DeadlineAt: TimeModel(p.GetDeadlineAt()),
			Reason:     p.GetReason(),
		}
	}
	return ServerStateModel(p.GetState()), p.GetReason(), drain
}
