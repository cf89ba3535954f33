package memory

import (
	"context"
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// What is asked for by name and number is found, also when another thing has taken its place among the numbers, and under a
// number that it has no more.
func TestFoundByNumberOrByName(t *testing.T) {
	ctx, now := context.Background(), time.Unix(1_800_000_000, 0)
	m := New(now)
	server := func(id model.ServerID, stream uint64) {
		if _, err := m.AddServer(ctx, model.Server{ID: id, Fleet: "f", State: model.ServerOpen, SessionCapacity: 1000, SeatsPerSession: 2}); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Greet(ctx, registry.Hello{Server: id, Stream: stream, Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	server("f-a", 1)
	server("f-b", 1+fewNumbered) // has taken the first one's place
	for _, stream := range []uint64{1, 2} {
		if s, err := m.on("f-a", stream); err != nil || s.ID != "f-a" {
			t.Errorf("f-a by stream %d: %v, %v", stream, s, err)
		}
	}
	for n := range 5 * fewNumbered {
		join := registry.Reserve{
			Route: "r", Key: model.SessionKey(fmt.Sprint("s", n)), Fleets: []model.FleetName{"f"}, Players: []model.PlayerID{"p"},
			Now: now, ExpiresAt: now.Add(time.Minute),
		}
		if _, err := m.Reserve(ctx, join); err != nil {
			t.Fatal(err)
		}
	}
	last := m.by.generation
	byNumber := 0
	for ref, x := range m.sessions {
		if last.find(uint64(x.generation)) == x {
			byNumber++
		}
		for _, gen := range []model.Generation{x.generation, x.generation - 1, x.generation + 7} {
			if got := m.find(ref, gen); got != x {
				t.Errorf("%s at %d: %v", ref, gen, got)
			}
		}
	}
	if byNumber < len(m.sessions)/2 {
		t.Errorf("%d of %d sessions are found by their numbers", byNumber, len(m.sessions))
	}
	for ref, x := range m.sessions {
		m.end(x)
		if got := m.find(ref, x.generation); got != nil || last.find(uint64(x.generation)) == x {
			t.Errorf("%s ended and is found", ref)
		}
	}
}
