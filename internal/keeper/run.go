package keeper

import (
	"context"
	"errors"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

const (
	// minGap and gapShare bound how often a fleet is looked at: never twice within minGap, and so that looking takes a
	// tenth of the time at most, however many servers there are; never longer than SlowTick, or servers would seem silent.
	minGap   = 20 * time.Millisecond
	gapShare = 10
)

// Run keeps the fleets until ctx ends. It returns nil once its loops and workers are done; hand-overs that are under way
// then are called off or finished, whichever is safe, which takes some seconds at most.
func (k *Keeper) Run(ctx context.Context) error {
	loops := loops{k: k, stop: map[model.FleetName]context.CancelFunc{}}
	defer k.workers.Wait()
	defer loops.wait()
	specs, facts, instances := k.cfg.Store.Watch(ctx), k.cfg.Registry.Watch(ctx), k.cfg.Provider.Watch(ctx)
	slow := time.NewTicker(SlowTick)
	defer slow.Stop()
	follow := true
	for ctx.Err() == nil {
		if follow {
			loops.follow(ctx)
		}
		k.Poke()
		follow = true
		select {
		case <-ctx.Done():
		case <-specs:
		case <-instances:
		case <-facts:
			follow = false // the registry does not say which fleets there are
		case <-slow.C:
			k.expire(ctx)
		}
		sleep(ctx, minGap)
	}
	return nil
}

// Poke has every fleet looked at soon: something has changed that neither the store nor the registry tells of.
func (k *Keeper) Poke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.fleets {
		f.poke()
	}
}

func (k *Keeper) expire(ctx context.Context) {
	if _, err := k.cfg.Registry.Expire(ctx, k.cfg.Now()); err != nil && ctx.Err() == nil {
		k.log.Error("reservations could not be expired", "error", err)
	}
}

// loops are the fleets' loops; one goroutine owns them.
type loops struct {
	k       *Keeper
	stop    map[model.FleetName]context.CancelFunc
	running sync.WaitGroup
}

// follow starts a loop for every fleet that the store or the provider knows, and ends those of fleets that are gone.
func (l *loops) follow(ctx context.Context) {
	names, err := l.k.Names(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.k.log.Error("fleets could not be listed", "error", err)
		}
		return
	}
	for name := range names {
		if l.stop[name] != nil {
			continue
		}
		loop, stop := context.WithCancel(ctx)
		l.stop[name] = stop
		f := l.k.fleet(name)
		l.running.Go(func() { l.k.loop(loop, f) })
	}
	for name, stop := range l.stop {
		if !names[name] {
			stop()
			delete(l.stop, name)
			l.k.drop(name)
		}
	}
}

func (l *loops) wait() {
	for _, stop := range l.stop {
		stop()
	}
	l.running.Wait()
}

// Names answers the fleets to be kept: those of the store, and those of which something runs although the store does not know
// them any more. The first time it notes which servers run already, for Recovering.
func (k *Keeper) Names(ctx context.Context) (map[model.FleetName]bool, error) {
	names := make(map[model.FleetName]bool)
	fleets, err := k.cfg.Store.ListFleets(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range fleets {
		names[f.Name] = true
	}
	instances, err := k.cfg.Provider.Observe(ctx)
	var partial *provider.PartialError
	if err != nil && !errors.As(err, &partial) {
		return nil, err
	}
	for _, i := range instances {
		if i.Running {
			names[i.Fleet] = true
		}
	}
	if partial != nil {
		for name := range k.known() { // one that is gone may be one of which nothing is seen
			names[name] = true
		}
		k.log.Error("servers could not all be observed", "error", err)
		return names, nil
	}
	return names, k.lookAround(ctx, instances)
}

// known are the fleets that have a loop.
func (k *Keeper) known() map[model.FleetName]bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make(map[model.FleetName]bool, len(k.fleets))
	for name := range k.fleets {
		out[name] = true
	}
	return out
}

func (k *Keeper) drop(name model.FleetName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.fleets, name)
}

// loop ticks for a fleet whenever there may be something to do.
func (k *Keeper) loop(ctx context.Context, f *fleet) {
	for ctx.Err() == nil {
		began := time.Now()
		if err := k.Tick(ctx, f.name); err != nil && ctx.Err() == nil {
			k.log.Error("fleet could not be kept", "fleet", f.name, "error", err)
		}
		sleep(ctx, min(SlowTick, max(minGap, gapShare*time.Since(began))))
		timer := time.NewTimer(f.wait(k.cfg.Now()))
		select {
		case <-ctx.Done():
		case <-f.poked:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
