package memory

import (
	"context"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// TestAttach: what the provider says comes second to what the server says of itself.
func TestAttach(t *testing.T) {
	ctx, now := context.Background(), time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	m := New(now)
	if _, err := m.AddServer(ctx, model.Server{ID: "plaza-a", Fleet: "plaza", State: model.ServerStarting}); err != nil {
		t.Fatal(err)
	}
	attach := func(ref, url string) model.Server {
		t.Helper()
		if err := m.Attach(ctx, "plaza-a", ref, []model.Endpoint{{Name: "game", URL: url}}); err != nil {
			t.Fatal(err)
		}
		s, err := m.GetServer(ctx, "plaza-a")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := attach("pid 1", "tcp://127.0.0.1:7400"); s.ProviderRef != "pid 1" || s.Endpoints[0].URL != "tcp://127.0.0.1:7400" {
		t.Errorf("got %+v", s)
	}
	own := []model.Endpoint{{Name: "ws", URL: "ws://127.0.0.1:7401/room"}}
	if _, err := m.Greet(ctx, registry.Hello{Server: "plaza-a", Stream: 1, Endpoints: own, Now: now}); err != nil {
		t.Fatal(err)
	}
	if s := attach("pid 2", "tcp://127.0.0.1:7400"); s.ProviderRef != "pid 2" || len(s.Endpoints) != 1 || s.Endpoints[0] != own[0] {
		t.Errorf("got %+v", s)
	}
}
