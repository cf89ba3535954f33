package memory

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// filled is a registry of open servers with sessions of so many players, each reserved.
func filled(b testing.TB, now time.Time, servers, sessions, players int) *Memory {
	ctx := context.Background()
	m := New(now)
	for i := range servers {
		id := model.ServerID(fmt.Sprintf("plaza-%08d", i))
		_, err := m.AddServer(ctx, model.Server{
			ID: id, Fleet: "plaza", State: model.ServerOpen, SessionCapacity: sessions, SeatsPerSession: players,
		})
		if err == nil {
			_, err = m.Greet(ctx, registry.Hello{Server: id, Stream: 1, Now: now, Endpoints: []model.Endpoint{
				{Name: "ws", URL: fmt.Sprintf("ws://10.0.0.1:%d/room", i)}, {Name: "mqtt", URL: fmt.Sprintf("mqtt://10.0.0.1:%d", i)},
			}})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	party := make([]model.PlayerID, players)
	for i := range servers * sessions {
		for p := range party {
			party[p] = model.PlayerID(fmt.Sprintf("player-%d-%d", i, p))
		}
		_, err := m.Reserve(ctx, registry.Reserve{
			Route: "plaza", Key: model.SessionKey(fmt.Sprintf("session-%d", i)), Fleets: []model.FleetName{"plaza"},
			Players: party, Now: now, ExpiresAt: now.Add(model.TicketTTL),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return m
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// 10,000 servers of 50 sessions of 10 players, every seat reserved within the last minute: the worst case.
func BenchmarkMemoryOfFiveMillionSeats(b *testing.B) {
	for range b.N {
		before := heap()
		m := filled(b, time.Now(), 10_000, 50, 10)
		used := heap() - before
		b.ReportMetric(float64(used)/(1<<20), "MiB")
		b.ReportMetric(float64(used)/5e6, "B/seat")
		runtime.KeepAlive(m)
	}
}

// owned is the same registry owned by a goroutine that others send to; docs/decisions/0003 compares the two.
type owned struct {
	*Memory
	calls chan *call
}

type call struct {
	req  registry.Reserve
	res  registry.Reservation
	err  error
	done chan struct{}
}

func (o *owned) run() {
	for c := range o.calls {
		c.res, c.err = o.Reserve(context.Background(), c.req)
		c.done <- struct{}{}
	}
}

func BenchmarkOwner(b *testing.B) {
	now := time.Now()
	request := func(n int) registry.Reserve {
		return registry.Reserve{
			Route: "plaza", Key: model.SessionKey(fmt.Sprintf("session-%d", n%5000)), Fleets: []model.FleetName{"plaza"},
			Players: []model.PlayerID{model.PlayerID(fmt.Sprintf("player-%d-0", n%5000))}, Now: now, ExpiresAt: now.Add(model.TicketTTL),
		}
	}
	requests := make([]registry.Reserve, 5000)
	for i := range requests {
		requests[i] = request(i * 7919)
	}
	bench := func(b *testing.B, callers int, reserve func(registry.Reserve) error) {
		b.ReportAllocs()
		b.SetParallelism(callers)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if err := reserve(requests[i%len(requests)]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("mutex/callers=%d", callers), func(b *testing.B) {
			m := filled(b, now, 100, 50, 10)
			bench(b, callers, func(r registry.Reserve) error {
				_, err := m.Reserve(context.Background(), r)
				return err
			})
		})
		b.Run(fmt.Sprintf("goroutine/callers=%d", callers), func(b *testing.B) {
			o := &owned{Memory: filled(b, now, 100, 50, 10), calls: make(chan *call, 64)}
			go o.run()
			defer close(o.calls)
			bench(b, callers, func(r registry.Reserve) error {
				c := &call{req: r, done: make(chan struct{}, 1)}
				o.calls <- c
				<-c.done
				return c.err
			})
		})
	}
}
