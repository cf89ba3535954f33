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

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// facts is what a registry counts.
type facts struct {
	count   registry.Count
	changed chan struct{}
	asked   int
	fault   error
}

func (f *facts) Count(context.Context) (registry.Count, error) {
	f.asked++
	return f.count, f.fault
}

func (f *facts) Watch(context.Context) <-chan struct{} { return f.changed }

func someFacts() *facts {
	rooms := registry.CountServer(&model.Server{State: model.ServerReady, SessionCapacity: 4})
	open := registry.CountServer(&model.Server{
		State: model.ServerOpen, SessionCapacity: 4, SeatCapacity: 28, Sessions: 4, SessionsActive: 3, SeatsReserved: 2, SeatsClaimed: 5,
	})
	rooms.Add(&open, 1)
	return &facts{
		count: registry.Count{
			Fleets: map[model.FleetName]registry.FleetCount{"rooms": rooms},
			Routes: map[model.RouteName]registry.RouteCount{"plaza": {Sessions: 2, SessionsActive: 2, Players: 7}},
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
		c := NewCensus(Sources{Registry: f})
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
		if f.asked != 1 || c.Count().Fleets["rooms"].Sessions != 4 {
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
	if err := NewCensus(Sources{Registry: f}).Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "away") {
		t.Errorf("error %v", err)
	}
}
