package keeper

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

// adopt makes a server known that the provider runs and the registry does not know: this control plane was restarted.
// It is Starting until it greets; the greeting gives it back the state it was last told.
func (k *Keeper) adopt(ctx context.Context, spec model.Fleet, i provider.Instance) error {
	now := k.cfg.Now()
	s := newServer(spec, i.ID)
	s.Found, s.Reason, s.FleetRevision = true, "found again", i.Revision
	s.CreatedAt, s.StateSince = i.StartedAt, now
	k.find(i.ID, now)
	if _, err := k.cfg.Registry.AddServer(ctx, s); err != nil {
		return fmt.Errorf("make server %s known again: %w", i.ID, err)
	}
	if err := k.cfg.Registry.Attach(ctx, i.ID, attachment(spec, i)); err != nil {
		return fmt.Errorf("make server %s known again: %w", i.ID, err)
	}
	if s.Linkless {
		if err := k.recall(ctx, i.ID, now); err != nil {
			return err
		}
	}
	k.log.Info("server found again", "fleet", spec.Name, "server", i.ID, "ref", i.Ref)
	return nil
}

// lookAround notes at the start which servers run already, so that Recovering knows of them before their fleets' first
// ticks.
func (k *Keeper) lookAround(ctx context.Context, instances []provider.Instance) error {
	k.mu.Lock()
	looked := k.looked
	k.mu.Unlock()
	if looked {
		return nil
	}
	servers, err := k.cfg.Registry.ListServers(ctx, "")
	if err != nil {
		return fmt.Errorf("list all servers: %w", err)
	}
	known := make(map[model.ServerID]bool, len(servers))
	for i := range servers {
		known[servers[i].ID] = !foundUnheard(&servers[i])
	}
	for _, i := range instances {
		if i.Running && !known[i.ID] {
			k.find(i.ID, k.cfg.Now())
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looked = true
	k.noteRecovery()
	return nil
}

// foundUnheard tells whether a server was found again, by another keeper, and has not greeted since.
func foundUnheard(s *model.Server) bool {
	return s.Found && s.State == model.ServerStarting && s.ReportedAt.IsZero()
}

func (k *Keeper) find(id model.ServerID, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.found[id]; !known {
		k.found[id] = now
	}
}

// greeted strikes servers that have reported off the list of those that were found again.
func (k *Keeper) greeted(servers []model.Server) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.found) > 0 {
		for i := range servers {
			s := &servers[i]
			_, found := k.found[s.ID]
			if !found || s.ReportedAt.IsZero() && !s.State.Terminal() {
				continue
			}
			delete(k.found, s.ID)
			if !s.Linkless && !s.State.Terminal() {
				k.frozen[s.ID] = true
			}
		}
	}
	k.noteRecovery()
}

// thaw tells a server's sessions that were frozen before a restart to go on.
func (k *Keeper) thaw(ctx context.Context, f *fleet, id model.ServerID) error {
	sessions, err := k.cfg.Registry.ListSessions(ctx, registry.SessionFilter{Server: id})
	if err != nil {
		return err
	}
	for _, x := range sessions {
		if x.State != model.SessionLive {
			continue
		}
		if err := k.cfg.Mover.Resume(ctx, x.SessionRef, handover.Origin{Server: id, Generation: x.Generation}); err != nil {
			return err
		}
	}
	k.mu.Lock()
	delete(k.frozen, id)
	k.mu.Unlock()
	f.poke() // its hand-overs waited for it
	return nil
}

func newServer(f model.Fleet, id model.ServerID) model.Server {
	c, linkless := f.Spec.Capacity, false
	if f.Spec.Static != nil {
		x, _ := f.Spec.Static.Find(f.Name, id)
		c, linkless = x.Capacity.Within(c), !x.Linked
	}
	return model.Server{
		ID: id, Fleet: f.Name, State: model.ServerStarting, Linkless: linkless, FleetRevision: f.Revision,
		SessionCapacity: c.Sessions, SeatsPerSession: c.SeatsPerSession, SeatCapacity: c.Seats,
	}
}

// endpoints are the instance's ports as addresses, for servers that do not name their own.
func endpoints(spec model.FleetSpec, i provider.Instance) (out []model.Endpoint) {
	if spec.Process == nil {
		return nil
	}
	for _, p := range spec.Process.Ports {
		number, ok := i.Ports[p.Name]
		if !ok {
			continue
		}
		scheme := "tcp"
		if p.UDP {
			scheme = "udp"
		}
		out = append(out, model.Endpoint{Name: p.Name, URL: fmt.Sprintf("%s://%s:%d", scheme, i.Host, number)})
	}
	return out
}
