package autoscaler

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"greenroom.dev/greenroom/gen/keda/externalscaler/externalscalerconnect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/watch"
)

// world is an Autoscaler with a census that is set by hand; the token "secret" may look.
type world struct {
	*Autoscaler
	url      string
	newest   atomic.Pointer[observe.Count]
	watchers watch.Watchers
	mu       sync.Mutex
	clock    time.Time
	revoked  bool
}

func (w *world) Count() *observe.Count                     { return w.newest.Load() }
func (w *world) Watch(ctx context.Context) <-chan struct{} { return w.watchers.Watch(ctx) }
func (w *world) knows(_ context.Context, s string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return s == "secret" && !w.revoked, nil
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// rooms is a fleet of 7 servers of which 4 are open, 1 drains and 6 are wanted: 6 of 10 seats taken, 2 of 5 sessions in use.
func rooms(planned time.Time) observe.FleetCount {
	f := observe.FleetCount{Max: 9, Planned: true, Wanted: 6, Desired: 8, PlannedAt: planned, Waiting: 3}
	f.FleetCount = registry.FleetCount{
		Sessions: 5, SessionsActive: 2, SeatsReserved: 2, SeatsClaimed: 5, SessionSlots: 16, FreeSessionSlots: 11, Seats: 10, OpenPlayers: 6,
	}
	f.Servers[model.ServerStarting], f.Servers[model.ServerReady], f.Servers[model.ServerOpen], f.Servers[model.ServerDraining] = 1, 1, 4, 1
	return f
}

func (w *world) set(change func(*observe.Count)) {
	now := w.now()
	c := &observe.Count{
		At:     now,
		Fleets: map[model.FleetName]observe.FleetCount{"rooms": rooms(now), "fresh": {}},
		Routes: map[model.RouteName]observe.RouteCount{"plaza": {RouteCount: registry.RouteCount{Sessions: 5, SessionsActive: 2, Players: 7}, Waiting: 4}},
	}
	change(c)
	w.newest.Store(c)
	w.watchers.Notify()
}

func newWorld(t testing.TB) *world {
	w := &world{clock: time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)}
	w.set(func(*observe.Count) {})
	w.Autoscaler = New(Config{Census: w, KnowsToken: w.knows, Now: w.now, Logger: slog.New(slog.DiscardHandler)})
	mux := http.NewServeMux()
	w.Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) keda() externalscalerconnect.ExternalScalerClient {
	return externalscalerconnect.NewExternalScalerClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, w.url)))
}

// call sends a request; auth "" sends no token.
func (w *world) call(t *testing.T, method, path, body string, auth func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if auth != nil {
		auth(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text))
}

func bearer(secret string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}
