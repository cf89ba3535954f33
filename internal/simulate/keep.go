package simulate

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
)

const (
	// hurryEvery is the least time between two looks of the keeper at a fleet while joins wait.
	hurryEvery = 100 * time.Millisecond
	// expireEvery is how often reservations that nobody came for are taken back.
	expireEvery = keeper.SlowTick
	// heartbeats is how often a silent server reports within the time after which it is in doubt.
	heartbeats = 3
)

// kept is when a fleet's keeper looks.
type kept struct {
	name model.FleetName
	last time.Time // it looked
	next time.Time // it will
}

// keep has the keeper look at every fleet every tick from now on, and at once when joins wait.
func (w *World) keep() {
	for _, f := range w.order {
		w.lookAt(&kept{name: f.Name}, w.loop.Now())
	}
}

// lookAt has the keeper look at a fleet at a time, in place of a later one.
func (w *World) lookAt(k *kept, at time.Time) {
	if k.next.IsZero() {
		w.kept = append(w.kept, k)
	} else if !at.Before(k.next) {
		return
	}
	k.next = at
	w.loop.At(at, func() {
		if k.next.Equal(at) {
			w.tick(k)
		}
	})
}

func (w *World) tick(k *kept) {
	now := w.loop.Now()
	w.must("keep fleet "+string(k.name), w.keeper.Tick(w.ctx, k.name))
	k.last, k.next = now, now.Add(w.in.Tick)
	at := k.next
	w.loop.At(at, func() {
		if k.next.Equal(at) {
			w.tick(k)
		}
	})
	if len(w.waiting) > 0 {
		w.lookSoon(0)
	}
}

// hurry has the keeper look sooner while joins wait.
func (w *World) hurry() {
	if len(w.waiting) == 0 {
		return
	}
	for _, k := range w.kept {
		at := k.last.Add(hurryEvery)
		if now := w.loop.Now(); at.Before(now) {
			at = now
		}
		w.lookAt(k, at)
	}
}

// work does what the keeper leaves to workers.
func (w *World) work(_ model.FleetName, do func()) {
	w.loop.After(0, func() {
		do()
		w.hurry()
	})
}

// suffix makes up the end of a server's name.
func (w *World) suffix() string { return fmt.Sprintf("%08x", w.loop.Rand.Uint32()) }

// sessionKey makes up the key of a session that began without one.
func (w *World) sessionKey() model.SessionKey {
	w.keys++
	return (-w.keys).key()
}

// outlook is what the keeper is told beside the servers: announced events and signals.
func (w *World) outlook(fleet model.FleetName, now time.Time) scale.Outlook {
	if w.signals != nil {
		return scale.Outlook{Signals: w.signals[fleet]}
	}
	return scale.Outlook{Events: w.events.Outlook(fleet, now)}
}

// expire takes reservations back that nobody came for, again and again.
func (w *World) expire() {
	_, err := w.registry.Expire(w.ctx, w.loop.Now())
	w.must("expire", err)
	w.loop.After(expireEvery, w.expire)
}

// beat has every server report that has said nothing for a while, again and again.
func (w *World) beat() {
	every := w.order[0].Spec.DoubtAfter
	for _, f := range w.order {
		every = min(every, f.Spec.DoubtAfter)
	}
	every /= heartbeats
	for _, s := range w.machine.order {
		if s.greeted && s.instance.Running && w.loop.now-s.heard >= int64(every/2) {
			w.report(s)
		}
	}
	w.loop.After(every, w.beat)
}

// specs are the fleets and routes of a simulation, which do not change; a keeper.Fleets.
type specs struct {
	fleets []model.Fleet
	routes []model.Route
}

// ListFleets implements keeper.Fleets. The answer is shared.
func (s *specs) ListFleets(context.Context) ([]model.Fleet, error) { return s.fleets, nil }

// ListRoutes implements keeper.Fleets. The answer is shared.
func (s *specs) ListRoutes(context.Context) ([]model.Route, error) { return s.routes, nil }

// RemoveFleet implements keeper.Fleets; no fleet is ever deleted.
func (s *specs) RemoveFleet(context.Context, model.FleetName) error { return nil }

// Watch implements keeper.Fleets; nothing changes.
func (s *specs) Watch(context.Context) <-chan struct{} { return nil }
