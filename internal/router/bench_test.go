package router

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// A join with its ticket on the memory registry, and the player's leaving, so that the registry stays as full as it is:
// half of the session slots taken. Time goes on so that 100,000 reservations run out while a join's is good.
func BenchmarkJoin(b *testing.B) {
	const slots, size, step = 10, 20, (model.TicketTTL + ReservationGrace) / 100_000
	for _, servers := range []int{500, 20_000} {
		h := newHouse(b)
		now := time.Now()
		h.now = func() time.Time { return now }
		h.route.Fleets = []model.FleetWeight{{Fleet: "a", Weight: 700_000}, {Fleet: "b", Weight: 300_000}}
		var keys []model.SessionKey
		for i := range servers {
			fleet := model.FleetName("ab"[i%2 : i%2+1])
			h.open(model.ServerID(fmt.Sprintf("%s-%06d", fleet, i)), fleet, slots, size)
		}
		for i := range servers * slots / 2 {
			keys = append(keys, model.SessionKey(fmt.Sprintf("room-%d", i)))
			h.claimAll(h.join(keys[i], "resident").Session)
		}
		for name, key := range map[string]func(i int) model.SessionKey{
			"existing": func(i int) model.SessionKey { return keys[i%len(keys)] },
			"new":      func(i int) model.SessionKey { return model.SessionKey("fresh-" + string(keys[i%len(keys)])) },
			"keyless":  func(int) model.SessionKey { return "" },
		} {
			b.Run(fmt.Sprintf("servers=%d/%s", servers, name), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				players := []model.PlayerID{"visitor"}
				for b.Loop() {
					i++
					now = now.Add(step)
					p, err := h.Join(h.ctx, Request{Route: "plaza", Key: key(i * 7919), Players: players})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := h.Leave(h.ctx, p.Session, "visitor"); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "joins/s")
			})
		}
	}
}
