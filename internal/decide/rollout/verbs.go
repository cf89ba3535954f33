package rollout

import (
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Begin is the state of a rollout that begins on a route. The error says why there is nothing to move.
func Begin(spec model.RolloutSpec, route model.Route, now time.Time) (model.RolloutState, error) {
	from := spec.From
	if from == "" {
		from = largest(route.Fleets, spec.To)
	}
	if from == "" {
		return model.RolloutState{}, fmt.Errorf("route %s sends all new sessions to %s already: there is nothing to move", route.Name, spec.To)
	}
	share, ok := Share(route.Fleets, from, spec.To)
	if !ok {
		return model.RolloutState{}, fmt.Errorf("route %s sends nothing to %s and %s (%s): there is nothing to move", route.Name, from, spec.To, Shares(route.Fleets))
	}
	if weights := Split(route.Fleets, from, spec.To, share); len(weights) > model.MaxRouteFleets {
		return model.RolloutState{}, fmt.Errorf("route %s has %d fleets already, the most there can be: take one out before %s comes in", route.Name, len(route.Fleets), spec.To)
	}
	return model.RolloutState{
		Phase: model.RolloutRunning, Step: spec.StepAt(share), Weight: share, BeganAt: now, StepSince: now, From: from,
		Before: slices.Clone(route.Fleets), Weights: slices.Clone(route.Fleets), RouteGeneration: route.Generation,
	}, nil
}

// Pause stops a rollout where it is.
func Pause(in Input, reason, actor string) (*model.RolloutState, error) {
	switch in.State.Phase {
	case model.RolloutPaused:
		return nil, fmt.Errorf("it is paused already: %s", in.State.LastMove().Reason)
	case model.RolloutRunning:
		return in.step(in.paused(reason, actor), nil).State, nil
	}
	return nil, in.isOver("paused")
}

// Resume goes on from where the rollout is, with the route's weights as they are now. The step's hold begins anew.
func Resume(in Input, actor string) (*model.RolloutState, error) {
	switch in.State.Phase {
	case model.RolloutRunning:
		return nil, fmt.Errorf("it is running already")
	case model.RolloutPaused:
	default:
		return nil, in.isOver("resumed")
	}
	weight, reason := in.State.Weight, "asked for"
	if in.foreign() && !slices.Equal(in.State.Weights, in.Route.Fleets) {
		share, ok := Share(in.Route.Fleets, in.State.From, in.Spec.To)
		if !ok {
			return nil, fmt.Errorf("route %s sends nothing to %s and %s by now (%s): give one of them a weight first", in.Route.Name, in.State.From, in.Spec.To, Shares(in.Route.Fleets))
		}
		weight, reason = share, fmt.Sprintf("asked for; the route's weights are accepted as they are: %s", Shares(in.Route.Fleets))
	}
	next := in.move(WhatResumed, weight, reason, actor)
	next.Phase, next.RouteGeneration, next.Weights = model.RolloutRunning, in.Route.Generation, slices.Clone(in.Route.Fleets)
	return in.step(next, nil).State, nil
}

// Promote moves to a weight, or with 0 to the next step's, whatever the gates say. After the last step the rollout is done.
func Promote(in Input, weight model.PPM, actor string) (*model.RolloutState, []model.FleetWeight, error) {
	if !in.State.Phase.Active() {
		return nil, nil, in.isOver("promoted")
	}
	if _, ok := Share(in.Route.Fleets, in.State.From, in.Spec.To); !ok {
		return nil, nil, fmt.Errorf("route %s sends nothing to %s and %s by now (%s): give one of them a weight first", in.Route.Name, in.State.From, in.Spec.To, Shares(in.Route.Fleets))
	}
	ended := false
	if weight == 0 {
		next, ok := in.Spec.NextWeight(in.State.Weight)
		weight, ended = next, !ok
	}
	if ended {
		next := in.move(WhatDone, in.State.Weight, "asked for, at the last step", actor)
		next.Phase = model.RolloutDone
		return in.step(next, nil).State, nil, nil
	}
	next := in.move(WhatPromoted, weight, "asked for, whatever the gates say", actor)
	next.Phase, next.RouteGeneration = model.RolloutRunning, in.Route.Generation
	return in.step(next, nil).State, in.split(weight), nil
}

// Rollback gives the route the weights back that it had before the rollout began. changed is false when that was done
// before; then there is nothing to write.
func Rollback(in Input, drain bool, reason, actor string) (next *model.RolloutState, weights []model.FleetWeight, changed bool) {
	if in.State.Phase == model.RolloutRolledBack {
		return nil, nil, false
	}
	next, weights = in.rollBack(drain, reason, actor)
	return in.step(next, nil).State, weights, true
}

func (in *Input) rollBack(drain bool, reason, actor string) (*model.RolloutState, []model.FleetWeight) {
	share, _ := Share(in.State.Before, in.State.From, in.Spec.To)
	next := in.move(WhatRolledBack, share, reason, actor)
	next.Phase, next.Drains, next.RouteGeneration = model.RolloutRolledBack, drain, in.Route.Generation
	if slices.Equal(in.State.Before, in.Route.Fleets) {
		return next, nil
	}
	return next, slices.Clone(in.State.Before)
}

// Replaced is the state of a rollout that was done when another one began on its route.
func Replaced(state model.RolloutState, by model.RolloutName, now time.Time) *model.RolloutState {
	in := Input{Now: now, State: state}
	next := in.move(WhatReplaced, state.Weight, fmt.Sprintf("rollout %s began on its route", by), ActorGates)
	next.Phase, next.Step, next.StepSince = model.RolloutReplaced, state.Step, state.StepSince
	return in.step(next, nil).State
}

// Changed is the state of a rollout that is under way when its spec is another.
func Changed(spec model.RolloutSpec, state model.RolloutState, now time.Time) *model.RolloutState {
	in := Input{Now: now, Spec: spec, State: state}
	next := in.move(WhatChanged, state.Weight, "its steps or gates were applied anew", ActorGates)
	return in.step(next, nil).State
}

func (in *Input) isOver(what string) error {
	return fmt.Errorf("it is %s since %s and cannot be %s; delete it and apply it again to begin anew",
		in.State.Phase, in.State.LastMove().At.UTC().Format(time.RFC3339), what)
}
