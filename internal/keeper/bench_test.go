package keeper

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// BenchmarkTick10000Servers is a whole tick, observing and planning, of a fleet of 10,000 servers with 50 sessions each
// that needs nothing.
func BenchmarkTick10000Servers(b *testing.B) {
	ctx, now := context.Background(), time.Now()
	reg, m, store := memory.New(now), newMachine(), newSpecs()
	store.apply(model.Fleet{Name: "plaza", Spec: model.FleetSpec{
		Capacity: model.Capacity{Sessions: 60, SeatsPerSession: 10}, Max: 20_000, DoubtAfter: time.Hour,
	}})
	for i := range 10_000 {
		id := model.ServerID(fmt.Sprintf("plaza-%08d", i))
		s, err := reg.AddServer(ctx, model.Server{
			ID: id, Fleet: "plaza", State: model.ServerStarting, SessionCapacity: 60, SeatsPerSession: 10, CreatedAt: now,
		})
		if err != nil {
			b.Fatal(err)
		}
		hello := registry.Hello{Server: s.ID, Stream: 1, Now: now, State: model.ServerOpen}
		for j := range 50 {
			hello.Sessions = append(hello.Sessions, registry.SessionReport{
				Session:    model.SessionRef{Route: "plaza", Key: model.SessionKey(fmt.Sprintf("room-%d-%d", i, j))},
				Generation: 1, Capacity: 10, Claimed: []model.Seat{{ID: model.SeatID(i*50 + j + 1), Player: "ann"}},
			})
		}
		if _, err := reg.Greet(ctx, hello); err != nil {
			b.Fatal(err)
		}
		m.processes[id] = &process{Instance: provider.Instance{ID: id, Fleet: "plaza", Running: true, StartedAt: now}}
	}
	k := New(Config{Store: store, Registry: reg, Provider: m, Waiting: func(model.RouteName) int { return 0 }, Now: time.Now, Holder: "bench", Logger: slog.New(slog.DiscardHandler)})
	if err := k.Tick(ctx, "plaza"); err != nil { // the first looks at every session
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := k.Tick(ctx, "plaza"); err != nil {
			b.Fatal(err)
		}
	}
	if e, _ := k.Explain("plaza"); len(e.History) > 0 {
		b.Fatalf("a fleet that needs nothing was changed:\n%s", e)
	}
}
