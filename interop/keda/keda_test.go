package keda

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// rooms is a fleet whose servers hold two sessions each: one more server is opened for every two that come.
const rooms = `
kind: Fleet
name: rooms
spec:
  capacity: {sessions: 2, seats_per_session: 4}
  buffers: {open: 1}
  max_servers: 4
---
kind: Route
name: plaza
spec:
  fleets: [{fleet: rooms, weight_ppm: 1000000}]
`

// scaler is a client of a plane's external scaler, as KEDA makes one: without TLS unless its trigger asks for it.
func (p *plane) scaler() externalscaler.ExternalScalerClient {
	p.Helper()
	conn, err := grpc.NewClient(p.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = conn.Close() })
	return externalscaler.NewExternalScalerClient(conn)
}

// trigger is a ScaledObject's, with the token as KEDA passes it on from the scaled container's environment.
func (p *plane) trigger(metadata ...string) *externalscaler.ScaledObjectRef {
	all := map[string]string{"scalerAddress": p.address, "tokenFromEnv": p.token}
	for _, m := range metadata {
		key, value, _ := strings.Cut(m, "=")
		all[key] = value
	}
	return &externalscaler.ScaledObjectRef{Name: "rooms", Namespace: "games", ScalerMetadata: all}
}

// TestScalerWhileAFleetScales makes every call there is, with two metrics, while a fleet of real processes grows from nothing
// but its buffer to three servers, and has players and none again.
func TestScalerWhileAFleetScales(t *testing.T) {
	p := serve(t)
	p.apply(rooms)
	client := p.scaler()
	replicas, players := p.trigger("fleet=rooms"), p.trigger("route=plaza", "metric=players", "target=2.5")

	var spec *externalscaler.GetMetricSpecResponse
	var err error
	p.eventually("the fleet is counted", func() bool {
		spec, err = client.GetMetricSpec(t.Context(), replicas)
		return status.Code(err) != codes.NotFound
	})
	if err != nil || len(spec.GetMetricSpecs()) != 1 {
		t.Fatal(spec, err)
	}
	replicasName := spec.GetMetricSpecs()[0].GetMetricName()
	if s := spec.GetMetricSpecs()[0]; replicasName != "greenroom-fleet-rooms-replicas" || s.GetTargetSizeFloat() != 1 || s.GetTargetSize() != 1 {
		t.Errorf("spec %v", s)
	}
	spec, err = client.GetMetricSpec(t.Context(), players)
	if err != nil || spec.GetMetricSpecs()[0].GetTargetSizeFloat() != 2.5 {
		t.Fatal(spec, err)
	}
	playersName := spec.GetMetricSpecs()[0].GetMetricName()
	value := func(ref *externalscaler.ScaledObjectRef, name string) float64 {
		r, err := client.GetMetrics(t.Context(), &externalscaler.GetMetricsRequest{ScaledObjectRef: ref, MetricName: name})
		if status.Code(err) == codes.Unavailable { // not planned yet: KEDA asks again
			return -1
		}
		if err != nil || len(r.GetMetricValues()) != 1 || r.GetMetricValues()[0].GetMetricName() != name {
			t.Fatal(r, err)
		}
		return r.GetMetricValues()[0].GetMetricValueFloat()
	}

	p.eventually("one server for the buffer", func() bool { return value(replicas, replicasName) == 1 })
	active, err := client.IsActive(t.Context(), players)
	if err != nil || active.GetResult() {
		t.Errorf("nobody plays: active %v, %v", active, err)
	}
	pushed := p.stream(client, players)
	if <-pushed {
		t.Error("nobody plays, and the stream begins with active")
	}

	p.run("join", "plaza", "--key", "a", "--wait", "30s")
	if !<-pushed {
		t.Error("somebody plays, and inactive is pushed")
	}
	if active, err := client.IsActive(t.Context(), players); err != nil || !active.GetResult() {
		t.Errorf("somebody plays: active %v, %v", active, err)
	}
	for _, key := range []string{"b", "c", "d"} {
		p.run("join", "plaza", "--key", key, "--wait", "30s")
	}
	p.eventually("three servers for four sessions and a free one", func() bool { return value(replicas, replicasName) == 3 })
	p.eventually("three open servers, by Greenroom's own word", func() bool { return strings.Count(p.run("get", "servers"), " open ") == 3 })
	if n := value(players, playersName); n != 4 {
		t.Errorf("%v players; want 4", n)
	}

	for _, key := range []string{"a", "b", "c", "d"} {
		p.run("end", "plaza/"+key)
	}
	if <-pushed {
		t.Error("nobody plays any more, and active is pushed")
	}
}

// stream gives what StreamIsActive pushes until the test ends.
func (p *plane) stream(client externalscaler.ExternalScalerClient, ref *externalscaler.ScaledObjectRef) <-chan bool {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	stream, err := client.StreamIsActive(ctx, ref)
	if err != nil {
		p.Fatal(err)
	}
	pushed := make(chan bool, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(pushed)
		for {
			r, err := stream.Recv()
			if err != nil {
				if ctx.Err() != context.Canceled {
					p.Errorf("the stream ended: %v", err)
				}
				return
			}
			pushed <- r.GetResult()
		}
	}()
	p.Cleanup(func() { cancel(); <-done })
	return pushed
}

// TestScalerSaysWhatIsWrong: KEDA shows these sentences in its log and in the ScaledObject's events.
func TestScalerSaysWhatIsWrong(t *testing.T) {
	p := serve(t)
	p.apply(rooms)
	client := p.scaler()
	for _, c := range []struct {
		metadata []string
		code     codes.Code
		says     string
	}{
		{[]string{"fleet=rooms", "tokenFromEnv="}, codes.Unauthenticated, "scalerMetadata.tokenFromEnv"},
		{[]string{"fleet=rooms", "tokenFromEnv=guessed"}, codes.Unauthenticated, "scalerMetadata.token"},
		{[]string{"fleet=moon"}, codes.NotFound, `scalerMetadata.fleet: fleet "moon"`},
		{[]string{"fleet=rooms", "taget=3"}, codes.InvalidArgument, "scalerMetadata.taget is not known"},
		{[]string{"fleet=rooms", "target=none"}, codes.InvalidArgument, `scalerMetadata.target is "none"`},
	} {
		p.eventually(c.says, func() bool { // a fleet is known once it was counted
			_, err := client.IsActive(t.Context(), p.trigger(c.metadata...))
			return status.Code(err) == c.code && strings.Contains(err.Error(), c.says)
		})
		stream, err := client.StreamIsActive(t.Context(), p.trigger(c.metadata...))
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("stream of %v: %v; want %s", c.metadata, err, c.says)
		}
	}
}
