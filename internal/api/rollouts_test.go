package api

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
)

// A rollout through the API: applied, paused, promoted, rolled back, deleted, with what is refused on the way.
func TestRolloutThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	client := w.admin(t)
	w.plaza(t, client)
	ctx := context.Background()
	rollouts, routes := greenroomv1connect.NewRolloutServiceClient(client), greenroomv1connect.NewRouteServiceClient(client)
	_, err := greenroomv1connect.NewFleetServiceClient(client).ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: fleetMessage("next", 1)})
	must(t, err)
	says := func(err error, code connect.Code, sentence string) {
		t.Helper()
		if connect.CodeOf(err) != code || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%v, want %s: %s", err, code, sentence)
		}
	}
	apply := func(name, route, to string) (*greenroomv1.ApplyRolloutResponse, error) {
		return rollouts.ApplyRollout(ctx, &greenroomv1.ApplyRolloutRequest{Rollout: &greenroomv1.Rollout{
			Name: name, Spec: &greenroomv1.RolloutSpec{Route: route, To: to},
		}})
	}
	_, err = rollouts.RollbackRoute(ctx, &greenroomv1.RollbackRouteRequest{Route: "plaza"})
	says(err, connect.CodeFailedPrecondition, "route plaza has no rollout to roll back")
	_, err = rollouts.RollbackRoute(ctx, &greenroomv1.RollbackRouteRequest{Route: "nowhere"})
	says(err, connect.CodeNotFound, "nowhere")
	_, err = apply("r", "plasa", "nxt")
	says(err, connect.CodeInvalidArgument, `spec.route must be a route that exists, not "plasa" (did you mean plaza?)`)
	says(err, connect.CodeInvalidArgument, `spec.to must be a fleet that exists, not "nxt" (did you mean next?)`)

	applied, err := apply("r", "plaza", "next")
	must(t, err)
	if s := applied.GetRollout().GetStatus(); applied.GetOutcome() != "created" || s.GetPhase() != "running" || s.GetFrom() != "rooms" {
		t.Errorf("%v", applied)
	}
	_, err = apply("second", "plaza", "next")
	says(err, connect.CodeAborted, "route plaza has a rollout under way, r (running)")
	_, err = rollouts.DeleteRollout(ctx, &greenroomv1.DeleteRolloutRequest{Name: "r"})
	says(err, connect.CodeFailedPrecondition, "roll route plaza back")

	paused, err := rollouts.PauseRollout(ctx, &greenroomv1.PauseRolloutRequest{Name: "r", Reason: "the show"})
	must(t, err)
	if s := paused.GetRollout().GetStatus(); s.GetPhase() != "paused" || !strings.Contains(s.GetSentence(), "the show") || len(s.GetGates()) != 4 {
		t.Errorf("%v", s)
	}
	_, err = rollouts.PromoteRollout(ctx, &greenroomv1.PromoteRolloutRequest{Name: "r", WeightPpm: 250_000})
	must(t, err)
	route, err := routes.GetRoute(ctx, &greenroomv1.GetRouteRequest{Name: "plaza"})
	must(t, err)
	if f := route.GetRoute().GetSpec().GetFleets(); len(f) != 2 || f[1].GetWeightPpm() != 250_000 || route.GetRoute().GetStatus().GetRollout() != "r" {
		t.Errorf("%v", route)
	}

	// Two people change one route: the second sees both values.
	mine := route.GetRoute()
	mine.Status, mine.CreatedAt, mine.UpdatedAt, mine.Generation = nil, nil, nil, 1
	mine.Spec.Fleets[0].WeightPpm, mine.Spec.Fleets[1].WeightPpm = 900_000, 100_000
	_, err = routes.ApplyRoute(ctx, &greenroomv1.ApplyRouteRequest{Route: mine})
	says(err, connect.CodeAborted, "weights: yours rooms=900000,next=100000; there now rooms=750000,next=250000 (generation 2, you had 1); to put yours in its place, say generation 2")
	if strings.HasSuffix(err.Error(), "conflict") {
		t.Errorf("it ends with a word that says nothing: %v", err)
	}

	for i, sentence := range []string{"rolled plaza back to rooms 100 %", "already (black screens): nothing was changed"} {
		back, err := rollouts.RollbackRoute(ctx, &greenroomv1.RollbackRouteRequest{Route: "plaza", Reason: "black screens"})
		must(t, err)
		if !strings.Contains(back.GetSentence(), sentence) || back.GetRoute().GetGeneration() != 3 || len(back.GetRoute().GetSpec().GetFleets()) != 1 {
			t.Errorf("rollback %d: %v", i+1, back)
		}
	}
	_, err = rollouts.ResumeRollout(ctx, &greenroomv1.ResumeRolloutRequest{Name: "r"})
	says(err, connect.CodeFailedPrecondition, "it is rolled back since")
	_, err = rollouts.DeleteRollout(ctx, &greenroomv1.DeleteRolloutRequest{Name: "r"})
	must(t, err)
	list, err := rollouts.ListRollouts(ctx, &greenroomv1.ListRolloutsRequest{})
	must(t, err)
	if len(list.GetRollouts()) != 0 {
		t.Errorf("%v", list)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
