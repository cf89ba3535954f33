package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/store"
)

// told is an answer in one line an object.
func told(r *greenroomv1.ApplyResponse) string {
	var lines []string
	for _, o := range r.GetObjects() {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", o.GetKind(), o.GetName(), o.GetOutcome(), o.GetGeneration()))
	}
	return strings.Join(lines, "\n")
}

func TestApplyTogether(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	client := greenroomv1connect.NewApplyServiceClient(admin)
	request := &greenroomv1.ApplyRequest{
		Fleets: []*greenroomv1.Fleet{fleetMessage("old", 1), fleetMessage("new", 1)},
		Routes: []*greenroomv1.Route{routeMessage("plaza", "old", "new"), routeMessage("library", "new")},
	}
	for _, c := range []struct {
		what  string
		dry   bool
		edit  func()
		want  string
		lines int // in the audit log
	}{
		{"dry run", true, func() {}, "Fleet old created 1\nFleet new created 1\nRoute plaza created 1\nRoute library created 1", 0},
		{"first", false, func() {}, "Fleet old created 1\nFleet new created 1\nRoute plaza created 1\nRoute library created 1", 4},
		{"again", false, func() {}, "Fleet old unchanged 1\nFleet new unchanged 1\nRoute plaza unchanged 1\nRoute library unchanged 1", 4},
		{
			"one changed", false, func() { request.Fleets[1] = fleetMessage("new", 2) },
			"Fleet old unchanged 1\nFleet new changed 2\nRoute plaza unchanged 1\nRoute library unchanged 1", 5,
		},
	} {
		c.edit()
		request.DryRun = c.dry
		r, err := client.Apply(t.Context(), request)
		if err != nil || told(r) != c.want {
			t.Fatalf("%s: %v\n%s", c.what, err, told(r))
		}
		audit, err := w.store.ListAudit(t.Context(), 100)
		if err != nil || len(audit) != c.lines {
			t.Errorf("%s: %d lines in the audit log, want %d, %v", c.what, len(audit), c.lines, err)
		}
		if _, there := w.cfg.Specs.Route("plaza"); there == c.dry {
			t.Errorf("%s: seen at once: %v", c.what, there)
		}
	}
}

func TestApplyIsRefusedWhole(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin) // fleet rooms, route plaza
	stale := fleetMessage("rooms", 9)
	stale.Generation = 7
	client := greenroomv1connect.NewApplyServiceClient(admin)
	for _, c := range []struct {
		what    string
		request *greenroomv1.ApplyRequest
		check   error
		code    connect.Code
		want    string // the fields, or words of the sentence
	}{
		{"nothing at all", &greenroomv1.ApplyRequest{}, nil, connect.CodeInvalidArgument, `: a request must hold 1 to 1000 fleets, routes, events and rollouts`},
		{
			"rules", &greenroomv1.ApplyRequest{
				Fleets: []*greenroomv1.Fleet{fleetMessage("good", 1), {Name: "bad", Spec: &greenroomv1.FleetSpec{MaxServers: 30000}}, fleetMessage("good", 2)},
				Routes: []*greenroomv1.Route{routeMessage("good", "good"), routeMessage("bad")},
			}, nil, connect.CodeInvalidArgument,
			`fleets[1].spec.max_servers: must be less than or equal to 20000, not 30000
routes[1].spec.fleets: must contain at least 1 item(s)
fleets[2].name: must be another name: there is an earlier fleet "good" beside it`,
		},
		{
			"fleets that are not there", &greenroomv1.ApplyRequest{
				Fleets: []*greenroomv1.Fleet{fleetMessage("good", 1)},
				Routes: []*greenroomv1.Route{routeMessage("good", "good"), routeMessage("bad", "good", "gone")},
			}, nil, connect.CodeInvalidArgument,
			`routes[1].spec.fleets[1].fleet: must be a fleet that exists, not "gone" (did you mean good?); apply the fleet first, or with it`,
		},
		{
			"a command that does not exist", &greenroomv1.ApplyRequest{Fleets: []*greenroomv1.Fleet{fleetMessage("good", 1)}},
			errors.New("provider.process.command[0]: no such file: ./gam"), connect.CodeInvalidArgument,
			`fleets[0].spec.provider.process.command[0]: cannot be used: no such file: ./gam`,
		},
		{
			"another generation", &greenroomv1.ApplyRequest{
				Fleets: []*greenroomv1.Fleet{fleetMessage("good", 1), stale}, Routes: []*greenroomv1.Route{routeMessage("good", "good")},
			}, nil, connect.CodeAborted, `somebody else changed fleet rooms: buffers: yours {ready=9}; there now {ready=1} (generation 1, you had 7)`,
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			w.engine.check = c.check
			for _, c.request.DryRun = range []bool{true, false} {
				_, err := client.Apply(t.Context(), c.request)
				if c.code != connect.CodeInvalidArgument {
					wantCode(t, err, c.code, c.want)
					continue
				}
				wantCode(t, err, c.code)
				if got := violations(t, err); got != c.want {
					t.Errorf("violations\n%s\nwant\n%s", got, c.want)
				}
			}
			fleets, err := w.store.ListFleets(t.Context())
			if err != nil || len(fleets) != 1 || fleets[0].Generation != 1 {
				t.Errorf("half applied: %+v, %v", fleets, err)
			}
			routes, err := w.store.ListRoutes(t.Context())
			if err != nil || len(routes) != 1 || routes[0].Generation != 1 {
				t.Errorf("half applied: %+v, %v", routes, err)
			}
		})
	}
	if audit, err := w.store.ListAudit(t.Context(), 100); err != nil || len(audit) != 2 {
		t.Errorf("audit log: %+v, %v", audit, err)
	}
}

