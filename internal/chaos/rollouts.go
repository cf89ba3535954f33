package chaos

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rollout"
	"greenroom.dev/greenroom/internal/store"
)

// Rules of rollouts.
const (
	WeightsWhole   Rule = "I6 a route's weights add up"
	RollbackWhole  Rule = "I6 a rollback gives the weights back that were before"
	RollbackStays  Rule = "I6 what was rolled back stays so"
	RollbackServed Rule = "I6 whoever answers a rollback has its weights"
	RolloutsEnd    Rule = "I4 every rollout comes to an end"
	GatesAnswered  Rule = "I6 no rollout goes on for want of a number"
)

// canary is the fleet that routes are moved to.
const canary model.FleetName = "dune"

// refusing is a build whose servers turn away some of those who come.
const (
	refusing     build = "refusing"
	refusedShare       = 0.6
)

// rollingOut are the acts of those who move routes from fleet to fleet.
func rollingOut() []trouble {
	return []trouble{
		{8 * time.Second, (*World).beginRollout},
		{14 * time.Second, (*World).rollBackSome},
		{20 * time.Second, func(w *World) { w.rolloutVerb(rolloutPaused, (*rollout.Service).Pause) }},
		{10 * time.Second, func(w *World) { w.rolloutVerb(rolloutResumed, resumeRollout) }},
		{20 * time.Second, func(w *World) { w.rolloutVerb(rolloutPushed, promoteRollout) }},
	}
}

// addCanary adds the fleet that nothing goes to yet. What its servers are like is the world's luck.
func (w *World) addCanary() {
	f := w.disk.fleets[0]
	f.Name, f.Spec.Min, f.Spec.Max, f.Spec.Open = canary, 2, 24, f.Spec.Capacity.Sessions
	f.Spec.Process = templateOf([]build{sound, refusing, refusing, crashing}[w.loop.Rand.IntN(4)], 0)
	w.disk.fleets = append(w.disk.fleets, f)
	for _, r := range w.disk.routes {
		w.disk.zero[routeFleet{r.Name, canary}] = begins
	}
}

// beginRollout begins to move a route, mostly to the canary.
func (w *World) beginRollout() {
	r := w.loop.Rand
	route := w.disk.routes[r.IntN(len(w.disk.routes))]
	if slices.ContainsFunc(w.disk.rollouts, func(x model.Rollout) bool { return x.Spec.Route == route.Name && x.State.Phase.Active() }) {
		return
	}
	to := canary
	if r.IntN(4) == 0 {
		to = route.Fleets[r.IntN(len(route.Fleets))].Fleet
	}
	hold := w.between(time.Second, 4*time.Second)
	spec := model.RolloutSpec{
		Route: route.Name, To: to, Pause: r.IntN(4) == 0, DrainBack: r.IntN(3) == 0, Patience: rolloutPatience,
		Steps: []model.RolloutStep{{Weight: 100_000, Hold: hold}, {Weight: 500_000, Hold: hold}, {Weight: model.Whole, Hold: hold}},
		Gates: append([]model.Gate{
			{ConnectErrors: &model.RatioGate{MaxMore: 0.1}, MinSamples: 4},
			{Crashes: &model.CrashGate{Max: 2}},
		}, moreGates(route.Name, hold%4)...),
	}
	state, err := decide.Begin(spec.WithDefaults(), route, w.loop.Now())
	if err != nil {
		return // it has all already
	}
	w.cover(rolloutBegan)
	w.note("rollout", string(route.Name), string(to), uint64(state.Weight))
	w.disk.putRollout(model.Rollout{Name: model.RolloutName("ship-" + route.Name), Spec: spec, State: state, CreatedAt: w.loop.Now()})
}

// moreGates are those that some rollouts have besides. The bound for joins is one that the network alone may break.
func moreGates(of model.RouteName, kind time.Duration) []model.Gate {
	switch kind {
	case 0:
		return []model.Gate{{Name: slowGate, JoinLatency: &model.LatencyGate{Quantile: 0.75, Max: 2 * time.Millisecond}, MinSamples: 4}}
	case 1:
		return []model.Gate{{Name: queryGate, Prometheus: &model.PrometheusGate{Query: string(of) + " $fleet", Max: new(1.0)}}}
	}
	return nil
}

// Gates of which it is counted what they say.
const (
	slowGate  = "slow joins"
	queryGate = "query"
)

// rolloutPatience is how long the gates of a rollout may lack samples.
const rolloutPatience = 8 * time.Second

// somePilot draws one of the control planes that can be asked for something about rollouts; nil: it cannot now.
func (w *World) somePilot() *pilot {
	k := w.keepers[w.loop.Rand.IntN(Keepers)]
	if !k.node.up || k.pilot == nil || k.pilot.service == nil {
		return nil
	}
	return k.pilot
}

