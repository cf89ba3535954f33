package rules

import (
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

func fleetWith(spec *greenroomv1.FleetSpec) *greenroomv1.Fleet {
	return &greenroomv1.Fleet{Name: "plaza", Spec: spec}
}

func processWith(p *greenroomv1.ProcessProvider) *greenroomv1.Fleet {
	return fleetWith(&greenroomv1.FleetSpec{Provider: &greenroomv1.Provider{Kind: &greenroomv1.Provider_Process{Process: p}}})
}

func roomWith(r *greenroomv1.RoomSettings) *greenroomv1.Fleet {
	return fleetWith(&greenroomv1.FleetSpec{Room: r})
}

func routeWith(weights ...*greenroomv1.FleetWeight) *greenroomv1.Route {
	return &greenroomv1.Route{Name: "main", Spec: &greenroomv1.RouteSpec{Fleets: weights}}
}

func weight(fleet string, ppm uint32) *greenroomv1.FleetWeight {
	return &greenroomv1.FleetWeight{Fleet: fleet, WeightPpm: ppm}
}

// eventFor is an event of two hours whose players take so long to arrive.
func eventFor(ramp time.Duration) *greenroomv1.Event {
	doors := time.Date(2026, 12, 5, 20, 0, 0, 0, time.UTC)
	return &greenroomv1.Event{Name: "gala", Spec: &greenroomv1.EventSpec{
		Route: "plaza", Attendance: 1, Ramp: durationpb.New(ramp), DoorsAt: timestamppb.New(doors), EndsAt: timestamppb.New(doors.Add(2 * time.Hour)),
	}}
}

func TestBrokenRulesAreSaidInSentences(t *testing.T) {
	checker, err := New()
	if err != nil {
		t.Fatal(err)
	}
	seconds := func(n int) *durationpb.Duration { return durationpb.New(time.Duration(n) * time.Second) }
	for _, c := range []struct {
		message proto.Message
		want    string // one line a violation
	}{
		{fleetWith(&greenroomv1.FleetSpec{}), ``},
		{routeWith(weight("plaza", 0)), ``},
		{routeWith(weight("a", 999_900), weight("b", 100)), ``},
		{&greenroomv1.Fleet{Name: "plaza"}, `spec must be given`},
		{
			&greenroomv1.Fleet{Name: "Plaza!", Spec: &greenroomv1.FleetSpec{}},
			`name must be 1 to 63 lower-case letters, digits and "-", starting with a letter and not ending with "-", not "Plaza!"`,
		},
		{fleetWith(&greenroomv1.FleetSpec{MaxServers: 30000}), `spec.max_servers must be less than or equal to 20000, not 30000`},
		{fleetWith(&greenroomv1.FleetSpec{MinServers: 9, MaxServers: 3}), `spec min_servers must not be above max_servers`},
		{fleetWith(&greenroomv1.FleetSpec{Buffers: &greenroomv1.Buffers{Ready: 11}}), `spec buffers.ready must not be above max_servers`},
		{
			fleetWith(&greenroomv1.FleetSpec{Room: &greenroomv1.RoomSettings{Tick: durationpb.New(time.Millisecond)}}),
			`spec.room tick must be 10ms to 200ms`,
		},
		{
			roomWith(&greenroomv1.RoomSettings{MaxMessageBytes: 65536, MaxMemberQueueBytes: 65535, MaxBytesPerSecond: 65535}),
			`spec.room.max_member_queue_bytes must be at least max_message_bytes (65536), not 65535: no message would get through
spec.room.max_bytes_per_second must be at least max_message_bytes (65536), not 65535: no message would get through`,
		},
		{
			roomWith(&greenroomv1.RoomSettings{MaxMemberQueueBytes: 16383}),
			`spec.room.max_member_queue_bytes must be at least max_message_bytes (16384), not 16383: no message would get through`,
		},
		{roomWith(&greenroomv1.RoomSettings{MaxMessageBytes: 1 << 20}), ``},
		{roomWith(&greenroomv1.RoomSettings{PositionStep: 1e-7}), `spec.room.position_step must be at least 0.000001, not 0.0000001`},
		{roomWith(&greenroomv1.RoomSettings{PositionStep: 1000.5}), `spec.room.position_step must be greater than or equal to 0 and less than or equal to 1000, not 1000.5`},
		{roomWith(&greenroomv1.RoomSettings{PositionStep: math.NaN()}), `spec.room.position_step must be greater than or equal to 0 and less than or equal to 1000, not NaN`},
		{roomWith(&greenroomv1.RoomSettings{IdleTimeout: seconds(3601)}), `spec.room.idle_timeout must be greater than or equal to 0s and less than or equal to 3600s, not 1h0m1s`},
		{roomWith(&greenroomv1.RoomSettings{Interest: &greenroomv1.Interest{Radius: 25, FarRadius: 25, Nearest: 3}}), ``},
		{
			roomWith(&greenroomv1.RoomSettings{Interest: &greenroomv1.Interest{Radius: 25.5, FarRadius: 25}}),
			`spec.room.interest.far_radius must be at least radius (25.5), not 25`,
		},
		{
			roomWith(&greenroomv1.RoomSettings{Interest: &greenroomv1.Interest{Nearest: 3}}),
			`spec.room.interest.nearest needs a radius: without one everybody sees everybody`,
		},
		{
			roomWith(&greenroomv1.RoomSettings{Interest: &greenroomv1.Interest{Radius: 25, Hysteresis: 2, Nearest: 10001}}),
			`spec.room.interest.nearest must be less than or equal to 10000, not 10001
spec.room.interest.hysteresis must be greater than or equal to 0 and less than or equal to 1, not 2`,
		},
		{
			processWith(&greenroomv1.ProcessProvider{StopGrace: seconds(-1)}),
			`spec.provider.process.stop_grace must be greater than or equal to 0s and less than or equal to 3600s, not -1s`,
		},
		{
			processWith(&greenroomv1.ProcessProvider{Env: map[string]string{"GREENROOM_SERVER": "x"}}),
			`spec.provider.process.env["GREENROOM_SERVER"] must be another name: those starting with GREENROOM_ are Greenroom's own`,
		},
		{
			processWith(&greenroomv1.ProcessProvider{Ports: []*greenroomv1.Port{{Name: "ws"}, {Name: "ws"}}}),
			`spec.provider.process.ports[1].name must be another name: "ws" is the name of an earlier port`,
		},
		{processWith(&greenroomv1.ProcessProvider{Command: []string{""}}), `spec.provider.process.command[0] must be a program, not empty`},
		{
			fleetWith(&greenroomv1.FleetSpec{Capacity: &greenroomv1.ServerCapacity{SeatsPerSession: 10, Seats: 5}}),
			`spec.capacity.seats must be at least seats_per_session (10), not 5`,
		},
		{
			fleetWith(&greenroomv1.FleetSpec{Drain: &greenroomv1.DrainPolicy{Wait: seconds(7200)}}),
			`spec.drain.wait must not be above the default deadline (1h0m0s), not 2h0m0s`,
		},
		{
			&greenroomv1.DrainServerRequest{Name: "x", Policy: &greenroomv1.DrainPolicy{Wait: seconds(3), Deadline: seconds(2)}},
			`policy.wait must not be above the deadline (2s), not 3s`,
		},
		{&greenroomv1.PublishRequest{Route: "main", Space: "concert:1", Name: "light/left", Payload: make([]byte, 16384)}, ``},
		{&greenroomv1.PublishRequest{Route: "main", Name: "light/#"}, `name must be without "+", "#" and control characters and neither start nor end with "/", not "light/#"`},
		{
			&greenroomv1.PublishRequest{Route: "main", Space: "a b", Name: "", Payload: make([]byte, 16385)},
			`space must be letters, digits and "-._~:@", starting with a letter or a digit, not "a b"
name must be at least 1 characters, not ""
payload must be at most 16384 bytes`,
		},
		{routeWith(), `spec.fleets must contain at least 1 item(s)`},
		{routeWith(weight("a", 5), weight("b", 6)), `spec.fleets must have weights (weight_ppm) that add up to 1000000, not 11`},
		{routeWith(weight("a", 500_000), weight("a", 500_000)), `spec.fleets[1].fleet must be another fleet: a is in the list already`},
		{
			&greenroomv1.ApplyRouteRequest{Route: routeWith(weight("a", 5))},
			`route.spec.fleets must have weights (weight_ppm) that add up to 1000000, not 5`,
		},
		{
			&greenroomv1.ApplyRequest{
				Fleets: []*greenroomv1.Fleet{fleetWith(&greenroomv1.FleetSpec{}), processWith(&greenroomv1.ProcessProvider{Command: []string{""}})},
				Routes: []*greenroomv1.Route{{Name: "plaza", Spec: routeWith(weight("plaza", 0)).GetSpec()}, routeWith(weight("a", 5)), routeWith(weight("plaza", 0))},
			},
			`fleets[1].name must be another name: there is an earlier fleet "plaza" beside it
fleets[1].spec.provider.process.command[0] must be a program, not empty
routes[1].spec.fleets must have weights (weight_ppm) that add up to 1000000, not 5
routes[2].name must be another name: there is an earlier route "main" beside it`,
		},
		{&greenroomv1.ApplyRequest{}, `a request must hold 1 to 1000 fleets, routes, events and rollouts`},
		{&greenroomv1.ApplyRequest{Routes: []*greenroomv1.Route{routeWith(weight("a", 0))}}, ``},
		{
			&greenroomv1.ApplyRequest{Events: []*greenroomv1.Event{eventFor(0), eventFor(3 * time.Hour)}},
			`events[1].name must be another name: there is an earlier event "gala" beside it
events[1].spec.ramp must not be longer than the event is open (2h0m0s), not 3h0m0s: some would arrive after its end`,
		},
		{
			&greenroomv1.ApplyEventRequest{Event: eventFor(3 * time.Hour)},
			`event.spec.ramp must not be longer than the event is open (2h0m0s), not 3h0m0s: some would arrive after its end`,
		},
		{&greenroomv1.Rollout{Name: "r", Spec: &greenroomv1.RolloutSpec{Route: "plaza", To: "new"}}, ``},
		{
			&greenroomv1.ApplyRolloutRequest{Rollout: &greenroomv1.Rollout{Name: "r", Spec: &greenroomv1.RolloutSpec{
				Route: "plaza", To: "new", From: "new",
				Steps: []*greenroomv1.RolloutStep{{WeightPpm: 10}, {WeightPpm: 10}, {WeightPpm: 9}},
				Gates: []*greenroomv1.Gate{
					{Kind: &greenroomv1.Gate_Crashes{Crashes: &greenroomv1.CrashGate{}}},
					{Name: "crashes", Kind: &greenroomv1.Gate_Crashes{Crashes: &greenroomv1.CrashGate{}}},
					{Name: "p", Kind: &greenroomv1.Gate_Prometheus{Prometheus: &greenroomv1.PrometheusGate{Url: "p:9090", Query: "up"}}},
					{Name: "l", Kind: &greenroomv1.Gate_JoinLatency{JoinLatency: &greenroomv1.LatencyGate{MaxRatio: 0.5}}},
				},
			}}},
			`rollout.spec.steps[1].weight_ppm must be above that of the step before (10), not 10
rollout.spec.steps[2].weight_ppm must be above that of the step before (10), not 9
rollout.spec.from must be another fleet than to ("new")
rollout.spec.gates[1].name must be another name: "crashes" is that of an earlier gate
rollout.spec.gates[2].prometheus.url must be the address of a Prometheus server such as "http://prometheus:9090", not "p:9090"
rollout.spec.gates[2].prometheus.max must be given, or min, or max_ratio: else nothing could fail
rollout.spec.gates[3].join_latency.max_ratio must be 1 or more, or 0 for 2, not 0.5`,
		},
		{
			&greenroomv1.Rollout{Name: "r", Spec: &greenroomv1.RolloutSpec{Route: "plaza", To: "new", Gates: []*greenroomv1.Gate{
				{Kind: &greenroomv1.Gate_Reconnects{Reconnects: &greenroomv1.RatioGate{MaxMore: math.NaN()}}},
			}}},
			`spec.gates[0].reconnects.max_more must be greater than or equal to 0 and less than or equal to 1, not NaN`,
		},
		{&greenroomv1.JoinRequest{Route: "main"}, `players must contain at least 1 item(s)`},
		{
			&greenroomv1.JoinRequest{Route: "main", Key: "a b", Players: []string{"x"}},
			`key must be letters, digits and "-._~:@", starting with a letter or a digit, not "a b"`,
		},
	} {
		got, err := checker.Check(c.message)
		if err != nil {
			t.Error(err)
		}
		var lines []string
		for _, v := range got {
			lines = append(lines, v.String())
		}
		if text := strings.Join(lines, "\n"); text != c.want {
			t.Errorf("%v:\n%s\nwant\n%s", c.message, text, c.want)
		}
	}
}

// TestEveryPatternIsSaidInWords fails when the contract gets a pattern that has no sentence.
func TestEveryPatternIsSaidInWords(t *testing.T) {
	checker, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []proto.Message{
		&greenroomv1.JoinRequest{Route: "r", Key: "/", Players: []string{"/"}},
		&greenroomv1.Fleet{Name: "/", Spec: &greenroomv1.FleetSpec{Provider: &greenroomv1.Provider{Kind: &greenroomv1.Provider_Process{
			Process: &greenroomv1.ProcessProvider{Env: map[string]string{"/": ""}, Ports: []*greenroomv1.Port{{Name: "/"}}},
		}}}},
		&greenroomv1.CreateTokenRequest{Name: "/", Scope: greenroomv1.Scope_SCOPE_VIEW},
	} {
		got, err := checker.Check(m)
		if err != nil || len(got) == 0 {
			t.Errorf("%v: %v, %v", m, got, err)
		}
		for _, v := range got {
			if strings.Contains(v.Sentence, "regex") {
				t.Errorf("%s", v)
			}
		}
	}
}

func BenchmarkCheckJoin(b *testing.B) {
	checker, err := New()
	if err != nil {
		b.Fatal(err)
	}
	m := &greenroomv1.JoinRequest{Route: "plaza", Key: "room-7", Players: []string{"ann"}, RequestId: "0123456789abcdef"}
	b.ReportAllocs()
	for b.Loop() {
		if v, err := checker.Check(m); err != nil || len(v) > 0 {
			b.Fatal(v, err)
		}
	}
}
