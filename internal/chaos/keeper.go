package chaos

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

const (
	// tickGap is the least time between two ticks of a fleet. The real keeper's is 20 ms.
	tickGap = 200 * time.Millisecond
	// followEvery is how often a keeper asks which fleets there are.
	followEvery = 2 * time.Second
)

// warden is a node with a keeper.
type warden struct {
	w      *World
	node   *node
	number int
	keeper *keeper.Keeper
	mover  *handover.Mover
	fleets map[model.FleetName]*round
	rounds []*round // of fleets, by name
	pilot  *pilot   // nil: no route moves from fleet to fleet
}

// round is the keeper's round of one fleet.
type round struct {
	name  model.FleetName
	busy  bool // a tick is under way
	again bool // something happened meanwhile
	last  time.Time
	next  time.Time
	ticks func() // the round itself, as a task
}

// begin starts a keeper with nothing in its memory.
func (k *warden) begin() {
	k.node.born()
	w := k.w
	quiet := slog.New(slog.DiscardHandler)
	reached := facts{k.node, w.registry}
	var hands handover.Links = links{k.node, w.hub}
	k.mover = handover.New(handover.Config{Registry: reached, Links: hands, Signer: signer{w}, Now: k.node.now, Logger: quiet})
	var mover keeper.Mover = k.mover
	if w.bugs != 0 {
		mover = badMover{k.mover, w}
	}
	k.fleets, k.rounds = map[model.FleetName]*round{}, nil
	k.keeper = keeper.New(keeper.Config{
		Store: k.specs(), Revisions: k.templates(), Leaves: k.leaves(), Registry: reached, Provider: k.engine(), Mover: mover,
		Env:     func(model.ServerID) map[string]string { return nil },
		Waiting: w.waitingJoins, Now: k.node.now, Holder: fmt.Sprintf("%s/%d", k.node.name, k.node.life), Logger: quiet,
		Work:   func(name model.FleetName, do func()) { k.work(name, do) },
		Suffix: func() string { return fmt.Sprintf("%08x", w.loop.Rand.Uint32()) },
	})
	if w.changing(rollouts) {
		k.beginPilot()
	}
	k.follow()
	k.node.every(keeper.SlowTick, func() {
		k.node.run("expire", func() { _, _ = reached.Expire(background, k.node.now()) })
	})
}

func (k *warden) engine() provider.Provider {
	e := engine{k.node, k.w.machines}
	if k.w.has(ForgottenNode) {
		return badEngine{e}
	}
	if k.w.bugs != 0 {
		return badProvider{e}
	}
	return e
}

// follow begins the rounds of fleets that it does not keep yet, again and again.
func (k *warden) follow() {
	k.node.run("follow", func() {
		names, err := k.keeper.Names(background)
		if err == nil {
			for _, name := range slices.Sorted(maps.Keys(names)) {
				if k.fleets[name] == nil {
					r := &round{name: name}
					r.ticks = func() { k.round(r) }
					k.fleets[name] = r
					k.rounds = append(k.rounds, r)
					slices.SortFunc(k.rounds, func(a, b *round) int { return cmp.Compare(a.name, b.name) })
					k.tick(r)
				}
			}
		}
		k.node.after(followEvery, k.follow)
	})
}

// work does what the keeper leaves to workers, and has the fleet looked at again.
func (k *warden) work(name model.FleetName, do func()) {
	asked := k.w.current.began
	k.node.after(0, func() {
		k.node.run("work", func() {
			k.w.current.began = asked
			do()
			if r := k.fleets[name]; r != nil {
				k.look(r)
			}
		})
	})
}

// look has a fleet looked at soon.
func (k *warden) look(r *round) {
	if r.busy {
		r.again = true
		return
	}
	k.at(r, model.Later(k.w.loop.Now(), r.last.Add(tickGap)))
}

func (k *warden) at(r *round, at time.Time) {
	if !r.next.IsZero() && !at.Before(r.next) {
		return
	}
	r.next = at
	k.node.after(at.Sub(k.w.loop.Now()), func() {
		if r.next.Equal(at) {
			k.tick(r)
		}
	})
}

// tick looks at a fleet. A tick that waits for an answer holds the fleet's lock: no other begins meanwhile.
func (k *warden) tick(r *round) {
	if r.busy {
		return
	}
	r.busy, r.again, r.next = true, false, time.Time{}
	k.node.run("tick", r.ticks)
}

// round has the keeper look at a fleet now, and then again.
func (k *warden) round(r *round) {
	began := k.w.loop.Now()
	_ = k.keeper.Tick(background, r.name)
	r.busy, r.last = false, k.w.loop.Now()
	if r.last.Sub(began) > keeper.LeaseTTL {
		k.w.cover(tickOutlivedLease)
	}
	wait := keeper.SlowTick
	if r.again {
		wait = tickGap
	}
	k.at(r, r.last.Add(wait))
}

// keepersLook has all keepers look soon: a server linked, or ended.
func (w *World) keepersLook() {
	for _, k := range w.keepers {
		if !k.node.up {
			continue
		}
		for _, r := range k.rounds {
			k.look(r)
		}
	}
}

// waitingJoins counts what waits in the routers, as a keeper knows it that was told a moment ago.
func (w *World) waitingJoins(route model.RouteName) (n int) {
	for _, g := range w.routers {
		if g.node.up {
			n += g.router.Waiting(route)
		}
	}
	return n
}

// badMover is the planted bugs of hand-overs.
type badMover struct {
	keeper.Mover
	w *World
}

// Move implements keeper.Mover.
func (m badMover) Move(ctx context.Context, ref model.SessionRef, from handover.Origin, fleets []model.FleetName) error {
	if s, err := m.w.registry.GetServer(ctx, from.Server); m.w.has(EarlyEnd) || m.w.has(MergeEnds) && err == nil && merges(s) {
		return m.End(ctx, ref, from, 0, "drained")
	}
	return m.Mover.Move(ctx, ref, from, fleets)
}

// Dismiss implements keeper.Mover.
func (m badMover) Dismiss(ctx context.Context, ref model.SessionRef, from handover.Origin, gen model.Generation, reason string) error {
	if m.w.has(ToldItIsOver) {
		return m.End(ctx, ref, from, gen, reason)
	}
	return m.Mover.Dismiss(ctx, ref, from, gen, reason)
}

// Replace implements keeper.Mover.
func (m badMover) Replace(ctx context.Context, ref model.SessionRef, from handover.Origin, fleets []model.FleetName) error {
	if m.w.has(ForgottenOrphan) {
		return nil
	}
	return m.Mover.Replace(ctx, ref, from, fleets)
}

// badProvider is the planted bugs of what keepers ask of the provider.
type badProvider struct{ engine }

// Observe implements provider.Provider.
func (p badProvider) Observe(ctx context.Context) ([]provider.Instance, error) {
	all, err := p.engine.Observe(ctx)
	if err != nil {
		return nil, err
	}
	w := p.at.w
	var out []provider.Instance
	for _, i := range all {
		if s := p.at.servers[i.ID]; w.has(DeadBySilence) && s != nil && s.welcomed && (s.stream == nil || !s.stream.welcomed) {
			continue
		}
		out = append(out, i)
		if w.has(StopInUse) && i.Running && !i.Stopping && w.loop.Rand.IntN(400) == 0 {
			_ = p.Stop(ctx, i.ID)
		}
	}
	return out, nil
}

var _ registry.Registry = facts{}
