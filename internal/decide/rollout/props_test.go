package rollout

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// drawn is a rollout on a route of two to five fleets, and what happens to it.
type drawn struct {
	story
	t *rapid.T
}

func newDrawn(t *rapid.T) *drawn {
	d := &drawn{t: t}
	names := []model.FleetName{"old", "new", "c", "d", "e"}[:rapid.IntRange(2, 5).Draw(t, "fleets")]
	d.in.Route = model.Route{Name: "plaza", Generation: 1, Fleets: d.weights(names)}
	spec := model.RolloutSpec{Route: "plaza", To: "new", Pause: rapid.Bool().Draw(t, "pause"), DrainBack: rapid.Bool().Draw(t, "drain")}
	if rapid.Bool().Draw(t, "patient") {
		spec.Patience = 5 * time.Minute
	}
	weights := rapid.SliceOfNDistinct(rapid.Uint32Range(1, uint32(model.Whole)), 1, 5, rapid.ID[uint32]).Draw(t, "steps")
	slices.Sort(weights)
	for _, w := range weights {
		spec.Steps = append(spec.Steps, model.RolloutStep{Weight: model.PPM(w), Hold: time.Minute})
	}
	for _, kind := range []string{"connect-errors", "join-latency", "crashes", "prometheus"} {
		spec.Gates = append(spec.Gates, gateOf(kind))
	}
	d.in.Spec, d.in.Now = spec.WithDefaults(), noon()
	d.in.Samples = make([]Sample, len(spec.Gates))
	return d
}

// weights shares everything out at random.
func (d *drawn) weights(names []model.FleetName) []model.FleetWeight {
	left := model.Whole
	var out []model.FleetWeight
	for i, name := range names {
		w := left
		if i < len(names)-1 {
			w = model.PPM(rapid.Uint32Range(0, uint32(left)).Draw(d.t, "weight"))
		}
		out, left = append(out, model.FleetWeight{Fleet: name, Weight: w}), left-w
	}
	return out
}

func (d *drawn) draw() {
	for i := range d.in.Samples {
		value := rapid.Float64Range(0, 12).Draw(d.t, "value")
		all := rapid.Uint64Range(0, 500).Draw(d.t, "all")
		bad := rapid.Uint64Range(0, all/4).Draw(d.t, "bad")
		bounds := []time.Duration{time.Millisecond, 100 * time.Millisecond}
		side := Figures{Bad: bad, All: all, Open: rapid.IntRange(0, 2).Draw(d.t, "open"), Joins: Latencies{bounds, []uint64{all - bad, bad, 0}}}
		if rapid.Bool().Draw(d.t, "answered") {
			side.Value = &value
		}
		from := side
		from.Bad = 0
		d.in.Samples[i] = Sample{To: side, From: from}
	}
}

// write does what the store does, and checks what every write keeps.
func (d *drawn) write(next *model.RolloutState, weights []model.FleetWeight) {
	if next.Serial != d.in.State.Serial+1 || len(next.Moves) > model.MaxRolloutMoves {
		d.t.Fatalf("serial %d after %d, %d moves", next.Serial, d.in.State.Serial, len(next.Moves))
	}
	if weights != nil {
		var sum model.PPM
		for _, w := range weights {
			sum += w.Weight
			if w.Fleet != "new" && w.Fleet != d.in.State.From && next.Phase != model.RolloutRolledBack && w.Weight != weightOf(d.in.Route.Fleets, w.Fleet) {
				d.t.Fatalf("%s lost its weight: %v, was %v", w.Fleet, weights, d.in.Route.Fleets)
			}
		}
		if sum != model.Whole {
			d.t.Fatalf("%v add up to %d", weights, sum)
		}
		d.in.Route.Fleets = weights
		d.in.Route.Generation++
		next.RouteGeneration, next.Weights = d.in.Route.Generation, weights
	}
	d.in.State = *next
}