func TestApplyIsBounded(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewApplyServiceClient(w.admin(t))
	request := &greenroomv1.ApplyRequest{}
	for i := range 1000 {
		request.Fleets = append(request.Fleets, fleetMessage(fmt.Sprintf("f%d", i), 1))
	}
	if r, err := client.Apply(t.Context(), request); err != nil || len(r.GetObjects()) != 1000 {
		t.Fatalf("1000 objects: %d, %v", len(r.GetObjects()), err)
	}
	request.Routes = []*greenroomv1.Route{routeMessage("one", "f1")}
	_, err := client.Apply(t.Context(), request)
	wantCode(t, err, connect.CodeInvalidArgument, "1 to 1000")

	request.Routes = nil
	for _, f := range request.Fleets {
		f.Spec.MaxServers = 30000
	}
	_, err = client.Apply(t.Context(), request)
	wantCode(t, err, connect.CodeInvalidArgument, "950 more")
	if n := strings.Count(violations(t, err), "\n") + 1; n != maxViolations+1 {
		t.Errorf("%d violations", n)
	}
}

func TestApplyNeedsAdmin(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewApplyServiceClient(w.as(w.token(t, "op", store.ScopeOperate)))
	_, err := client.Apply(t.Context(), &greenroomv1.ApplyRequest{Fleets: []*greenroomv1.Fleet{fleetMessage("rooms", 1)}})
	wantCode(t, err, connect.CodePermissionDenied)
}

// TestOneFleetAloneHasAllOfTheRoute: a weight that is left out is stored and shown, and is no change.
func TestOneFleetAloneHasAllOfTheRoute(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	client := greenroomv1connect.NewRouteServiceClient(admin)
	w.plaza(t, admin)
	for i, want := range []struct {
		ppm     uint32
		outcome string
	}{{0, "created"}, {0, "unchanged"}, {1_000_000, "unchanged"}} {
		r, err := client.ApplyRoute(t.Context(), &greenroomv1.ApplyRouteRequest{Route: &greenroomv1.Route{
			Name: "alone", Spec: &greenroomv1.RouteSpec{Fleets: []*greenroomv1.FleetWeight{{Fleet: "rooms", WeightPpm: want.ppm}}},
		}})
		if err != nil || r.GetOutcome() != want.outcome || r.GetRoute().GetSpec().GetFleets()[0].GetWeightPpm() != 1_000_000 {
			t.Errorf("apply %d: %v, %v", i, r, err)
		}
	}
	r, err := client.GetRoute(t.Context(), &greenroomv1.GetRouteRequest{Name: "alone"})
	if err != nil || r.GetRoute().GetSpec().GetFleets()[0].GetWeightPpm() != 1_000_000 {
		t.Errorf("get: %v, %v", r, err)
	}
}
