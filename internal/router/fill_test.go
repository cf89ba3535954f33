package router

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Ten servers of 300 seats are filled by players who come without a key at 100 a second (a Poisson process): nobody is
// refused before the last seat is given, and at no time more than one server beyond the fewest possible is touched.
func TestPoissonArrivalsFillServerByServer(t *testing.T) {
	const servers, seats = 10, 300
	for _, perSession := range []int{300, 50, 7} {
		t.Run(fmt.Sprintf("sessions of %d", perSession), func(t *testing.T) {
			h := newHouse(t)
			now := time.Now()
			h.now = func() time.Time { return now }
			for i := range servers {
				h.openServer(model.Server{
					ID: model.ServerID(fmt.Sprintf("a-%d", i)), Fleet: "a",
					SessionCapacity: (seats + perSession - 1) / perSession, SeatsPerSession: perSession, SeatCapacity: seats,
				})
			}
			random := rand.New(rand.NewPCG(1, uint64(perSession)))
			no := time.Duration(0)
			touched := map[model.ServerID]bool{}
			join := func(i int) error {
				now = now.Add(time.Duration(random.ExpFloat64() * float64(time.Second) / 100))
				p, err := h.Join(h.ctx, Request{Route: "plaza", Players: []model.PlayerID{model.PlayerID(fmt.Sprintf("p%d", i))}, MaxWait: &no})
				if err != nil {
					return err
				}
				touched[p.Server] = true
				h.claimAll(p.Session)
				return nil
			}
			for i := range servers * seats {
				if err := join(i); err != nil {
					t.Fatalf("player %d of %d: %v", i+1, servers*seats, err)
				}
				if fewest := i/seats + 1; len(touched) > fewest+1 {
					t.Fatalf("%d players on %d servers, %d would do", i+1, len(touched), fewest)
				}
			}
			var full *FullError
			if err := join(servers * seats); !errors.As(err, &full) {
				t.Fatalf("one more than there are seats: %v", err)
			}
		})
	}
}

// claimAll has a session's server report that all its players came.
func (h *house) claimAll(ref model.SessionRef) {
	h.Helper()
	x, err := h.reg.GetSession(h.ctx, ref)
	h.ok(err)
	h.ok(h.reg.Report(h.ctx, registry.Report{
		Server: x.Server, Stream: 1, Now: h.now(),
		Sessions: []registry.SessionReport{{Session: ref, Generation: x.Generation, Capacity: x.Capacity, Claimed: x.Seats}},
	}))
}
