package autoscaler

import (
	"maps"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	"greenroom.dev/greenroom/gen/keda/externalscaler"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

// ref is a trigger's metadata with the token, and "key=value" for each word.
func ref(words string) *externalscaler.ScaledObjectRef {
	metadata := map[string]string{"scalerAddress": "greenroom:7350", "tokenFromEnv": "secret"}
	for word := range strings.FieldsSeq(words) {
		key, value, _ := strings.Cut(word, "=")
		metadata[key] = value
	}
	return &externalscaler.ScaledObjectRef{Name: "rooms", Namespace: "games", ScalerMetadata: metadata}
}

func TestKEDAIsToldTheNumberAndItsTarget(t *testing.T) {
	w := newWorld(t)
	client := w.keda()
	for _, c := range []struct {
		metadata, name string
		target, value  float64
		active         bool
	}{
		{"fleet=rooms", "greenroom-fleet-rooms-replicas", 1, 7, true},
		{"fleet=rooms activation=7", "greenroom-fleet-rooms-replicas", 1, 7, false},
		{"fleet=rooms metric=servers_wanted", "greenroom-fleet-rooms-servers-wanted", 1, 6, true},
		{"fleet=rooms metric=occupancy target=0.75 activation=0.5", "greenroom-fleet-rooms-occupancy", 0.75, 0.6, true},
		{"fleet=rooms metric=active_rate target=0.8", "greenroom-fleet-rooms-active-rate", 0.8, 0.4, true},
		{"fleet=rooms metric=joins_waiting", "greenroom-fleet-rooms-joins-waiting", 1, 3, true},
		{"fleet=fresh metric=players target=50", "greenroom-fleet-fresh-players", 50, 0, false},
		{"route=plaza target=100", "greenroom-route-plaza-players", 100, 7, true},
		{"route=plaza metric=sessions_active target=2.5 enableTLS=true", "greenroom-route-plaza-sessions-active", 2.5, 2, true},
	} {
		spec, err := client.GetMetricSpec(t.Context(), ref(c.metadata))
		if err != nil || len(spec.GetMetricSpecs()) != 1 {
			t.Fatal(c.metadata, spec, err)
		}
		if s := spec.GetMetricSpecs()[0]; s.GetMetricName() != c.name || s.GetTargetSizeFloat() != c.target || s.GetTargetSize() < 1 {
			t.Errorf("%s: spec %v", c.metadata, s)
		}
		values, err := client.GetMetrics(t.Context(), &externalscaler.GetMetricsRequest{ScaledObjectRef: ref(c.metadata), MetricName: c.name})
		if err != nil || len(values.GetMetricValues()) != 1 {
			t.Fatal(c.metadata, values, err)
		}
		if v := values.GetMetricValues()[0]; v.GetMetricName() != c.name || v.GetMetricValueFloat() != c.value || float64(v.GetMetricValue()) < c.value {
			t.Errorf("%s: value %v, want %v", c.metadata, v, c.value)
		}
		active, err := client.IsActive(t.Context(), ref(c.metadata))
		if err != nil || active.GetResult() != c.active {
			t.Errorf("%s: active %v, %v", c.metadata, active, err)
		}
	}
}

func TestKEDAIsToldWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	client := w.keda()
	for _, c := range []struct {
		metadata string
		code     connect.Code
		says     string
	}{
		{"", connect.CodeInvalidArgument, "scalerMetadata.fleet is missing"},
		{"fleet=", connect.CodeInvalidArgument, "scalerMetadata.fleet is empty"},
		{"fleet=rooms route=plaza", connect.CodeInvalidArgument, "scalerMetadata.fleet and route are both there"},
		{"fleet=rooms tagret=3", connect.CodeInvalidArgument, "scalerMetadata.tagret is not known: there are fleet, route"},
		{"fleet=rooms target=0", connect.CodeInvalidArgument, `scalerMetadata.target is "0": write a number above 0`},
		{"fleet=rooms target=many", connect.CodeInvalidArgument, `scalerMetadata.target is "many"`},
		{"fleet=rooms target=NaN", connect.CodeInvalidArgument, "scalerMetadata.target"},
		{"fleet=rooms target=1e300", connect.CodeInvalidArgument, "scalerMetadata.target"},
		{"fleet=rooms activation=-1", connect.CodeInvalidArgument, "scalerMetadata.activation"},
		{"fleet=rooms metric=servers", connect.CodeInvalidArgument, `scalerMetadata.metric is "servers", which is not known of a fleet: there are replicas,`},
		{"route=plaza metric=occupancy", connect.CodeInvalidArgument, `not known of a route: there are sessions,`},
		{"fleet=moon", connect.CodeNotFound, `scalerMetadata.fleet: fleet "moon"`},
		{"route=moon", connect.CodeNotFound, `scalerMetadata.route: route "moon"`},
		{"fleet=rooms tokenFromEnv=", connect.CodeUnauthenticated, "scalerMetadata.tokenFromEnv is missing or its variable is empty"},
		{"fleet=rooms tokenFromEnv=wrong", connect.CodeUnauthenticated, "scalerMetadata.token: the API token is unknown"},
		{"fleet=moon tokenFromEnv=wrong", connect.CodeUnauthenticated, "the API token"}, // what there is, is nobody else's to know
	} {
		for name, call := range map[string]func() error{
			"IsActive":      func() error { _, err := client.IsActive(t.Context(), ref(c.metadata)); return err },
			"GetMetricSpec": func() error { _, err := client.GetMetricSpec(t.Context(), ref(c.metadata)); return err },
			"GetMetrics": func() error {
				_, err := client.GetMetrics(t.Context(), &externalscaler.GetMetricsRequest{ScaledObjectRef: ref(c.metadata)})
				return err
			},
			"StreamIsActive": func() error {
				stream, err := client.StreamIsActive(t.Context(), ref(c.metadata))
				if err == nil {
					_, err = stream.Receive()
				}
				return err
			},
		} {
			if err := call(); connect.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s of %q: %v; want %s, %s", name, c.metadata, err, c.code, c.says)
			}
		}
	}
	_, err := client.GetMetrics(t.Context(), &externalscaler.GetMetricsRequest{ScaledObjectRef: ref("fleet=rooms"), MetricName: "s0-cpu"})
	if connect.CodeOf(err) != connect.CodeNotFound || !strings.Contains(err.Error(), `metricName "s0-cpu"`) {
		t.Errorf("another trigger's metric: %v", err)
	}
}

