package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// maxStale bounds the tries to change a server that others change at the same time.
const maxStale = 5

// DrainPolicy is a drain's own times; nil is the fleet's.
type DrainPolicy struct {
	Wait, Deadline *time.Duration
}

// Drain begins to drain a server, or changes the times of its drain, which count from now. It answers the server as it
// is then. registry.ErrNotFound; registry.ErrConflict once the server is empty or has ended.
func (k *Keeper) Drain(ctx context.Context, id model.ServerID, policy DrainPolicy, reason string) (model.Server, error) {
	if reason == "" {
		reason = "drained by request"
	}
	return k.change(ctx, id, func(s model.Server) (registry.StateChange, error) {
		spec, err := k.spec(ctx, s.Fleet)
		if err != nil {
			return registry.StateChange{}, err
		}
		p := spec.Spec.Drain
		if policy.Wait != nil {
			p.Wait = *policy.Wait
		}
		if policy.Deadline != nil {
			p.Deadline = *policy.Deadline
		}
		now := k.cfg.Now()
		d := plan.NewDrain(p, reason, now)
		return registry.StateChange{State: model.ServerDraining, Reason: reason, Drain: &d, Now: now}, nil
	})
}

// DrainFleet begins to drain the servers of a fleet that have sessions, by the fleet's policy, and answers them; with an error
// those that it got to.
func (k *Keeper) DrainFleet(ctx context.Context, name model.FleetName, reason string) ([]model.ServerID, error) {
	servers, err := k.cfg.Registry.ListServers(ctx, name)
	if err != nil {
		return nil, err
	}
	var drained []model.ServerID
	for i := range servers {
		s := &servers[i]
		if s.Sessions == 0 || s.State != model.ServerOpen && s.State != model.ServerCordoned {
			continue
		}
		if _, err := k.Drain(ctx, s.ID, DrainPolicy{}, reason); err != nil {
			return drained, err
		}
		drained = append(drained, s.ID)
	}
	return drained, nil
}

// Undrain takes a drain back: the server is Open again, with the sessions that are still on it. registry.ErrNotFound;
// registry.ErrConflict if it is not draining, or empty already.
func (k *Keeper) Undrain(ctx context.Context, id model.ServerID) (model.Server, error) {
	return k.change(ctx, id, func(s model.Server) (registry.StateChange, error) {
		if s.State != model.ServerDraining {
			return registry.StateChange{}, fmt.Errorf("server %s is %s, not draining: %w", id, s.State, registry.ErrConflict)
		}
		return registry.StateChange{State: model.ServerOpen, Reason: "its drain was taken back", Now: k.cfg.Now()}, nil
	})
}

// change makes a conditional change of what is known of a server, again if another change came first.
func (k *Keeper) change(ctx context.Context, id model.ServerID, to func(model.Server) (registry.StateChange, error)) (model.Server, error) {
	for try := 1; ; try++ {
		s, err := k.cfg.Registry.GetServer(ctx, id)
		if err != nil {
			return model.Server{}, err
		}
		c, err := to(s)
		if err != nil {
			return model.Server{}, err
		}
		changed, err := k.cfg.Registry.SetState(ctx, id, s.Generation, c)
		if errors.Is(err, registry.ErrStale) && try < maxStale {
			continue
		}
		return changed, err
	}
}