// Whatever happens: weights add up and others keep theirs, nothing goes on by itself without every gate's pass and the
// whole hold, what is over stays over, and back is always possible, to what was before.
func TestSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDrawn(t)
		state, err := Begin(d.in.Spec, d.in.Route, d.in.Now)
		if err != nil {
			return // nothing to move
		}
		d.in.State = state
		before := slices.Clone(d.in.Route.Fleets)
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			d.in.Now = d.in.Now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			d.draw()
			was := d.in.State
			switch rapid.IntRange(0, 12).Draw(t, "what") {
			case 0:
				d.in.Route.Fleets = d.weights([]model.FleetName{"old", "new", "c"})
				d.in.Route.Generation++
			case 1:
				if next, err := Pause(d.in, "x", "ann"); err == nil {
					d.write(next, nil)
				}
			case 2:
				if next, err := Resume(d.in, "ann"); err == nil {
					d.write(next, nil)
				}
			case 3:
				if next, weights, err := Promote(d.in, model.PPM(rapid.Uint32Range(0, uint32(model.Whole)).Draw(t, "to")), "ann"); err == nil {
					d.write(next, weights)
				}
			case 4:
				d.in.Since, d.in.Samples = d.in.Now, make([]Sample, len(d.in.Spec.Gates)) // restarted
			default:
				d.look(was)
			}
			if !was.Phase.Active() && !equalStates(was, d.in.State) {
				t.Fatalf("%s became %s", was.Phase, d.in.State.Phase)
			}
			d.backIsPossible(before)
		}
	})
}

// look decides, and checks that a step forward was earned.
func (d *drawn) look(was model.RolloutState) {
	out, gates := Decide(d.in), Look(d.in).Gates
	if again := Decide(d.in); fmt.Sprint(again.State) != fmt.Sprint(out.State) || fmt.Sprint(again.Weights) != fmt.Sprint(out.Weights) {
		d.t.Fatal("the same look decides otherwise")
	}
	if out.State == nil {
		return
	}
	if what := out.State.LastMove().What; len(was.Moves) > 0 && (what == WhatPromoted || what == WhatDone) && out.State.LastMove() != was.LastMove() {
		held := d.in.Now.Sub(d.in.counted())
		if !passed(gates) || len(gates) != len(d.in.Spec.Gates) || held < time.Minute || d.in.foreign() {
			d.t.Fatalf("%s after %s with %+v", what, held, gates)
		}
	}
	d.write(out.State, out.Weights)
}

func (d *drawn) backIsPossible(before []model.FleetWeight) {
	next, weights, changed := Rollback(d.in, false, "x", "ann")
	if !changed {
		if d.in.State.Phase != model.RolloutRolledBack {
			d.t.Fatalf("no way back from %s", d.in.State.Phase)
		}
		return
	}
	if weights == nil {
		weights = d.in.Route.Fleets
	}
	if !slices.Equal(weights, before) {
		d.t.Fatalf("back to %v, before it were %v", weights, before)
	}
	after := d.in
	after.State = *next
	if _, _, again := Rollback(after, true, "x", "ann"); again || next.Phase != model.RolloutRolledBack {
		d.t.Fatal("a second rollback changes something")
	}
}

func equalStates(a, b model.RolloutState) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// Nobody interferes and the gates pass: every rollout is done, by its steps in order.
func TestLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDrawn(t)
		state, err := Begin(d.in.Spec, d.in.Route, d.in.Now)
		if err != nil {
			return
		}
		d.in.State = state
		value := 1.0
		good := Figures{All: 1000, Open: 1, Value: &value, Joins: Latencies{[]time.Duration{time.Millisecond}, []uint64{1000, 0}}}
		for range 2*len(d.in.Spec.Steps) + 2 {
			for i := range d.in.Samples {
				d.in.Samples[i] = Sample{good, good}
			}
			d.in.Now = d.in.Now.Add(time.Minute)
			d.look(d.in.State)
		}
		if d.in.State.Phase != model.RolloutDone || d.in.State.Weight < d.in.Spec.Steps[len(d.in.Spec.Steps)-1].Weight {
			t.Fatalf("%+v", d.in.State)
		}
	})
}

// A share is what a split made it, as far as parts per million can say.
func TestSplitAndShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &drawn{t: t}
		weights := d.weights([]model.FleetName{"old", "new", "c"})
		share := model.PPM(rapid.Uint32Range(0, uint32(model.Whole)).Draw(t, "share"))
		pool := weightOf(weights, "old") + weightOf(weights, "new")
		got := Split(weights, "old", "new", share)
		again := Split(got, "old", "new", share)
		if !slices.Equal(got, again) {
			t.Fatalf("%v, then %v", got, again)
		}
		back, ok := Share(got, "old", "new")
		if ok != (pool > 0) {
			t.Fatalf("%v of %d", ok, pool)
		}
		if ok && pool == model.Whole && back != share {
			t.Fatalf("%d became %d", share, back)
		}
	})
}
