package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// rolloutTo moves a route to a fleet; its name is "to-<fleet>".
func rolloutTo(fleet, route string) model.Rollout {
	return model.Rollout{
		Name: model.RolloutName("to-" + fleet),
		Spec: model.RolloutSpec{Route: model.RouteName(route), To: model.FleetName(fleet)},
	}
}

func tryRollout(s store.Store, r model.Rollout, dry bool) (model.Rollout, store.Outcome, error) {
	applied, err := s.ApplyAll(context.Background(), store.Objects{Rollouts: []model.Rollout{r}}, dry, at)
	if err != nil {
		return model.Rollout{}, "", err
	}
	return applied.Rollouts[0].Rollout, applied.Rollouts[0].Outcome, nil
}

func applyRollout(t *testing.T, s store.Store, r model.Rollout, want store.Outcome) model.Rollout {
	t.Helper()
	got, outcome, err := tryRollout(s, r, false)
	if err != nil || outcome != want {
		t.Fatalf("apply rollout %s: %q, %v; want %q", r.Name, outcome, err, want)
	}
	return got
}

// oldAndNew makes fleets old and new, and route plaza, which sends everything to old.
func oldAndNew(t *testing.T, s store.Store) {
	t.Helper()
	for _, name := range []string{"old", "new", "third"} {
		applyFleet(t, s, fleet(name, 1), store.Created, at)
	}
	applyRoute(t, s, route("plaza", "old"), store.Created, at)
}

// step has an operator promote a rollout as it was read to a weight.
func step(s store.Store, r model.Rollout, weight model.PPM) (model.Rollout, error) {
	got, err := s.GetRoute(context.Background(), r.Spec.Route)
	if err != nil {
		return model.Rollout{}, err
	}
	in := rollout.Input{Now: at.Add(time.Minute), Spec: r.Spec.WithDefaults(), State: r.State, Route: got}
	next, weights, err := rollout.Promote(in, weight, "ann")
	if err != nil {
		return model.Rollout{}, err
	}
	stepped, _, err := s.StepRollout(context.Background(), r.Name, *next, weights, at.Add(time.Minute))
	return stepped, err
}

func mustStep(t *testing.T, s store.Store, r model.Rollout, weight model.PPM) model.Rollout {
	t.Helper()
	got, err := step(s, r, weight)
	if err != nil {
		t.Fatalf("step %s to %d: %v", r.Name, weight, err)
	}
	return got
}