// What is not known is an error, for others would take 0 for an order to stop every server.
func TestKEDAIsNeverToldANumberThatIsNotKnown(t *testing.T) {
	w := newWorld(t)
	client := w.keda()
	ask := func(metadata string) error {
		_, err := client.GetMetrics(t.Context(), &externalscaler.GetMetricsRequest{ScaledObjectRef: ref(metadata)})
		_, also := client.IsActive(t.Context(), ref(metadata))
		if connect.CodeOf(err) != connect.CodeOf(also) {
			t.Errorf("%s: GetMetrics says %v, IsActive %v", metadata, err, also)
		}
		return err
	}
	wantUnavailable := func(when, metadata, says string) {
		t.Helper()
		if err := ask(metadata); connect.CodeOf(err) != connect.CodeUnavailable || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want unavailable, %s", when, err, says)
		}
	}
	wantUnavailable("never planned", "fleet=fresh", "replicas of fleet fresh: nothing has been planned for it yet")
	w.set(func(c *observe.Count) {
		f := c.Fleets["rooms"]
		f.Planned, f.Wanted = false, 0
		c.Fleets["rooms"] = f
	})
	wantUnavailable("undecided", "fleet=rooms", "nothing could be decided")
	if err := ask("fleet=rooms metric=players"); err != nil {
		t.Errorf("what is counted is known while nothing is decided: %v", err)
	}
	planned := w.now()
	w.pass(MaxAge + time.Second)
	w.set(func(c *observe.Count) {
		maps.Copy(c.Fleets, map[model.FleetName]observe.FleetCount{"rooms": rooms(planned)})
	})
	wantUnavailable("a keeper that stands still", "fleet=rooms", "nothing could be decided")
	w.set(func(*observe.Count) {})
	if err := ask("fleet=rooms"); err != nil {
		t.Errorf("planned again: %v", err)
	}
	w.pass(MaxAge + time.Second)
	wantUnavailable("a census that stands still", "fleet=rooms metric=players", "last counted at")
}

func TestKEDAIsPushedEachChange(t *testing.T) {
	w := newWorld(t)
	stream, err := w.keda().StreamIsActive(t.Context(), ref("fleet=rooms metric=players activation=5"))
	if err != nil {
		t.Fatal(err)
	}
	want := func(active bool) {
		t.Helper()
		r, err := stream.Receive()
		if err != nil || r.GetResult() != active {
			t.Fatalf("%v, %v; want %v", r, err, active)
		}
	}
	players := func(n int) {
		w.set(func(c *observe.Count) {
			f := c.Fleets["rooms"]
			f.SeatsClaimed, f.SeatsReserved = n, 0
			c.Fleets["rooms"] = f
		})
	}
	want(true)
	players(9) // as before: nothing is said
	players(4)
	want(false)
	w.pass(2 * MaxAge) // the census stands still: what was said holds
	w.watchers.Notify()
	players(6)
	want(true)
	w.mu.Lock()
	w.revoked = true
	w.mu.Unlock()
	w.pass(tokenEvery)
	players(0)
	for err = error(nil); err == nil; { // what was under way may still come
		_, err = stream.Receive()
	}
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("after its token was revoked: %v", err)
	}
}

func FuzzTrigger(f *testing.F) {
	for _, s := range []string{"fleet", "route", "metric", "target", "activation", "token", "tokenFromEnv", "scalerAddress", "x"} {
		f.Add(s, "rooms", "target", "1.5")
		f.Add("fleet", "a", s, "occupancy")
	}
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		got, err := parseTrigger(map[string]string{k1: v1, k2: v2})
		if err != nil {
			if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "scalerMetadata.") {
				t.Errorf("the error names no field: %v", err)
			}
			return
		}
		if got.name == "" || !(got.target > 0) || !(got.activation >= 0) || got.number.name == "" || strings.Contains(got.metricName(), "_") {
			t.Errorf("%+v", got)
		}
	})
}
