package api

import (
	"errors"
	"io"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/store"
)

const simulatedHouse = `
kind: Fleet
name: voice
spec: {capacity: {sessions: 10, seats_per_session: 8}, max_servers: 50}
---
kind: Route
name: voice
spec: {fleets: [{fleet: voice}]}
`

func simulated(csv string) *greenroomv1.SimulateRequest {
	return &greenroomv1.SimulateRequest{
		Manifest: simulatedHouse,
		Demand:   &greenroomv1.SimulateRequest_TraceCsv{TraceCsv: []byte("time,route,joins,sessions,stay_seconds\n" + csv)},
		Policies: []string{"own", "agones-buffer:2"},
	}
}

func TestSimulate(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewSimulateServiceClient(w.as(w.token(t, "planner", store.ScopeOperate)))
	stream, err := client.Simulate(t.Context(), simulated("0,voice,60,20,600\n600,voice,30,10,600\n"))
	if err != nil {
		t.Fatal(err)
	}
	var results []*greenroomv1.SimulateResult
	progress := 0.0
	for {
		said, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := said.GetProgress(); p < progress || p > 1 {
			t.Errorf("progress %v after %v", p, progress)
		}
		progress = said.GetProgress()
		if r := said.GetResult(); r != nil {
			results = append(results, r)
		}
	}
	if len(results) != 2 || progress != 1 {
		t.Fatalf("%d results, progress %v", len(results), progress)
	}
	if own := results[0]; own.GetPolicy() != "own" || own.GetJoins() != 90 || own.GetServerHours() < own.GetBoundServerHours() || len(own.GetPoints()) == 0 {
		t.Errorf("%v", own)
	}
}

func TestSimulateRefuses(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewSimulateServiceClient(w.as(w.token(t, "planner", store.ScopeOperate)))
	for _, c := range []struct {
		change func(*greenroomv1.SimulateRequest)
		code   connect.Code
		want   string
	}{
		{func(r *greenroomv1.SimulateRequest) { r.Policies = []string{"hpa:9"} }, connect.CodeInvalidArgument, "hpa:9"},
		{func(r *greenroomv1.SimulateRequest) { r.Manifest = "kind: Fleat" }, connect.CodeInvalidArgument, "manifest:1"},
		{func(r *greenroomv1.SimulateRequest) { r.Manifest = "" }, connect.CodeInvalidArgument, "there is no"},
		{func(r *greenroomv1.SimulateRequest) {
			r.Demand = simulated("# step 60s\n0,voise,1,1,60\n").GetDemand().(*greenroomv1.SimulateRequest_TraceCsv)
		}, connect.CodeInvalidArgument, `line 3`},
		{func(r *greenroomv1.SimulateRequest) {
			r.Demand = &greenroomv1.SimulateRequest_Generator{Generator: "voice-daze"}
		}, connect.CodeInvalidArgument, "did you mean voice-day?"},
		{func(r *greenroomv1.SimulateRequest) {
			r.Demand = &greenroomv1.SimulateRequest_Recorded{Recorded: &greenroomv1.RecordedDemand{}}
		}, connect.CodeFailedPrecondition, "nothing was recorded"},
	} {
		request := simulated("# step 60s\n0,voice,1,1,60\n")
		c.change(request)
		stream, err := client.Simulate(t.Context(), request)
		if err == nil {
			_, err = stream.Receive()
		}
		if connect.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %q: %v", c.code, c.want, err)
		}
	}
}

func TestOneSimulationAtATime(t *testing.T) {
	w := newWorld(t)
	w.simulating <- struct{}{}
	client := greenroomv1connect.NewSimulateServiceClient(w.as(w.token(t, "planner", store.ScopeOperate)))
	stream, err := client.Simulate(t.Context(), simulated("# step 60s\n0,voice,1,1,60\n"))
	if err == nil {
		_, err = stream.Receive()
	}
	if connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Error(err)
	}
}