func weightsOf(t *testing.T, s store.Store, name model.RouteName) string {
	t.Helper()
	r, err := s.GetRoute(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return rollout.Weights(r.Fleets)
}

func wantWeights(t *testing.T, s store.Store, want string) {
	t.Helper()
	if got := weightsOf(t, s, "plaza"); got != want {
		t.Errorf("plaza has %s, want %s", got, want)
	}
}

func rolloutLife(t *testing.T, s store.Store) {
	ctx := context.Background()
	oldAndNew(t, s)
	_, err := s.GetRollout(ctx, "to-new")
	wantErr(t, err, store.ErrNotFound, "to-new")
	if _, outcome, err := tryRollout(s, rolloutTo("new", "plaza"), true); err != nil || outcome != store.Created {
		t.Errorf("dry: %q, %v", outcome, err)
	}
	first := applyRollout(t, s, rolloutTo("new", "plaza"), store.Created)
	if st := first.State; st.Phase != model.RolloutRunning || st.From != "old" || st.Serial != 1 || st.Weight != 0 || rollout.Weights(st.Before) != "old=1000000" {
		t.Errorf("begun: %+v", st)
	}
	if same := applyRollout(t, s, rolloutTo("new", "plaza"), store.Unchanged); !reflect.DeepEqual(same, first) {
		t.Errorf("unchanged answers %+v, want %+v", same, first)
	}
	moved := mustStep(t, s, first, 100_000)
	wantWeights(t, s, "old=900000,new=100000")
	got, err := s.GetRollout(ctx, "to-new")
	if err != nil || !reflect.DeepEqual(got, moved) || got.State.RouteGeneration != 2 || len(got.State.Moves) != 1 {
		t.Errorf("read %+v, %v; written %+v", got, err, moved)
	}
	wantErr(t, s.DeleteRollout(ctx, "to-new", 0, false), store.ErrInUse, "to-new")
	wantErr(t, s.DeleteRoute(ctx, "plaza", 0, false, at), store.ErrInUse, "to-new")
	route, _ := s.GetRoute(ctx, "plaza")
	next, weights, _ := rollout.Rollback(rollout.Input{Now: at, Spec: moved.Spec, State: moved.State, Route: route}, false, "no good", "ann")
	back, _, err := s.StepRollout(ctx, "to-new", *next, weights, at)
	if err != nil || back.State.Phase != model.RolloutRolledBack {
		t.Errorf("back: %+v, %v", back, err)
	}
	wantWeights(t, s, "old=1000000")
	wantErr(t, s.DeleteRollout(ctx, "to-new", 7, false), store.ErrConflict, "generation 1")
	if err := s.DeleteRollout(ctx, "to-new", 1, true); err != nil {
		t.Errorf("dry delete: %v", err)
	}
	if err := s.DeleteRollout(ctx, "to-new", 1, false); err != nil {
		t.Error(err)
	}
	wantErr(t, s.DeleteRollout(ctx, "to-new", 0, false), store.ErrNotFound, "to-new")
	if all, err := s.ListRollouts(ctx); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func rolloutFields(t *testing.T, s store.Store) {
	oldAndNew(t, s)
	most, least := 3.5, -1.0
	r := rolloutTo("new", "plaza")
	r.Labels = map[string]string{"team": "a"}
	r.Spec = model.RolloutSpec{
		Route: "plaza", To: "new", From: "old", Steps: []model.RolloutStep{{Weight: 5, Hold: time.Second}, {Weight: 6}},
		Gates: []model.Gate{
			{Name: "a", ConnectErrors: &model.RatioGate{Max: .5, MaxMore: .25}, Window: time.Minute, MinSamples: 7},
			{Name: "b", JoinLatency: &model.LatencyGate{Quantile: .5, Max: time.Second, MaxRatio: 3}},
			{Name: "c", Reconnects: &model.RatioGate{}},
			{Name: "d", Crashes: &model.CrashGate{Max: 2}},
			{Name: "e", Prometheus: &model.PrometheusGate{URL: "http://p", Query: "up", Max: &most, Min: &least, MaxRatio: 2}},
		},
		Pause: true, DrainBack: true, Patience: time.Hour,
	}
	applied := applyRollout(t, s, r, store.Created)
	state := applied.State
	state.Serial++
	state.Phase, state.Step, state.Weight, state.StepSince, state.Drains = model.RolloutPaused, 1, 6, at.Add(time.Hour), true
	state.BeganAt = at.Add(time.Minute)
	state.Moves = []model.RolloutMove{{At: at.Add(time.Hour), Weight: 6, What: rollout.WhatPaused, Reason: "why", Actor: "ann"}}
	weights := []model.FleetWeight{{Fleet: "old", Weight: 999_994}, {Fleet: "new", Weight: 6}}
	written, route, err := s.StepRollout(context.Background(), r.Name, state, weights, at)
	if err != nil || !slices.Equal(route.Fleets, weights) || !slices.Equal(written.State.Weights, weights) {
		t.Fatalf("%+v, %+v, %v", written, route, err)
	}
	got, err := s.GetRollout(context.Background(), r.Name)
	if err != nil || !reflect.DeepEqual(got, written) {
		t.Errorf("read %+v, %v; written %+v", got, err, written)
	}
	r.Generation, r.CreatedAt, r.UpdatedAt, r.State = got.Generation, got.CreatedAt, got.UpdatedAt, got.State
	if !reflect.DeepEqual(got, r) {
		t.Errorf("read %+v, applied %+v", got, r)
	}
}

func rolloutBegins(t *testing.T, s store.Store) {
	oldAndNew(t, s)
	for _, c := range []struct {
		what  string
		apply model.Rollout
		want  error
		word  string
	}{
		{"no such route", rolloutTo("new", "nowhere"), store.ErrNotFound, "nowhere"},
		{"no such fleet", rolloutTo("ghost", "plaza"), store.ErrNotFound, "ghost"},
		{"nothing to move", rolloutTo("old", "plaza"), store.ErrConflict, "nothing to move"},
		{"neither has any", model.Rollout{Name: "x", Spec: model.RolloutSpec{Route: "plaza", To: "new", From: "third"}}, store.ErrConflict, "old 100 %"},
	} {
		for _, dry := range []bool{true, false} {
			_, _, err := tryRollout(s, c.apply, dry)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.what, err)
				continue
			}
			wantErr(t, err, c.want, c.word)
		}
	}
	applyRollout(t, s, rolloutTo("new", "plaza"), store.Created)
	_, _, err := tryRollout(s, rolloutTo("third", "plaza"), false)
	wantErr(t, err, store.ErrConflict, "to-new")
	if all, _ := s.ListRollouts(context.Background()); len(all) != 1 {
		t.Errorf("%+v", all)
	}
}

