package keeper

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// moveAll has workers hand over or end the sessions of an action, each on its own.
func (k *Keeper) moveAll(ctx context.Context, f *fleet, v view, a plan.Action, to *told) {
	for _, x := range a.Sessions {
		x, fleets := x, v.destinations(x.Route)
		if !f.beginMove(x.SessionRef, a.Server) {
			f.sessionResult(to, x.SessionRef, nil) // somebody does it already
			continue
		}
		worked := k.work(f.name, func() {
			var err error
			from := handover.Origin{Server: a.Server, Generation: x.Generation}
			switch {
			case a.Rejoin:
				err = k.cfg.Mover.Dismiss(ctx, x.SessionRef, from, a.Generation, joinAgain)
			case a.Verb == plan.End:
				err = k.cfg.Mover.End(ctx, x.SessionRef, from, a.Generation, a.Reason)
			default:
				err = k.cfg.Mover.Move(ctx, x.SessionRef, from, fleets)
			}
			k.endMove(f, a, x, err)
			f.sessionResult(to, x.SessionRef, err)
			f.poke()
		})
		if !worked {
			f.abandonMove(x.SessionRef)
			f.sessionResult(to, x.SessionRef, errNoWorker)
		}
	}
}

func compareRefs(a, b model.SessionRef) int {
	return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Key, b.Key))
}

func (f *fleet) beginMove(ref model.SessionRef, from model.ServerID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, moving := f.moving[ref]
	if h := f.homeless[ref]; moving || h != nil && h.running {
		return false
	}
	f.moving[ref] = from
	return true
}

func (f *fleet) abandonMove(ref model.SessionRef) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.moving, ref)
}

// endMove notes how a hand-over went. One that failed may have left the session between two servers: Replace sees to it.
func (k *Keeper) endMove(f *fleet, a plan.Action, x drain.Session, err error) {
	now := k.cfg.Now()
	if err != nil {
		k.log.Warn("session did not move", "fleet", f.name, "session", x.SessionRef.String(), "server", a.Server, "verb", a.Verb, "error", err)
	} else {
		k.log.Info("session off its server", "fleet", f.name, "session", x.SessionRef.String(), "server", a.Server, "verb", a.Verb)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.moving, x.SessionRef)
	f.lastMove[a.Server] = now
	if err == nil {
		delete(f.retries, x.SessionRef)
		return
	}
	next := f.retries[x.SessionRef].again(now)
	if errors.Is(err, registry.ErrTooLarge) {
		next.at = now.Add(LookAgain) // its players stand still for each try
	}
	f.retries[x.SessionRef] = next
	if a.Verb == plan.HandOver && f.homeless[x.SessionRef] == nil {
		f.homeless[x.SessionRef] = &homeless{from: handover.Origin{Server: a.Server, Generation: x.Generation}}
	}
}

// settle has workers bring the fleet's homeless sessions to rest, and those whose hand-over failed, in the order of
// their names.
func (k *Keeper) settle(ctx context.Context, f *fleet, v *view) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.homeless) > 0 {
		k.replace(ctx, f, *v)
	}
}

// replace is settle where somebody is homeless; f.mu is held. The workers keep v.
func (k *Keeper) replace(ctx context.Context, f *fleet, v view) {
	for _, ref := range slices.SortedFunc(maps.Keys(f.homeless), compareRefs) {
		h := f.homeless[ref]
		_, moving := f.moving[ref]
		if moving || h.running || k.cfg.Now().Before(h.retry.at) {
			continue
		}
		from, fleets := h.from, v.destinations(ref.Route)
		h.running = k.work(f.name, func() {
			err := k.cfg.Mover.Replace(ctx, ref, from, fleets)
			if errors.Is(err, registry.ErrTooLarge) {
				err = k.outgrown(ctx, f, v, ref, err)
			}
			k.settled(f, ref, from, err)
			f.poke()
		})
		if !h.running {
			return // no worker is free; the others wait too
		}
	}
}

// outgrown ends a session that lost its server and has more players than a server of any fleet it may come to can hold, since their
// templates have fewer seats by now. Who joins it waits no longer, and is told when the next one is full. While the fleet is
// upgraded an older template may serve again.
func (k *Keeper) outgrown(ctx context.Context, f *fleet, v view, ref model.SessionRef, tooLarge error) error {
	x, err := k.cfg.Registry.GetSession(ctx, ref)
	if err != nil || x.Server != "" || f.upgrading() {
		return tooLarge
	}
	var templates []model.Capacity
	for _, name := range v.destinations(ref.Route) {
		templates = append(templates, k.wished(v.fleets, name).Spec.Capacity)
	}
	if !place.Outgrown(x.SeatsReserved+x.SeatsClaimed, templates) {
		return tooLarge
	}
	k.log.Warn("session ends: no server has as many seats, and its own is gone", "session", ref.String(), "error", tooLarge)
	return k.cfg.Mover.End(ctx, ref, handover.Origin{Generation: x.Generation}, 0, tooLarge.Error())
}

func (f *fleet) upgrading() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.upgrade.Phase != ""
}

func (k *Keeper) settled(f *fleet, ref model.SessionRef, from handover.Origin, err error) {
	now := k.cfg.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.homeless[ref]
	if err == nil {
		delete(f.homeless, ref)
		if from.Server != "" {
			f.lastMove[from.Server] = now
		}
		k.log.Info("session has a place again", "fleet", f.name, "session", ref.String())
		return
	}
	h.running, h.retry = false, h.retry.again(now)
	if !errors.Is(err, context.Canceled) {
		k.log.Warn("session has no place yet", "fleet", f.name, "session", ref.String(), "tries", h.retry.tries, "error", err)
	}
}
