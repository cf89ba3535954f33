package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// facts is a registry of a few servers.
type facts struct {
	servers  []model.Server
	sessions []model.Session
	changed  chan struct{}
	asked    int
	fault    error
}

func (f *facts) ListServers(context.Context, model.FleetName) ([]model.Server, error) {
	f.asked++
	return f.servers, f.fault
}

func (f *facts) ListSessions(context.Context, registry.SessionFilter) ([]model.Session, error) {
	return f.sessions, nil
}
func (f *facts) Watch(context.Context) <-chan struct{} { return f.changed }

func someFacts() *facts {
	return &facts{
		servers: []model.Server{
			{Fleet: "rooms", State: model.ServerReady, SessionCapacity: 4},
			{Fleet: "rooms", State: model.ServerOpen, SessionCapacity: 4, Sessions: 3, SeatsReserved: 2, SeatsClaimed: 5},
		},
		sessions: []model.Session{
			{SessionRef: model.SessionRef{Route: "plaza", Key: "a"}, SeatsReserved: 2, SeatsClaimed: 4},
			{SessionRef: model.SessionRef{Route: "plaza", Key: "b"}, SeatsClaimed: 1},
		},
		changed: make(chan struct{}, 1),
	}
}

func TestLogIsJSONAwayFromATerminal(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, FormatAuto, slog.LevelInfo, Tags{Env: "prod", Version: "1.2"})
	log.Debug("not shown")
	log.Info("server opened", KeyServer, "rooms-abcdefgh")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err, out.String())
	}
	if line["msg"] != "server opened" || line["env"] != "prod" || line["version"] != "1.2" || line["server"] != "rooms-abcdefgh" {
		t.Errorf("line %v", line)
	}
	if _, there := line["team"]; there {
		t.Errorf("an empty tag: %v", line)
	}
	out.Reset()
	NewLogger(&out, FormatText, slog.LevelInfo, Tags{Team: "a"}).Info("hello")
	if !strings.Contains(out.String(), "msg=hello team=a") {
		t.Errorf("text %q", out.String())
	}
}

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestMetricsPage(t *testing.T) {
	census := NewCensus(someFacts())
	if err := census.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	set := metrics.NewSet()
	m := NewMetrics(set, census, Tags{Env: "test", Version: "1"})
	m.Join("rooms", JoinSeated, 300*time.Microsecond)
	m.Join("rooms", JoinSeated, time.Hour)
	m.Join("", JoinFull, time.Second)
	m.Fault("not_found")
	mux := http.NewServeMux()
	Register(mux, Probes{}, set)
	code, page := get(t, mux, "/metrics")
	if code != http.StatusOK {
		t.Fatal(code)
	}
	for _, want := range []string{
		`greenroom_build_info{env="test",service="",version="1",team=""} 1`,
		`greenroom_servers{fleet="rooms",state="ready"} 1`,
		`greenroom_servers{fleet="rooms",state="open"} 1`,
		`greenroom_servers{fleet="rooms",state="draining"} 0`,
		`greenroom_sessions{fleet="rooms"} 3`,
		`greenroom_seats{fleet="rooms",state="reserved"} 2`,
		`greenroom_seats{fleet="rooms",state="claimed"} 5`,
		`greenroom_free_session_slots{fleet="rooms"} 1`,
		`greenroom_route_sessions{route="plaza"} 2`,
		`greenroom_route_players{route="plaza"} 7`,
		`greenroom_joins_total{fleet="rooms",outcome="seated"} 2`,
		`greenroom_joins_total{fleet="",outcome="full"} 1`,
		`greenroom_join_duration_seconds_bucket{fleet="rooms",outcome="seated",le="0.00025"} 0`,
		`greenroom_join_duration_seconds_bucket{fleet="rooms",outcome="seated",le="0.0005"} 1`,
		`greenroom_join_duration_seconds_bucket{fleet="rooms",outcome="seated",le="+Inf"} 2`,
		`greenroom_join_duration_seconds_count{fleet="rooms",outcome="seated"} 2`,
		`greenroom_api_errors_total{code="not_found"} 1`,
		`process_cpu_seconds_total`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

func TestProbes(t *testing.T) {
	var away error
	mux := http.NewServeMux()
	Register(mux, Probes{Ready: func(context.Context) error { return away }})
	for _, c := range []struct {
		path string
		away error
		want int
	}{
		{"/healthz", nil, 200},
		{"/readyz", nil, 200},
		{"/readyz", errors.New("stopping"), 503},
		{"/healthz", errors.New("stopping"), 200},
	} {
		away = c.away
		if code, text := get(t, mux, c.path); code != c.want || away != nil && code == 503 && !strings.Contains(text, "stopping") {
			t.Errorf("%s while %v: %d %s", c.path, c.away, code, text)
		}
	}
}

func TestCensusFollowsChangesAtMostEvery50ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := someFacts()
		c := NewCensus(f)
		watch := c.Watch(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := c.Run(ctx, func(err error) { t.Error(err) }); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		<-watch
		if f.asked != 1 || c.Count().Fleets["rooms"].Sessions != 3 {
			t.Fatalf("first count: asked %d, %+v", f.asked, c.Count())
		}
		for range 20 { // 200 ms of changes, one every 10 ms
			select {
			case f.changed <- struct{}{}:
			default:
			}
			<-time.After(10 * time.Millisecond) // of synctest's clock
			synctest.Wait()
		}
		if f.asked < 4 || f.asked > 6 {
			t.Errorf("counted %d times in 200 ms of changes", f.asked)
		}
		cancel()
		close(f.changed)
		<-done
	})
}

func TestCensusSaysWhatFailed(t *testing.T) {
	f := someFacts()
	f.fault = errors.New("away")
	if err := NewCensus(f).Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "away") {
		t.Errorf("error %v", err)
	}
}
