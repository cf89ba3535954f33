package autoscaler

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestNumbersAsJSON(t *testing.T) {
	w := newWorld(t)
	get := func(path string) map[string]any {
		t.Helper()
		status, text := w.call(t, http.MethodGet, path, "", bearer("secret"))
		var out map[string]any
		if err := json.Unmarshal([]byte(text), &out); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s: %v", path, status, text, err)
		}
		return out
	}
	want := map[string]any{
		"fleet": "rooms", "planned_at": "2026-03-01T20:00:00Z",
		"replicas": 7., "servers_wanted": 6., "servers_desired": 8., "servers_starting": 1., "servers_ready": 1., "servers_open": 4.,
		"servers_draining": 1., "servers_leaving": 1., "sessions": 5., "sessions_active": 2., "active_rate": 0.4,
		"session_slots": 16., "session_slots_free": 11., "players": 7., "seats": 10., "occupancy": 0.6, "joins_waiting": 3.,
	}
	if got := get("/api/scaling/fleets/rooms"); !reflect.DeepEqual(got, want) {
		t.Errorf("fleet %v", got)
	}
	want = map[string]any{"route": "plaza", "sessions": 5., "sessions_active": 2., "active_rate": 0.4, "players": 7., "joins_waiting": 4.}
	if got := get("/api/scaling/routes/plaza"); !reflect.DeepEqual(got, want) {
		t.Errorf("route %v", got)
	}
	fresh := get("/api/scaling/fleets/fresh")
	for _, name := range []string{"replicas", "servers_wanted", "servers_desired"} {
		if v, there := fresh[name]; !there || v != nil {
			t.Errorf("%s is not known and said to be %v", name, v)
		}
	}
	if fresh["players"] != 0. {
		t.Errorf("a fleet without a server: %v", fresh)
	}
}

func TestNumbersAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		path   string
		auth   func(*http.Request)
		status int
		says   string
	}{
		{"/api/scaling/fleets/rooms", nil, 401, "no API token was given"},
		{"/api/scaling/fleets/rooms", bearer("wrong"), 401, "unknown, expired or revoked"},
		{"/api/scaling/fleets/moon", bearer("wrong"), 401, "unknown, expired or revoked"},
		{"/api/scaling/fleets/moon", bearer("secret"), 404, `fleet \"moon\"`},
		{"/api/scaling/routes/moon", bearer("secret"), 404, `route \"moon\"`},
		{"/api/scaling/fleets/rooms", func(r *http.Request) { r.SetBasicAuth("agones", "secret") }, 200, "replicas"},
		{"/api/scaling/fleets/rooms", func(r *http.Request) { r.SetBasicAuth("secret", "") }, 401, "no API token"},
	} {
		status, text := w.call(t, http.MethodGet, c.path, "", c.auth)
		if status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s; want %d, %s", c.path, status, text, c.status, c.says)
		}
	}
	w.pass(2 * MaxAge)
	if status, text := w.call(t, http.MethodGet, "/api/scaling/routes/plaza", "", bearer("secret")); status != 503 || !strings.Contains(text, "last counted") {
		t.Errorf("a census that stands still: %d %s", status, text)
	}
}
