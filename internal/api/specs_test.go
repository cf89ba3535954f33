package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/keeper"
)

func TestFleetsAreAppliedAndDeleted(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewFleetServiceClient(w.admin(t))
	ctx := t.Context()

	dry, err := client.ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: fleetMessage("rooms", 1), DryRun: true})
	if err != nil || dry.GetOutcome() != "created" {
		t.Fatalf("dry run: %v, %v", dry, err)
	}
	_, err = client.GetFleet(ctx, &greenroomv1.GetFleetRequest{Name: "rooms"})
	wantCode(t, err, connect.CodeNotFound, "rooms")

	for i, want := range []string{"created", "unchanged", "changed"} {
		r, err := client.ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: fleetMessage("rooms", uint32(1+i/2))})
		if err != nil || r.GetOutcome() != want || r.GetFleet().GetStatus() == nil {
			t.Fatalf("apply %d: %v, %v", i, r, err)
		}
	}
	if f, ok := w.cfg.Specs.Fleet("rooms"); !ok || f.Spec.Ready != 2 {
		t.Errorf("not seen at once: %+v %v", f, ok)
	}
	stale := fleetMessage("rooms", 3)
	stale.Generation = 1
	_, err = client.ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: stale})
	wantCode(t, err, connect.CodeAborted, "yours {ready=3}; there now {ready=2} (generation 2, you had 1)")

	w.engine.plan = &keeper.Explanation{Facts: []string{"no servers"}, Holds: []string{"would start 1"}}
	list, err := client.ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
	if err != nil || len(list.GetFleets()) != 1 || list.GetFleets()[0].GetStatus().GetSummary() != "would start 1" {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, err := client.DeleteFleet(ctx, &greenroomv1.DeleteFleetRequest{Name: "rooms", DryRun: true}); err != nil {
		t.Error(err)
	}
	if _, err := client.DeleteFleet(ctx, &greenroomv1.DeleteFleetRequest{Name: "rooms"}); err != nil {
		t.Error(err)
	}
	got, err := client.GetFleet(ctx, &greenroomv1.GetFleetRequest{Name: "rooms"})
	if err != nil || !strings.HasPrefix(got.GetFleet().GetStatus().GetSummary(), "being deleted") {
		t.Errorf("after the deletion: %v, %v", got, err)
	}
	if f, _ := w.cfg.Specs.Fleet("rooms"); !f.Deleted {
		t.Error("the deletion is not seen at once")
	}
}

func TestExplain(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewFleetServiceClient(w.admin(t))
	_, err := client.ExplainFleet(t.Context(), &greenroomv1.ExplainFleetRequest{Name: "rooms"})
	wantCode(t, err, connect.CodeNotFound, "rooms")
	if _, err := client.ApplyFleet(t.Context(), &greenroomv1.ApplyFleetRequest{Fleet: fleetMessage("rooms", 1)}); err != nil {
		t.Fatal(err)
	}
	r, err := client.ExplainFleet(t.Context(), &greenroomv1.ExplainFleetRequest{Name: "rooms"})
	if err != nil || len(r.GetFacts()) != 1 {
		t.Errorf("before the first plan: %v, %v", r, err)
	}
	w.engine.plan = &keeper.Explanation{
		PlannedAt: w.now(), Facts: []string{"1 server"}, Actions: []keeper.Action{{Verb: "open", Server: "rooms-abcdefgh", Reason: "buffer", Result: "ok"}},
		Answers: []scale.Answer{{Name: "trend", Kind: "trend", Free: 12, Decides: true, Reason: "3 a second", Numbers: map[string]float64{"noise": 1}}},
	}
	if r, err := client.ExplainFleet(t.Context(), &greenroomv1.ExplainFleetRequest{Name: "rooms"}); err != nil || r.GetFacts()[0] != "1 server" || r.GetActions()[0].GetVerb() != "open" {
		t.Errorf("%v, %v", r, err)
	} else if a := r.GetAnswers(); len(a) != 1 || a[0].GetName() != "trend" || a[0].GetFreeSessions() != 12 || !a[0].GetDecides() || a[0].GetNumbers()["noise"] != 1 {
		t.Errorf("answers %v", a)
	}
}

