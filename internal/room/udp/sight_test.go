package udp_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/sdk/go/client"
)

// In a room with an area of interest, who stands in one place sees the same on a bad road as on a good one: the same
// people, in the same places, with the same things.
func TestAnAreaOfInterestOverABadRoad(t *testing.T) {
	const members, rounds = 150, 60
	h := newHouse(t, func(c *room.Config, _ *udp.Door) {
		c.Settings.Interest = model.Interest{
			Hysteresis: 1e-6, // with more, who is seen depends on when each of the two looked
			Radius:     10, Nearest: 30, FarRadius: 25, FarNearest: 60, FarEvery: 100 * time.Millisecond, Refresh: 40 * time.Millisecond,
		}
	})
	all := h.puppets(members)
	random := rand.New(rand.NewPCG(1, 2))
	walk := func(serial int) {
		for i, p := range all {
			x := (i*41+serial*(i%7)*13)%6000 - 3000 // back and forth through everybody's sight
			p.move(t, serial, wire.Position{X: int16(x), Y: int16(random.IntN(500))})
		}
	}
	walk(1)
	road := newRoad(t, h.addr, five)
	good, bad := h.enter("good", h.addr, client.Handler{}), h.enter("bad", road.addr(), client.Handler{})
	for _, r := range []*client.Room{good, bad} {
		if err := r.Move(client.Position{}); err != nil {
			t.Fatal(err)
		}
	}
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for round := range rounds {
		walk(round + 2)
		<-pace.C
	}
	eventually(t, "both see the same", func() bool {
		return len(good.Members()) > 10 && maps.Equal(good.Members(), bad.Members()) &&
			fmt.Sprint(good.Positions()) == fmt.Sprint(bad.Positions()) && fmt.Sprint(good.State()) == fmt.Sprint(bad.State())
	})
	far := 0
	for member, p := range bad.Positions() {
		if p.Far {
			far++
			if _, near := bad.Members()[member]; near {
				t.Errorf("%d is far and in sight", member)
			}
		}
	}
	if n := len(bad.Members()); n > 40 || far == 0 || bad.Occupancy() != members+2 {
		t.Errorf("%d members in sight, %d far, %d in the room", n, far, bad.Occupancy())
	}
}
