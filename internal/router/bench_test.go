package router

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// A join with its ticket on the memory registry whose session slots are half taken. The players leave again, which is
// not counted, so that it stays as full. Time goes on so that 100,000 reservations run out while a join's is good. On a
// machine with other work, joins/cpu-s is what one core would do.
func BenchmarkJoin(b *testing.B) {
	const slots, size = 10, 20
	for _, world := range []struct {
		name    string
		servers int
		ways    []model.Endpoint
	}{
		{"servers=500", 500, nil},
		{"servers=500,udp", 500, []model.Endpoint{{Name: model.EndpointUDP, URL: "udp://127.0.0.1:1"}}}, // connect tokens are sealed besides
		{"servers=20000", 20_000, nil},
	} {
		servers := world.servers
		h := newHouse(b)
		h.endpoints = world.ways
		now := time.Now()
		h.now = func() time.Time { return now }
		h.route.Fleets = []model.FleetWeight{{Fleet: "a", Weight: 700_000}, {Fleet: "b", Weight: 300_000}}
		for i := range servers {
			fleet := model.FleetName("ab"[i%2 : i%2+1])
			h.open(model.ServerID(fmt.Sprintf("%s-%06d", fleet, i)), fleet, slots, size)
		}
		var there, fresh []model.SessionKey
		for i := range servers * slots / 2 {
			there = append(there, model.SessionKey(fmt.Sprintf("room-%d", i)))
			fresh = append(fresh, model.SessionKey(fmt.Sprintf("fresh-%d", i)))
			h.claimAll(h.join(there[i], "resident").Session)
		}
		for _, kind := range []struct {
			name string
			keys []model.SessionKey
		}{{"existing", there}, {"new", fresh}, {"keyless", []model.SessionKey{""}}} {
			b.Run(world.name+"/"+kind.name, func(b *testing.B) {
				benchmarkJoin(b, h, &now, kind.keys)
			})
		}
	}
}

func benchmarkJoin(b *testing.B, h *house, now *time.Time, keys []model.SessionKey) {
	const batch, step = 1000, (model.TicketTTL + ReservationGrace) / 100_000
	visitors := make([]model.PlayerID, batch)
	for i := range visitors {
		visitors[i] = model.PlayerID(fmt.Sprintf("visitor-%d", i))
	}
	var used time.Duration
	var at []Placement
	leave := func() {
		for _, p := range at {
			if _, err := h.Leave(h.ctx, p.Session, p.Tickets[0].Player); err != nil {
				b.Fatal(err)
			}
		}
		at = at[:0]
	}
	b.ReportAllocs()
	used -= cpu()
	for i := 0; b.Loop(); i++ {
		if len(at) == batch {
			b.StopTimer()
			used += cpu()
			leave()
			used -= cpu()
			b.StartTimer()
		}
		*now = now.Add(step)
		p, err := h.Join(h.ctx, Request{Route: "plaza", Key: keys[i*7919%len(keys)], Players: visitors[len(at) : len(at)+1]})
		if err != nil {
			b.Fatal(err)
		}
		at = append(at, p)
	}
	used += cpu()
	leave()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "joins/s")
	b.ReportMetric(float64(b.N)/used.Seconds(), "joins/cpu-s")
}

// cpu is the processor time this process has used, in all its threads.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A look at the queue while so many joins wait for sessions that are full, and nothing is free: what a registry that changes all
// the time has to pay every Pace.
func BenchmarkLookAtFullSessions(b *testing.B) {
	for _, waiting := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			h := newHouse(b)
			now := time.Now()
			h.now = func() time.Time { return now }
			h.open("a-1", "a", waiting, 1)
			for i := range waiting {
				key := model.SessionKey(fmt.Sprintf("room-%d", i))
				h.claimAll(h.join(key, "resident").Session)
				if _, w, err := h.Offer(h.ctx, request(key, "visitor")); err != nil || w == nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if n := h.Tick(h.ctx); n != waiting {
					b.Fatalf("%d wait", n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*waiting), "ns/join")
		})
	}
}