func TestABadFleetIsAnsweredByField(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewFleetServiceClient(w.admin(t))
	for _, c := range []struct {
		what  string
		fleet *greenroomv1.Fleet
		check error
		want  string
	}{
		{"no fleet at all", nil, nil, `: must be given`},
		{"impossible numbers", &greenroomv1.Fleet{Name: "rooms", Spec: &greenroomv1.FleetSpec{
			MaxServers: 20001, Capacity: &greenroomv1.ServerCapacity{Sessions: 10001},
			Drain: &greenroomv1.DrainPolicy{Wait: durationpb.New(-time.Second)},
		}}, nil, `spec.capacity.sessions: must be less than or equal to 10000, not 10001
spec.max_servers: must be less than or equal to 20000, not 20001
spec.drain.wait: must be greater than or equal to 0s and less than or equal to 604800s, not -1s`},
		{
			"a command that does not exist", fleetMessage("rooms", 1), errors.New("provider.process.command[0]: no such file: ./gam"),
			`spec.provider.process.command[0]: cannot be used: no such file: ./gam`,
		},
		{"something of the provider's", fleetMessage("rooms", 1), errors.New("out of luck: today"), `spec.provider: cannot be used: out of luck: today`},
	} {
		t.Run(c.what, func(t *testing.T) {
			w.engine.check = c.check
			_, err := client.ApplyFleet(t.Context(), &greenroomv1.ApplyFleetRequest{Fleet: c.fleet})
			wantCode(t, err, connect.CodeInvalidArgument)
			if got := violations(t, err); got != c.want {
				t.Errorf("violations\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	if all, err := w.store.ListFleets(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("half applied: %v, %v", all, err)
	}
}

func TestRoutesAreAppliedAndDeleted(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	client := greenroomv1connect.NewRouteServiceClient(admin)
	ctx := t.Context()
	w.plaza(t, admin)
	got, err := client.GetRoute(ctx, &greenroomv1.GetRouteRequest{Name: "plaza"})
	if err != nil || got.GetRoute().GetStatus() == nil || got.GetRoute().GetGeneration() != 1 {
		t.Errorf("get: %v, %v", got, err)
	}
	_, err = greenroomv1connect.NewFleetServiceClient(admin).DeleteFleet(ctx, &greenroomv1.DeleteFleetRequest{Name: "rooms"})
	wantCode(t, err, connect.CodeFailedPrecondition, "rooms", "plaza")

	for _, c := range []struct {
		route *greenroomv1.Route
		want  string
	}{
		{routeMessage("plaza", "rooms", "gone"), `spec.fleets[1].fleet: must be a fleet that exists, not "gone"; apply the fleet first, or with it`},
		{routeMessage("plaza"), `spec.fleets: must contain at least 1 item(s)`},
		{
			&greenroomv1.Route{Name: "plaza", Spec: &greenroomv1.RouteSpec{Fleets: []*greenroomv1.FleetWeight{{Fleet: "rooms", WeightPpm: 7}}}},
			`spec.fleets: must have weights (weight_ppm) that add up to 1000000, not 7`,
		},
	} {
		_, err := client.ApplyRoute(ctx, &greenroomv1.ApplyRouteRequest{Route: c.route})
		wantCode(t, err, connect.CodeInvalidArgument)
		if got := violations(t, err); got != c.want {
			t.Errorf("violations\n%s\nwant\n%s", got, c.want)
		}
	}
	list, err := client.ListRoutes(ctx, &greenroomv1.ListRoutesRequest{})
	if err != nil || len(list.GetRoutes()) != 1 || list.GetRoutes()[0].GetGeneration() != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, err := client.DeleteRoute(ctx, &greenroomv1.DeleteRouteRequest{Name: "plaza"}); err != nil {
		t.Error(err)
	}
	if _, there := w.cfg.Specs.Route("plaza"); there {
		t.Error("the deletion is not seen at once")
	}
	_, err = client.DeleteRoute(ctx, &greenroomv1.DeleteRouteRequest{Name: "plaza"})
	wantCode(t, err, connect.CodeNotFound, "plaza")
}

func TestChangesAreAudited(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	w.plaza(t, admin) // changes nothing, and so is not noted
	r, err := greenroomv1connect.NewSystemServiceClient(admin).ListAudit(t.Context(), &greenroomv1.ListAuditRequest{})
	if err != nil || len(r.GetEntries()) != 2 {
		t.Fatalf("%v, %v", r, err)
	}
	e := r.GetEntries()[0]
	if e.GetId() != 2 || e.GetActor() != "admin" || e.GetAction() != "apply route" || e.GetTarget() != "plaza" || e.GetDetail() != "created, generation 1" {
		t.Errorf("newest line: %v", e)
	}
}
