package registrytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// race lets many routers join, leave and expire at once. Rules I1 and I2 hold in every answer and in the end.
func race(t *testing.T, fresh func(t *testing.T, now time.Time) registry.Registry) {
	const routers, joins, keys = 16, 150, 12
	w := newWorld(t, fresh(t, start))
	for i := range 4 {
		w.open(model.ServerID(fmt.Sprintf("a-%d", i)), "a", shape{4, 8, 20})
	}
	var (
		mu    sync.Mutex
		lives = map[model.SessionRef]map[model.Generation]model.ServerID{}
		seats = map[model.SeatID]string{}
		wg    sync.WaitGroup
	)
	note := func(r registry.Reservation) {
		mu.Lock()
		defer mu.Unlock()
		life := lives[r.Session]
		if life == nil {
			life = map[model.Generation]model.ServerID{}
			lives[r.Session] = life
		}
		if at, ok := life[r.Generation]; ok && at != r.Server {
			t.Errorf("I1: %s generation %d is on %s and on %s", r.Session, r.Generation, at, r.Server)
		}
		life[r.Generation] = r.Server
		for _, s := range r.Seats {
			who := fmt.Sprintf("%s in %s", s.Player, r.Session)
			if had, ok := seats[s.ID]; ok && had != who {
				t.Errorf("I7: seat %d is of %s and of %s", s.ID, had, who)
			}
			seats[s.ID] = who
		}
	}
	for g := range routers {
		wg.Go(func() {
			for i := range joins {
				raceStep(w, g, i, keys, note)
			}
		})
	}
	wg.Wait()
	checkLimits(w)
	w.later(2 * ttl)
	w.expire()
	for _, s := range must(w.ListServers(w.ctx, "")) {
		w.equal([]int{s.Sessions, s.SeatsReserved, s.SeatsClaimed}, "[0 0 0]")
	}
}

// raceStep is one router's next act: mostly joins of few keys by few players, so that they collide.
func raceStep(w *world, g, i, keys int, note func(registry.Reservation)) {
	n := g*7919 + i*104729
	player := model.PlayerID(fmt.Sprintf("p%d", n%40))
	key := model.SessionKey(fmt.Sprintf("k%d", n%keys))
	req := registry.Reserve{
		Route: "plaza", Key: key, Fleets: []model.FleetName{"a"}, Players: []model.PlayerID{player, player + "-friend"},
		NewKey: model.SessionKey(fmt.Sprintf("new-%d-%d", g, i)), Now: w.now, ExpiresAt: w.now.Add(ttl),
	}
	var err error
	switch n % 5 {
	case 0:
		_, err = w.Leave(w.ctx, ref(key), player, w.now)
	case 1:
		req.Key = ""
		fallthrough
	default:
		var r registry.Reservation
		if r, err = w.Reserve(context.Background(), req); err == nil {
			note(r)
		}
	}
	if err != nil && !errors.Is(err, registry.ErrFull) && !errors.Is(err, registry.ErrNotFound) {
		w.Errorf("%v", err)
	}
}

// checkLimits checks rule I2, and that servers and sessions count alike.
func checkLimits(w *world) {
	w.Helper()
	counts := map[model.ServerID][3]int{}
	for _, x := range must(w.ListSessions(w.ctx, registry.SessionFilter{})) {
		full := must(w.GetSession(w.ctx, x.SessionRef))
		if len(full.Seats) > x.Capacity || len(full.Seats) != x.SeatsReserved+x.SeatsClaimed {
			w.Errorf("I2: %s has %d seats of %d, counts %d+%d", x.SessionRef, len(full.Seats), x.Capacity, x.SeatsReserved, x.SeatsClaimed)
		}
		c := counts[x.Server]
		counts[x.Server] = [3]int{c[0] + 1, c[1] + x.SeatsReserved, c[2] + x.SeatsClaimed}
	}
	for _, s := range must(w.ListServers(w.ctx, "")) {
		if s.Sessions > s.SessionCapacity || s.SeatsReserved+s.SeatsClaimed > s.SeatCapacity {
			w.Errorf("I2: %s has %d sessions of %d, %d+%d seats of %d", s.ID, s.Sessions, s.SessionCapacity, s.SeatsReserved, s.SeatsClaimed, s.SeatCapacity)
		}
		w.equal([3]int{s.Sessions, s.SeatsReserved, s.SeatsClaimed}, counts[s.ID])
	}
}