// rollBackSome rolls the route of a random rollout back, whatever became of the rollout; now and then while nobody, or only
// some, can reach the store.
func (w *World) rollBackSome() {
	if n := len(w.disk.rollouts); n > 0 {
		if w.loop.Rand.IntN(3) == 0 {
			who := []kind{aRouter, aKeeper}[w.loop.Rand.IntN(2)]
			w.bend(w.somebody(who), matcher{kind: aStore}, episode{cut: true}, w.between(100*time.Millisecond, 5*time.Second))
		}
		w.rollBack(w.disk.rollouts[w.loop.Rand.IntN(n)])
	}
}

func (w *World) rollBack(r model.Rollout) {
	p := w.somePilot()
	if p == nil {
		return
	}
	w.cover(rollbackAsked)
	if slices.ContainsFunc(w.net.episodes, func(e *episode) bool { return e.cut && (e.from.kind == aStore || e.to.kind == aStore) }) {
		w.cover(rollbackMetPartition)
	}
	p.k.node.run("rollback", func() {
		back, done, _, err := p.service.Rollback(background, r.Spec.Route, rollout.AsSpec, "", "operator")
		if err != nil || !done {
			return
		}
		w.cover(rollbackDone)
		if route, _ := p.cache.Route(r.Spec.Route); route.Generation < back.State.RouteGeneration {
			w.rules.broke(RollbackServed, "%s answers that %s is rolled back, at generation %d, and has it at generation %d",
				p.k.node.name, r.Spec.Route, back.State.RouteGeneration, route.Generation)
		}
	})
}

type verb func(s *rollout.Service, ctx context.Context, name model.RolloutName, reason, actor string) (model.Rollout, error)

func resumeRollout(s *rollout.Service, ctx context.Context, name model.RolloutName, _, actor string) (model.Rollout, error) {
	return s.Resume(ctx, name, actor)
}

func promoteRollout(s *rollout.Service, ctx context.Context, name model.RolloutName, _, actor string) (model.Rollout, error) {
	return s.Promote(ctx, name, 0, actor)
}

// rolloutVerb asks for something about a random rollout.
func (w *World) rolloutVerb(met situation, do verb) {
	n, p := len(w.disk.rollouts), w.somePilot()
	if n == 0 || p == nil {
		return
	}
	name := w.disk.rollouts[w.loop.Rand.IntN(n)].Name
	p.k.node.run("rollout", func() {
		if _, err := do(p.service, background, name, "", "operator"); err == nil {
			w.cover(met)
		}
	})
}

// endRollouts mends the canary's build, and has what did not end by itself rolled back, until it is.
func (w *World) endRollouts() {
	if f := w.disk.fleet(canary); buildOf(&f.Spec) != sound {
		w.disk.builds++
		f.Spec.Process = templateOf(sound, w.disk.builds)
		w.disk.putFleet(f)
	}
	w.loop.After(endRolloutsAfter, func() {
		for _, r := range w.disk.rollouts {
			if r.State.Phase == model.RolloutRunning && r.State.LastMove().Actor == decide.ActorGates && w.loop.Now().Sub(r.State.StepSince) > endRolloutsAfter {
				w.rules.broke(RolloutsEnd, "rollout %s is running at %d ppm since %s, and nothing holds it",
					r.Name, r.State.Weight, w.loop.Now().Sub(r.State.StepSince))
			}
		}
		w.rollBackLeft()
	})
}

// endRolloutsAfter is how long rollouts may go on by themselves once the faults are over: three steps, or a pause for lack of samples.
const endRolloutsAfter = 30 * time.Second

func (w *World) rollBackLeft() {
	again := false
	for _, r := range w.disk.rollouts {
		if r.State.Phase.Active() {
			again = true
			w.rollBack(r)
		}
	}
	if again {
		w.loop.After(3*time.Second, w.rollBackLeft)
	}
}

// restlessRollouts tells which rollouts have not come to an end.
func (w *World) restlessRollouts(add complain) {
	for _, r := range w.disk.rollouts {
		switch {
		case r.State.Phase.Active():
			add(RolloutsEnd, "rollout %s is %s at %d ppm: %+v", r.Name, r.State.Phase, r.State.Weight, r.State.LastMove())
		case r.State.Drains:
			add(RolloutsEnd, "rollout %s is %s, and the servers of %s were not told to drain", r.Name, r.State.Phase, r.Spec.To)
		}
	}
}

// putRollout keeps a rollout, in place of one of its name.
func (d *disk) putRollout(r model.Rollout) {
	d.rollouts = slices.Clone(d.rollouts)
	if i := slices.IndexFunc(d.rollouts, func(x model.Rollout) bool { return x.Name == r.Name }); i >= 0 {
		r.State.Serial, r.Generation = d.rollouts[i].State.Serial+1, d.rollouts[i].Generation+1
		d.rollouts[i] = r
	} else {
		r.State.Serial, r.Generation = 1, 1
		d.rollouts = append(d.rollouts, r)
	}
	d.changed()
}