func rolloutKeepsGoing(t *testing.T, s store.Store) {
	oldAndNew(t, s)
	first := mustStep(t, s, applyRollout(t, s, rolloutTo("new", "plaza"), store.Created), 10_000)
	other := rolloutTo("third", "plaza")
	other.Name = first.Name
	_, _, err := tryRollout(s, other, false)
	wantErr(t, err, store.ErrInUse, "from old to new")
	steps := rolloutTo("new", "plaza")
	steps.Spec.From = "old" // as it was found
	steps.Spec.Steps = []model.RolloutStep{{Weight: 20_000}, {Weight: model.Whole}}
	got := applyRollout(t, s, steps, store.Changed)
	if st := got.State; st.Serial != first.State.Serial+1 || st.Weight != 10_000 || st.Step != 0 || st.LastMove().What != rollout.WhatChanged {
		t.Errorf("%+v", st)
	}
	wantWeights(t, s, "old=990000,new=10000")
	labelled := steps
	labelled.Labels = map[string]string{"team": "a"}
	if again := applyRollout(t, s, labelled, store.Changed); !reflect.DeepEqual(again.State, got.State) {
		t.Errorf("labels change the state to %+v", again.State)
	}
}

func rolloutReplaced(t *testing.T, s store.Store) {
	ctx := context.Background()
	oldAndNew(t, s)
	first := applyRollout(t, s, rolloutTo("new", "plaza"), store.Created)
	first = mustStep(t, s, mustStep(t, s, first, model.Whole), 0)
	if first.State.Phase != model.RolloutDone {
		t.Fatalf("%+v", first.State)
	}
	wantWeights(t, s, "old=0,new=1000000")
	second, err := s.ApplyAll(ctx, store.Objects{Rollouts: []model.Rollout{rolloutTo("third", "plaza")}}, false, at.Add(time.Hour))
	if err != nil || second.Rollouts[0].State.From != "new" {
		t.Fatalf("%+v, %v", second, err)
	}
	if got, _ := s.GetRollout(ctx, first.Name); got.State.Phase != model.RolloutReplaced {
		t.Errorf("%+v", got.State)
	}
	// One that is over begins anew when its spec is another, and only then.
	mustStep(t, s, mustStep(t, s, second.Rollouts[0].Rollout, model.Whole), 0)
	applyRollout(t, s, rolloutTo("new", "plaza"), store.Unchanged)
	again := rolloutTo("new", "plaza")
	again.Spec.Patience = time.Hour
	if got := applyRollout(t, s, again, store.Changed); got.State.Phase != model.RolloutRunning || got.State.From != "third" || len(got.State.Moves) != 0 {
		t.Errorf("%+v", got.State)
	}
}

