package observe

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

var start = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

// ticked is a census that has counted.
func ticked(t testing.TB, from Sources) *Census {
	t.Helper()
	c := NewCensus(from)
	if err := c.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMetricsPage(t *testing.T) {
	census := ticked(t, Sources{
		Registry: someFacts(), Now: func() time.Time { return start },
		Size: func(model.FleetName) (plan.Size, time.Time) {
			return plan.Size{Known: true, Wanted: 3, Desired: 4}, start
		},
	})
	set := metrics.NewSet()
	m := NewMetrics(MetricsConfig{
		Set: set, Census: census, Tags: Tags{Env: "test", Version: "1"},
		Signals: func() map[string]scale.Signal { return map[string]scale.Signal{"queue/eu": {Value: -2.5, At: start}} },
		Now:     func() time.Time { return start.Add(90 * time.Second) },
	})
	m.Joined(Join{Route: "plaza", Fleet: "rooms", Outcome: JoinSeated, Took: 300 * time.Microsecond})
	m.Joined(Join{Route: "plaza", Fleet: "rooms", Outcome: JoinSeated, Took: time.Hour, Waited: 2 * time.Second})
	m.Joined(Join{Route: "plaza", Outcome: JoinFull, Reason: "full", Took: time.Second})
	m.Joined(Join{Outcome: JoinRefused, Reason: "no_route"})
	m.Fault("not_found")
	m.Decided("rooms", plan.Open, 2, true)
	m.Decided("rooms", plan.Start, 1, false)
	m.Decided("rooms", plan.End, 1, true)
	m.Decided("gone", plan.Open, 1, true)
	life := func(states ...model.ServerState) {
		for i := range states[1:] {
			m.Became(states[i], model.Server{Fleet: "rooms", State: states[i+1], CreatedAt: start, StateSince: start.Add(4 * time.Second)})
		}
	}
	life(model.ServerStateUnknown, model.ServerStarting, model.ServerReady, model.ServerOpen, model.ServerDraining, model.ServerOpen, model.ServerDraining, model.ServerEmpty, model.ServerStopped)
	life(model.ServerStateUnknown, model.ServerStarting, model.ServerUnhealthy)
	life(model.ServerOpen, model.ServerUnhealthy)

	mux := http.NewServeMux()
	Register(mux, Probes{}, set)
	code, text := get(t, mux, "/metrics")
	if code != http.StatusOK {
		t.Fatal(code)
	}
	for _, want := range []string{
		`greenroom_build_info{env="test",service="",version="1",team=""} 1`,
		`greenroom_servers_wanted{fleet="rooms"} 3`,
		`greenroom_servers_desired{fleet="rooms"} 4`,
		`greenroom_servers{fleet="rooms",state="ready"} 1`,
		`greenroom_servers{fleet="rooms",state="open"} 1`,
		`greenroom_servers{fleet="rooms",state="draining"} 0`,
		`greenroom_sessions{fleet="rooms"} 4`,
		`greenroom_sessions_active{fleet="rooms"} 3`,
		`greenroom_sessions_active_ratio{fleet="rooms"} 0.75`,
		`greenroom_occupancy_ratio{fleet="rooms"} 0.25`,
		`greenroom_seats{fleet="rooms",state="reserved"} 2`,
		`greenroom_seats{fleet="rooms",state="claimed"} 5`,
		`greenroom_open_seats{fleet="rooms"} 28`,
		`greenroom_free_session_slots{fleet="rooms"} 0`,
		`greenroom_planned_timestamp_seconds{fleet="rooms"} 1772395200`,
		`greenroom_route_sessions{route="plaza"} 2`,
		`greenroom_route_players{route="plaza"} 7`,
		`greenroom_joins_total{fleet="rooms",outcome="seated"} 2`,
		`greenroom_joins_total{fleet="",outcome="full"} 1`,
		`greenroom_join_refusals_total{route="plaza",reason="full"} 1`,
		`greenroom_join_refusals_total{route="",reason="no_route"} 1`,
		`greenroom_join_duration_seconds_bucket{fleet="rooms",le="0.00025"} 0`,
		`greenroom_join_duration_seconds_bucket{fleet="rooms",le="0.0005"} 1`,
		`greenroom_join_duration_seconds_bucket{fleet="rooms",le="+Inf"} 2`,
		`greenroom_join_duration_seconds_count{fleet="rooms"} 2`,
		`greenroom_join_wait_seconds_count{route="plaza"} 1`,
		`greenroom_join_wait_seconds_sum{route="plaza"} 2`,
		`greenroom_api_errors_total{code="not_found"} 1`,
		`greenroom_decisions_total{fleet="rooms",verb="open",result="ok"} 2`,
		`greenroom_decisions_total{fleet="rooms",verb="start",result="failed"} 1`,
		`greenroom_server_starts_total{fleet="rooms"} 2`,
		`greenroom_server_start_failures_total{fleet="rooms"} 1`,
		`greenroom_server_deaths_total{fleet="rooms"} 1`,
		`greenroom_server_boot_seconds_bucket{fleet="rooms",le="2.5"} 0`,
		`greenroom_server_boot_seconds_bucket{fleet="rooms",le="5"} 1`,
		`greenroom_drains_begun_total{fleet="rooms"} 2`,
		`greenroom_drains_taken_back_total{fleet="rooms"} 1`,
		`greenroom_drains_finished_total{fleet="rooms"} 1`,
		`greenroom_drains_forced_total{fleet="rooms"} 1`,
		`greenroom_signal_age_seconds{signal="queue/eu"} 90`,
		`greenroom_signal_value{signal="queue/eu"} -2.5`,
		`greenroom_metrics_series_dropped 0`,
		`process_cpu_seconds_total`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(text, "gone") {
		t.Error("a fleet that is gone is on the page")
	}
	wellFormed(t, text)
}

// wellFormed checks that every line is a series or a comment, that no series is there twice, and that a family's series
// stand together, as the format asks.
func wellFormed(t *testing.T, text string) (series int) {
	t.Helper()
	line := regexp.MustCompile(`^[a-z_]+(\{([a-z]+="[^"\\]*",?)+\})? (-?[0-9.e+-]+|\+Inf|NaN)$`)
	suffix := regexp.MustCompile(`_(bucket|sum|count)$`)
	seen, over, last := map[string]bool{}, map[string]bool{}, ""
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "#") || !strings.HasPrefix(l, "greenroom_") {
			continue
		}
		if !line.MatchString(l) {
			t.Errorf("no series: %s", l)
		}
		series++
		name := l[:strings.LastIndexByte(l, ' ')]
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		family := suffix.ReplaceAllString(name[:len(name)-len(strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz_"))], "")
		if family != last && over[family] {
			t.Errorf("the series of %s do not stand together", family)
		}
		over[last], last = true, family
	}
	return series
}

// manyFleets is a census of n fleets and what happened on them, everything that can be counted.
func manyFleets(t testing.TB, n int) *Metrics {
	facts := &facts{count: registry.Count{Fleets: map[model.FleetName]registry.FleetCount{}, Routes: map[model.RouteName]registry.RouteCount{}}}
	for i := range n {
		facts.count.Fleets[model.FleetName(fmt.Sprintf("fleet-%04d", i))] = registry.FleetCount{Sessions: i}
		facts.count.Routes[model.RouteName(fmt.Sprintf("route-%04d", i))] = registry.RouteCount{Sessions: 1}
	}
	m := NewMetrics(MetricsConfig{Set: metrics.NewSet(), Census: ticked(t, Sources{
		Registry: facts, Size: func(model.FleetName) (plan.Size, time.Time) { return plan.Size{Known: true}, start },
	})})
	for fleet := range facts.count.Fleets {
		m.Joined(Join{Route: "route-0001", Fleet: fleet, Outcome: JoinSeated, Took: time.Millisecond, Waited: time.Second})
		m.Became(model.ServerStateUnknown, model.Server{Fleet: fleet, State: model.ServerStarting})
		m.Became(model.ServerStarting, model.Server{Fleet: fleet, State: model.ServerReady})
		m.Decided(fleet, plan.Open, 1, true)
	}
	return m
}

// countSeries counts a page's series.
func countSeries(text []byte) (n int) {
	for l := range bytes.Lines(text) {
		if l[0] != '#' {
			n++
		}
	}
	return n
}

// The budget holds, what is over it is counted, and what matters most is there for every fleet.
func TestSeriesAreBounded(t *testing.T) {
	m := manyFleets(t, 1000)
	text := m.render(MaxSeries)
	series := countSeries(text)
	if series > MaxSeries+1 {
		t.Errorf("%d series, more than %d", series, MaxSeries)
	}
	if n := bytes.Count(text, []byte("\ngreenroom_occupancy_ratio{")); n != 1000 {
		t.Errorf("the occupancy of %d fleets of 1000", n)
	}
	dropped := 0
	if _, err := fmt.Sscanf(string(text[bytes.LastIndex(text, []byte("greenroom_metrics_series_dropped ")):]), "greenroom_metrics_series_dropped %d", &dropped); err != nil {
		t.Fatal(err)
	}
	if all := countSeries(m.render(1 << 30)); dropped == 0 || all != series+dropped {
		t.Errorf("%d series are written and %d dropped of %d", series, dropped, all)
	}
	t.Logf("1000 fleets: %d series written, %d dropped, %d KiB", series, dropped, len(text)>>10)
	few := manyFleets(t, 20)
	if !bytes.Contains(few.render(MaxSeries), []byte("series_dropped 0")) {
		t.Error("series of 20 fleets are dropped")
	}
	for _, most := range []int{0, 1, 500, 1000, 1200} {
		if n := wellFormed(t, string(few.render(most))); n > most+1 {
			t.Errorf("%d series of at most %d", n, most)
		}
	}
}

func TestServerPage(t *testing.T) {
	servers := []model.Server{
		{
			ID: "rooms-a", Fleet: "rooms", State: model.ServerOpen, Sessions: 3, SessionsActive: 2, SessionCapacity: 4, SeatsClaimed: 5, SeatCapacity: 40,
			Load: &model.Load{CPU: 0.25, CPULimit: 2, MemoryBytes: 1 << 20, Received: 100, Sent: 1500.5},
		},
		{ID: "rooms-b", Fleet: "rooms", State: model.ServerReady, SessionCapacity: 4, SeatCapacity: 40},
	}
	asked, fault := 0, error(nil)
	facts := someFacts()
	census := ticked(t, Sources{Registry: facts})
	page := NewServerPage(func(context.Context, model.FleetName) ([]model.Server, error) {
		asked++
		return servers, fault
	}, census)
	ask := func(encoding string) (int, string) {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics/servers", nil)
		r.Header.Set("Accept-Encoding", encoding)
		page.ServeHTTP(w, r)
		var body io.Reader = w.Body
		if w.Header().Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			body = z
		} else if encoding == "gzip" && w.Code == http.StatusOK {
			t.Error("not compressed")
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, string(text)
	}
	_, text := ask("")
	for _, want := range []string{
		`greenroom_server_state{fleet="rooms",server="rooms-a",state="open"} 1`,
		`greenroom_server_sessions{fleet="rooms",server="rooms-a"} 3`,
		`greenroom_server_players{fleet="rooms",server="rooms-a"} 5`,
		`greenroom_server_sessions{fleet="rooms",server="rooms-b"} 0`,
		`greenroom_server_cpu_cores{fleet="rooms",server="rooms-a"} 0.25`,
		`greenroom_server_sent_bytes_per_second{fleet="rooms",server="rooms-a"} 1500.5`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(text, `greenroom_server_cpu_cores{fleet="rooms",server="rooms-b"}`) {
		t.Error("a server that says no load has one")
	}
	wellFormed(t, text)
	if _, zipped := ask("gzip"); zipped != text || asked != 1 {
		t.Errorf("asked %d times for one count; compressed and plain are the same: %v", asked, zipped == text)
	}
	if err := census.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ask("gzip"); asked != 1 {
		t.Error("listed again within a second")
	}
	page.madeAt = page.madeAt.Add(-2 * serverPageAge)
	fault = errors.New("away")
	if code, text := ask(""); code != http.StatusServiceUnavailable || !strings.Contains(text, "away") {
		t.Errorf("%d %s", code, text)
	}
	fault = nil
	if code, _ := ask(""); code != http.StatusOK || asked != 3 {
		t.Errorf("%d, asked %d times", code, asked)
	}
	bounded := string(renderServers(servers, 5))
	if n := wellFormed(t, bounded); n != 6 || !strings.Contains(bounded, "greenroom_metrics_series_dropped 12") {
		t.Errorf("%d series of 5:\n%s", n, bounded)
	}
}
