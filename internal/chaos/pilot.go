package chaos

import (
	"context"
	"log/slog"
	"slices"
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rollout"
	"greenroom.dev/greenroom/internal/store"
)

// rolloutEvery is how often rollouts are looked at when nothing changed.
const rolloutEvery = 500 * time.Millisecond

// pilot is the rollouts' part of a keeper's process.
type pilot struct {
	k       *warden
	cache   *store.SpecCache
	service *rollout.Service // nil until the specs were read once
	reading turn
	ticking bool
	stale   bool // the specs changed since they were last read
	// answered are the last answers to the queries of routes' rollouts; not a number: it was none.
	answered map[string]float64
}

// beginPilot starts it with nothing in its memory.
func (k *warden) beginPilot() {
	p := &pilot{k: k, answered: map[string]float64{}}
	k.pilot = p
	from := plans{specs{from: k.node, at: k.w.disk}, p}
	k.node.run("read the specs", func() {
		for p.cache == nil {
			cache, err := store.NewSpecCache(background, from)
			if err != nil {
				k.node.sleep(tellAgain)
				continue
			}
			p.cache = cache
		}
		p.service = rollout.New(rollout.Config{
			Store: from, Specs: p, Tally: facts{k.node, k.w.registry}.Tally, Open: k.w.open,
			Joins: k.w.joinLatencies, Query: p.ask,
			Drain: k.keeper.DrainFleet, Now: k.node.now, Logger: slog.New(slog.DiscardHandler),
		})
		k.w.disk.watch(k.node, p.changed)
		p.changed()
		k.node.every(rolloutEvery, p.tick)
	})
}

// changed has the specs read anew and the rollouts looked at, as store.SpecCache.Run and rollout.Service.Run do.
func (p *pilot) changed() {
	if p.stale {
		return
	}
	p.stale = true
	p.k.node.run("read the specs", func() {
		for p.stale {
			p.stale = false
			if p.Refresh(background) != nil {
				p.stale = true
				p.k.node.sleep(store.RefreshAgain)
			}
		}
		p.tick()
	})
}

// tick looks at the rollouts, one look at a time.
func (p *pilot) tick() {
	if p.ticking {
		return
	}
	p.ticking = true
	p.k.node.run("rollouts", func() {
		_ = p.service.Tick(background)
		p.ticking = false
	})
}

// Specs implements rollout.Specs.
func (p *pilot) Specs() *store.Specs { return p.cache.Specs() }

// Watch implements rollout.Specs; the world calls changed.
func (p *pilot) Watch(context.Context) <-chan struct{} { return nil }

// Refresh implements rollout.Specs. A SpecCache has one at a time wait for the store.
func (p *pilot) Refresh(ctx context.Context) error {
	p.reading.take(p.k.w)
	defer p.reading.give()
	return p.cache.Refresh(ctx)
}

// turn is a lock that the tasks of one node wait for on the virtual clock.
type turn struct {
	taken bool
	queue []*task
}

func (t *turn) take(w *World) {
	for t.taken {
		t.queue = append(t.queue, w.current)
		w.current.wait()
	}
	t.taken = true
}

func (t *turn) give() {
	t.taken = false
	if len(t.queue) > 0 {
		next := t.queue[0]
		t.queue = t.queue[1:]
		next.node.after(0, next.resume)
	}
}

// latencyBounds are those of the buckets in which joins are counted by how long they took.
var latencyBounds = []time.Duration{time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond, time.Second}

// seated counts how long a join took that was seated.
func (w *World) seated(fleet model.FleetName, took time.Duration) {
	if w.joins[fleet] == nil {
		w.joins[fleet] = make([]uint64, len(latencyBounds)+1)
	}
	i, _ := slices.BinarySearch(latencyBounds, took)
	w.joins[fleet][i]++
}

// joinLatencies are how long joins took on a fleet, as a control plane's metrics have them.
func (w *World) joinLatencies(fleet model.FleetName) decide.Latencies {
	return decide.Latencies{Bounds: latencyBounds, Counts: slices.Clone(w.joins[fleet])}
}

// open counts a fleet's open servers, as a control plane's census has them.
func (w *World) open(name model.FleetName) int {
	if now := w.loop.Done(); w.counted.Fleets == nil || w.countedAt != now { // every gate of a rollout asks
		w.counted, _ = w.registry.Count(background)
		w.countedAt = now
	}
	return w.counted.Fleets[name].Servers[model.ServerOpen]
}

// plans is the disk as rollouts reach it.
type plans struct {
	specs
	pilot *pilot
}

// GetRoute implements rollout.Store.
func (p plans) GetRoute(_ context.Context, name model.RouteName) (model.Route, error) {
	return fromDisk(p.specs, func() (model.Route, error) { return p.at.route(name), nil })
}

// GetRollout implements rollout.Store.
func (p plans) GetRollout(_ context.Context, name model.RolloutName) (model.Rollout, error) {
	return fromDisk(p.specs, func() (model.Rollout, error) {
		i := slices.IndexFunc(p.at.rollouts, func(r model.Rollout) bool { return r.Name == name })
		if i < 0 {
			return model.Rollout{}, store.ErrNotFound
		}
		return p.at.rollouts[i], nil
	})
}

// StepRollout implements rollout.Store.
func (p plans) StepRollout(
	_ context.Context, name model.RolloutName, state model.RolloutState, weights []model.FleetWeight, _ time.Time,
) (model.Rollout, model.Route, error) {
	var route model.Route
	r, err := fromDisk(p.specs, func() (r model.Rollout, err error) {
		if r, route, err = p.at.stepRollout(name, state, weights); err == nil {
			p.pilot.wentOn(&r)
		}
		return r, err
	})
	return r, route, err
}

// Audit implements rollout.Store; nobody reads it here.
func (p plans) Audit(context.Context, ...store.AuditEntry) error { return nil }
