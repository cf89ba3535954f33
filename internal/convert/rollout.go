package convert

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// RolloutProto makes the contract's rollout, without its status.
func RolloutProto(r model.Rollout) *greenroomv1.Rollout {
	return &greenroomv1.Rollout{
		Name:       string(r.Name),
		Labels:     labels(r.Labels),
		Spec:       RolloutSpecProto(r.Spec),
		Generation: uint64(r.Generation),
		CreatedAt:  TimeProto(r.CreatedAt),
		UpdatedAt:  TimeProto(r.UpdatedAt),
	}
}

// RolloutModel is the model's rollout, as written: without defaults and state.
func RolloutModel(p *greenroomv1.Rollout) model.Rollout {
	return model.Rollout{
		Name:       model.RolloutName(p.GetName()),
		Labels:     labels(p.GetLabels()),
		Spec:       rolloutSpecModel(p.GetSpec()),
		Generation: model.Generation(p.GetGeneration()),
		CreatedAt:  TimeModel(p.GetCreatedAt()),
		UpdatedAt:  TimeModel(p.GetUpdatedAt()),
	}
}

// RolloutSpecProto makes the contract's spec. What a rollout does by default is left out.
func RolloutSpecProto(s model.RolloutSpec) *greenroomv1.RolloutSpec {
	p := &greenroomv1.RolloutSpec{
		Route: string(s.Route), To: string(s.To), From: string(s.From),
		Steps: each(s.Steps, func(m model.RolloutStep) *greenroomv1.RolloutStep {
			return &greenroomv1.RolloutStep{WeightPpm: uint32(m.Weight), Hold: DurationProto(m.Hold)}
		}),
		Gates:    each(s.Gates, gateProto),
		Patience: DurationProto(s.Patience),
	}
	if s.Pause {
		p.OnFailure = greenroomv1.FailureAction_FAILURE_ACTION_PAUSE
	}
	if s.DrainBack {
		p.RollbackSessions = greenroomv1.RollbackSessions_ROLLBACK_SESSIONS_DRAIN
	}
	return p
}

func rolloutSpecModel(p *greenroomv1.RolloutSpec) model.RolloutSpec {
	return model.RolloutSpec{
		Route: model.RouteName(p.GetRoute()), To: model.FleetName(p.GetTo()), From: model.FleetName(p.GetFrom()),
		Steps: each(p.GetSteps(), func(p *greenroomv1.RolloutStep) model.RolloutStep {
			return model.RolloutStep{Weight: model.PPM(p.GetWeightPpm()), Hold: DurationModel(p.GetHold())}
		}),
		Gates:     each(p.GetGates(), gateModel),
		Pause:     p.GetOnFailure() == greenroomv1.FailureAction_FAILURE_ACTION_PAUSE,
		DrainBack: p.GetRollbackSessions() == greenroomv1.RollbackSessions_ROLLBACK_SESSIONS_DRAIN,
		Patience:  DurationModel(p.GetPatience()),
	}
}

// RolloutStateProto makes the part of the contract's status that is kept: all but what is derived from it, and its serial
// and the route's generation, which the contract does not tell.
func RolloutStateProto(s model.RolloutState) *greenroomv1.RolloutStatus {
	return &greenroomv1.RolloutStatus{
		Phase: string(s.Phase), Step: count(s.Step), WeightPpm: uint32(s.Weight), StepSince: TimeProto(s.StepSince),
		Before: each(s.Before, weightProto), Weights: each(s.Weights, weightProto), From: string(s.From), Drains: s.Drains,
		Moves: each(s.Moves, func(m model.RolloutMove) *greenroomv1.RolloutMove {
			return &greenroomv1.RolloutMove{At: TimeProto(m.At), WeightPpm: uint32(m.Weight), What: m.What, Reason: m.Reason, Actor: m.Actor}
		}),
	}
}

// RolloutStateModel is the state that RolloutStateProto was made of, but for what the contract does not tell.
func RolloutStateModel(p *greenroomv1.RolloutStatus) model.RolloutState {
	return model.RolloutState{
		Phase: model.RolloutPhase(p.GetPhase()), Step: int(p.GetStep()), Weight: model.PPM(p.GetWeightPpm()), StepSince: TimeModel(p.GetStepSince()),
		Before: each(p.GetBefore(), weightModel), Weights: each(p.GetWeights(), weightModel), From: model.FleetName(p.GetFrom()), Drains: p.GetDrains(),
		Moves: each(p.GetMoves(), func(p *greenroomv1.RolloutMove) model.RolloutMove {
			return model.RolloutMove{At: TimeModel(p.GetAt()), Weight: model.PPM(p.GetWeightPpm()), What: p.GetWhat(), Reason: p.GetReason(), Actor: p.GetActor()}
		}),
	}
}
