// Package rollout decides how a route's new sessions move from one fleet to another: the weights of each step, whether the
// gates let it go on, and what becomes of it when they do not. It is pure; internal/rollout samples, asks, and writes.
package rollout

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// ActorGates is the actor of what a rollout does on its own.
const ActorGates = "gates"

// What a move did, as model.RolloutMove says it.
const (
	WhatBegan      = "began"
	WhatPromoted   = "promoted"
	WhatPaused     = "paused"
	WhatResumed    = "resumed"
	WhatRolledBack = "rolled back"
	WhatDone       = "done"
	WhatReplaced   = "replaced"
	WhatChanged    = "changed"
)

// Input is one look at a rollout.
type Input struct {
	Now   time.Time
	Spec  model.RolloutSpec // with defaults
	State model.RolloutState
	Route model.Route
	// Since is when the samples began to be counted. Later than State.StepSince: they began anew within the step, and so
	// does its hold.
	Since   time.Time
	Samples []Sample // of the spec's gates, in their order
}

// Step is what follows from a look.
type Step struct {
	State   *model.RolloutState // the next state; nil: it stays
	Weights []model.FleetWeight // of the route, to be written with the state; nil: they stay
}

// View is how a rollout stands.
type View struct {
	Gates    []Judgement // of the spec's gates, in their order; none when the rollout is over, or has not begun
	Sentence string
	NextAt   time.Time // when the step's hold ends; zero unless it is running
}

// Look says how a rollout stands, before anything follows from it.
func Look(in Input) View {
	if !in.State.Phase.Active() || len(in.State.Moves) == 0 {
		return View{Sentence: in.standing(nil)}
	}
	v := View{Gates: in.judge()}
	v.Sentence = in.standing(v.Gates)
	if in.State.Phase == model.RolloutRunning {
		v.NextAt = in.holdEnd()
	}
	return v
}

// Decide says what follows. It depends on nothing but its input.
func Decide(in Input) Step {
	if in.State.Phase != model.RolloutRunning {
		return Step{}
	}
	if in.foreign() {
		if !slices.Equal(in.State.Weights, in.Route.Fleets) {
			return in.step(in.paused(in.foreignSentence(), ActorGates), nil)
		}
		next := in.State // the route changed, its weights did not
		next.RouteGeneration = in.Route.Generation
		return in.step(&next, nil)
	}
	if len(in.State.Moves) == 0 {
		return in.begin()
	}
	gates := in.judge()
	if failed := failures(gates); failed != "" {
		return in.fail(failed)
	}
	end := in.holdEnd()
	switch {
	case in.Now.Before(end):
	case !passed(gates):
		if p := in.Spec.Patience; p > 0 && !in.Now.Before(end.Add(p)) {
			return in.step(in.paused(in.impatience(gates), ActorGates), nil)
		}
	default:
		return in.goOn(gates)
	}
	return Step{}
}

// begin makes the first move of a new rollout.
func (in *Input) begin() Step {
	weight := max(in.State.Weight, in.Spec.Steps[0].Weight)
	next := in.move(WhatBegan, weight, "applied", ActorGates)
	return in.step(next, in.split(weight))
}

// goOn is the next step, or the end.
func (in *Input) goOn(gates []Judgement) Step {
	weight, ok := in.Spec.NextWeight(in.State.Weight)
	if !ok {
		next := in.move(WhatDone, in.State.Weight, "every step was held and every gate passed", ActorGates)
		next.Phase = model.RolloutDone
		return in.step(next, nil)
	}
	return in.step(in.move(WhatPromoted, weight, in.reasonToGoOn(gates), ActorGates), in.split(weight))
}

// fail rolls back, or pauses, as the spec says.
func (in *Input) fail(why string) Step {
	if in.Spec.Pause {
		return in.step(in.paused(why, ActorGates), nil)
	}
	return in.step(in.rollBack(in.Spec.DrainBack, why, ActorGates))
}

// step numbers the next state.
func (in *Input) step(next *model.RolloutState, weights []model.FleetWeight) Step {
	next.Serial = in.State.Serial + 1
	return Step{State: next, Weights: weights}
}

// foreign tells whether somebody else changed the route since the rollout last wrote or accepted it.
func (in *Input) foreign() bool { return in.Route.Generation != in.State.RouteGeneration }

// counted is since when samples count and the step's hold runs.
func (in *Input) counted() time.Time {
	if in.Since.After(in.State.StepSince) {
		return in.Since
	}
	return in.State.StepSince
}

// holdEnd is when the present step has been held for as long as it asks.
func (in *Input) holdEnd() time.Time {
	return in.counted().Add(in.Spec.Steps[min(in.State.Step, len(in.Spec.Steps)-1)].Hold)
}

// paused is the state, paused.
func (in *Input) paused(reason, actor string) *model.RolloutState {
	next := in.move(WhatPaused, in.State.Weight, reason, actor)
	next.Phase, next.StepSince = model.RolloutPaused, in.State.StepSince
	return next
}

// move is the state after a move to a weight. A step begins with it.
func (in *Input) move(what string, weight model.PPM, reason, actor string) *model.RolloutState {
	next := in.State
	next.Weight, next.Step, next.StepSince = weight, in.Spec.StepAt(weight), in.Now
	next.Moves = append(slices.Clone(in.State.Moves), model.RolloutMove{At: in.Now, Weight: weight, What: what, Reason: reason, Actor: actor})
	if over := len(next.Moves) - model.MaxRolloutMoves; over > 0 {
		next.Moves = next.Moves[over:]
	}
	return &next
}

// split is the route's weights with so much of what both fleets have together on To.
func (in *Input) split(weight model.PPM) []model.FleetWeight {
	return Split(in.Route.Fleets, in.State.From, in.Spec.To, weight)
}