func rolloutSteps(t *testing.T, s store.Store) {
	ctx := context.Background()
	oldAndNew(t, s)
	first := applyRollout(t, s, rolloutTo("new", "plaza"), store.Created)
	next := first.State
	half := []model.FleetWeight{{Fleet: "old", Weight: 500_000}, {Fleet: "new", Weight: 500_000}}
	try := func(serial uint64, gen model.Generation, weights []model.FleetWeight) error {
		state := next
		state.Serial, state.RouteGeneration, state.Phase = serial, gen, model.RolloutPaused
		_, _, err := s.StepRollout(ctx, first.Name, state, weights, at)
		return err
	}
	wantErr(t, try(first.State.Serial, 1, half), store.ErrConflict, "to-new")
	wantErr(t, try(first.State.Serial+2, 1, half), store.ErrConflict, "to-new")
	wantErr(t, try(first.State.Serial+1, 2, half), store.ErrConflict, "route plaza")
	wantErr(t, try(first.State.Serial+1, 1, []model.FleetWeight{{Fleet: "old", Weight: 1}, {Fleet: "ghost", Weight: 999_999}}), store.ErrNotFound, "ghost")
	if err := try(first.State.Serial+1, 1, half[:1]); err == nil {
		t.Error("weights that do not add up were written")
	}
	if got, _ := s.GetRollout(ctx, first.Name); !reflect.DeepEqual(got, first) {
		t.Errorf("refusals changed it to %+v", got)
	}
	wantWeights(t, s, "old=1000000")
	if err := try(first.State.Serial+1, 99, nil); err != nil { // without weights the route is nobody's matter
		t.Error(err)
	}
	_, _, err := s.StepRollout(ctx, "ghost", next, nil, at)
	wantErr(t, err, store.ErrNotFound, "ghost")
	// A fleet of weight 0 that is gone is left out.
	gone := []model.FleetWeight{{Fleet: "old", Weight: model.Whole}, {Fleet: "ghost", Weight: 0}}
	if err := try(first.State.Serial+2, 1, gone); err != nil {
		t.Error(err)
	}
	wantWeights(t, s, "old=1000000")
}

func rolloutRaces(t *testing.T, s store.Store) {
	oldAndNew(t, s)
	first := applyRollout(t, s, rolloutTo("new", "plaza"), store.Created)
	const writers = 8
	won := make(chan error, writers)
	for i := range writers {
		go func() {
			_, err := step(s, first, model.PPM(i+1)*1000)
			won <- err
		}()
	}
	wins := 0
	for range writers {
		err := <-won
		switch {
		case err == nil:
			wins++
		case !errors.Is(err, store.ErrConflict):
			t.Error(err)
		}
	}
	got, err := s.GetRollout(context.Background(), first.Name)
	if wins != 1 || err != nil || len(got.State.Moves) != 1 {
		t.Errorf("%d writers won: %+v, %v", wins, got.State, err)
	}
	if want := rollout.Weights(rollout.Split(first.State.Before, "old", "new", got.State.Weight)); weightsOf(t, s, "plaza") != want {
		t.Errorf("the rollout is at %d, the route at %s", got.State.Weight, weightsOf(t, s, "plaza"))
	}
}

func conflictsShowBoth(t *testing.T, s store.Store) {
	oldAndNew(t, s)
	first := applyRollout(t, s, rolloutTo("new", "plaza"), store.Created)
	mustStep(t, s, first, 500_000)
	mine := route("plaza", "old")
	mine.Fleets = []model.FleetWeight{{Fleet: "old", Weight: 900_000}, {Fleet: "new", Weight: 100_000}}
	mine.Generation = 1
	_, err := s.ApplyAll(context.Background(), store.Objects{Routes: []model.Route{mine}}, false, at)
	wantErr(t, err, store.ErrConflict, "weights: yours old=900000,new=100000; there now old=500000,new=500000 (generation 2, you had 1)")
	changed := rolloutTo("new", "plaza")
	changed.Spec.Steps = []model.RolloutStep{{Weight: 7, Hold: time.Minute}}
	changed.Generation = 9
	_, _, err = tryRollout(s, changed, false)
	wantErr(t, err, store.ErrConflict, "steps: yours {weight_ppm=7 hold=1m0s}; there now not set (generation 1, you had 9)")
}
