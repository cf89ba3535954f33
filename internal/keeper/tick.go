package keeper

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

// Tick looks at a fleet once, makes a plan and carries it out. It does nothing while another keeper has the fleet. What
// takes long goes on in workers after it has returned. Errors of single actions are part of the explanation; an error
// is answered when no plan could be made.
func (k *Keeper) Tick(ctx context.Context, name model.FleetName) error {
	f := k.fleet(name)
	f.tick.Lock()
	defer f.tick.Unlock()
	err := k.keep(ctx, f)
	if err != nil {
		f.cannot(k.cfg.Now(), err)
	}
	return err
}

func (k *Keeper) keep(ctx context.Context, f *fleet) error {
	held, fence, err := k.cfg.Registry.Acquire(ctx, f.lease, k.cfg.Holder, LeaseTTL, k.cfg.Now())
	if err != nil {
		return fmt.Errorf("acquire the lease of fleet %s: %w", f.name, err)
	}
	if !held {
		f.state = plan.State{}
		f.elsewhere(k.cfg.Now())
		return nil
	}
	if now := k.cfg.Now(); fence != f.fence || now.Sub(f.lookedAt) >= LookAgain {
		if err := k.takeOver(ctx, f, fence != f.fence); err != nil {
			return err
		}
		f.fence, f.lookedAt = fence, now
	}
	v, err := k.observe(ctx, f)
	if err != nil {
		return err
	}
	p, state := plan.Make(v.input)
	f.state = state
	f.upgradeSeen(p)
	shown := f.explain(v.input.Now, p)
	for i, a := range p.Actions {
		k.act(ctx, f, v, a, shown[i])
	}
	k.settle(ctx, f, &v)
	return nil
}

// takeOver looks for sessions that nobody brings to rest: those that an earlier keeper of the fleet left between two servers,
// also by what it asked for and took effect only after this one had looked. One that was not so at the last look may be on its
// way by somebody else's hand, and is left alone unless the fleet was just taken over.
func (k *Keeper) takeOver(ctx context.Context, f *fleet, first bool) error {
	sessions, err := k.cfg.Registry.ListSessions(ctx, registry.SessionFilter{Moving: true})
	if err != nil {
		return fmt.Errorf("list the sessions of fleet %s: %w", f.name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	between := make(map[model.SessionRef]model.Generation, len(sessions))
	for _, s := range sessions {
		if _, moves := f.moving[s.SessionRef]; settledBy(&s) != f.name || moves || f.homeless[s.SessionRef] != nil {
			continue
		}
		between[s.SessionRef] = s.Generation
		if first || f.between[s.SessionRef] == s.Generation {
			f.homeless[s.SessionRef] = &homeless{}
		}
	}
	f.between = between
	return nil
}

// settledBy is the fleet whose keeper brings a session to rest that nobody moves: the one on whose server its players wait.
func settledBy(s *model.Session) model.FleetName {
	if len(s.Left) > 0 {
		return s.Left[0].Fleet
	}
	return s.Fleet
}

// wait is how long the fleet need not be looked at if nothing changes.
func (f *fleet) wait(now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	wait := SlowTick
	for _, r := range f.retries {
		wait = min(wait, r.at.Sub(now))
	}
	for _, h := range f.homeless {
		if !h.running {
			wait = min(wait, h.retry.at.Sub(now))
		}
	}
	return max(wait, minGap)
}

// view is what a tick works on.
type view struct {
	fleets    []model.Fleet // all of the store's, read once a tick; not to be changed
	input     plan.Input
	instances []provider.Instance // of the fleet, by ID
	routes    []model.Route       // of the store, which say where sessions may go; not to be changed
}