// stepRollout is StepRollout as the real store does it.
func (d *disk) stepRollout(name model.RolloutName, state model.RolloutState, weights []model.FleetWeight) (model.Rollout, model.Route, error) {
	w := d.w
	i := slices.IndexFunc(d.rollouts, func(r model.Rollout) bool { return r.Name == name })
	if i < 0 {
		return model.Rollout{}, model.Route{}, fmt.Errorf("rollout %s: %w", name, store.ErrNotFound)
	}
	r := d.rollouts[i]
	route := d.route(r.Spec.Route)
	late := r.State.Serial+1 != state.Serial || weights != nil && route.Generation != state.RouteGeneration
	if late {
		w.cover(rolloutConflict)
		if !w.has(BlindStep) {
			return model.Rollout{}, model.Route{}, fmt.Errorf("rollout %s is at serial %d, its route at generation %d: %w", name, r.State.Serial, route.Generation, store.ErrConflict)
		}
	}
	w.rules.conditional("a step of rollout "+string(name), r.State.Serial+1, state.Serial)
	if weights != nil {
		w.rules.conditional("the weights of route "+string(route.Name), uint64(route.Generation), uint64(state.RouteGeneration))
	}
	back := state.Phase == model.RolloutRolledBack
	if weights != nil && !r.State.Phase.Active() && !back {
		w.rules.broke(RollbackStays, "rollout %s is %s, and moves %s to %s", name, r.State.Phase, route.Name, decide.Weights(weights))
	}
	if weights != nil && !(back && w.has(HalfRollback)) && !slices.Equal(weights, route.Fleets) {
		route.Fleets = slices.Clone(weights)
		route = d.putRoute(route)
	}
	if weights != nil {
		state.RouteGeneration, state.Weights = route.Generation, slices.Clone(route.Fleets)
	}
	if back && r.State.Phase.Active() && !slices.Equal(route.Fleets, state.Before) {
		w.rules.broke(RollbackWhole, "%s is rolled back to %s; before rollout %s it was at %s", route.Name, decide.Weights(route.Fleets), name, decide.Weights(state.Before))
	}
	w.stepped(&r.State, &state)
	w.note("rollout "+string(state.Phase), string(name), state.LastMove().Actor, uint64(state.Weight))
	r.State = state
	d.rollouts = slices.Clone(d.rollouts)
	d.rollouts[i] = r
	d.changed()
	return r, route, nil
}

// stepped counts what became of a rollout.
func (w *World) stepped(before, after *model.RolloutState) {
	move := after.LastMove()
	gates := move.Actor == decide.ActorGates && before.Phase == model.RolloutRunning
	switch {
	case before.Drains && !after.Drains:
		w.cover(rollbackDrained)
	case after.Phase == model.RolloutDone:
		w.cover(rolloutDone)
	case gates && after.Phase == model.RolloutRolledBack:
		w.cover(rolloutFailed)
		w.failedBy(move.Reason)
	case gates && after.Phase == model.RolloutPaused:
		w.cover(rolloutStopped)
		w.failedBy(move.Reason)
	case gates && after.Weight > before.Weight && before.Weight > 0:
		w.cover(rolloutWentOn)
	}
}

// failedBy counts the gates that are a reason.
func (w *World) failedBy(reason string) {
	switch {
	case strings.Contains(reason, slowGate+": "):
		w.cover(rolloutSlow)
	case strings.Contains(reason, queryGate+": "):
		w.cover(rolloutAnsweredBadly)
	case strings.Contains(reason, queryGate+" waits: no number"):
		w.cover(rolloutUnanswered)
	}
}

// weigh looks at the weights that a route gets.
func (r *rules) weigh(route *model.Route) {
	sum := uint64(0)
	for _, f := range route.Fleets {
		sum += uint64(f.Weight)
	}
	if sum != uint64(model.Whole) {
		r.broke(WeightsWhole, "the weights of %s add up to %d: %s", route.Name, sum, decide.Weights(route.Fleets))
	}
}

var errNoQuery = errors.New("no Prometheus here")

// ask is a Prometheus that has no number for a while now and then, in one way or the other, and else one that is bad for the canary
// if its build is.
func (p *pilot) ask(_ context.Context, _, query string) (float64, error) {
	route, fleet, _ := strings.Cut(query, " ")
	w, value, err := p.k.w, math.NaN(), error(nil)
	switch w.loop.Now().Unix() / 20 % 4 {
	case 0:
		err = errNoQuery
	case 1:
	default:
		value = 0.5
		if f := w.disk.fleet(canary); fleet == string(canary) && buildOf(&f.Spec) != sound {
			value = 2
		}
	}
	p.answered[route] = value
	if w.has(FrozenQuery) && math.IsNaN(value) {
		return 0.5, nil
	}
	return value, err
}

// wentOn looks at a step forwards that this control plane has taken by itself.
func (p *pilot) wentOn(r *model.Rollout) {
	asked := slices.ContainsFunc(r.Spec.Gates, func(g model.Gate) bool { return g.Prometheus != nil })
	move := r.State.LastMove()
	if !asked || move.Actor != decide.ActorGates || move.What != decide.WhatPromoted && move.What != decide.WhatDone {
		return
	}
	if value, ok := p.answered[string(r.Spec.Route)]; !ok || math.IsNaN(value) || value > 1 {
		p.k.w.rules.broke(GatesAnswered, "%s has rollout %s go on to %d ppm, and its query was answered by %v", p.k.node.name, r.Name, r.State.Weight, value)
	}
}
