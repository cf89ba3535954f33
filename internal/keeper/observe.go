package keeper

import (
	"context"
	"fmt"
	"slices"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

var registryAll = registry.SessionFilter{}

// observe gathers what a plan depends on. Instances are asked for before servers: one that the provider runs and the
// registry does not know then is one that was found again.
func (k *Keeper) observe(ctx context.Context, f *fleet) (view, error) {
	spec, err := k.spec(ctx, f.name)
	if err != nil {
		return view{}, err
	}
	v := view{instances: map[model.ServerID]provider.Instance{}}
	v.input = plan.Input{Fleet: spec, State: f.state}
	if v.input.Instances, err = k.observeInstances(ctx, f.name, v.instances); err != nil {
		return view{}, err
	}
	if v.input.Servers, err = k.observeServers(ctx, f, spec, v.instances); err != nil {
		return view{}, err
	}
	k.witness(f, v.input.Servers)
	if err := k.observeRoutes(ctx, f.name, &v); err != nil {
		return view{}, err
	}
	v.input.Found = k.foundAgain()
	v.input.Now = k.cfg.Now()
	if err := k.observeOutlook(ctx, f.name, &v.input); err != nil {
		return view{}, err
	}
	return v, k.observeSessions(ctx, f, &v.input)
}

// observeOutlook adds what is known of the fleet beside its servers.
func (k *Keeper) observeOutlook(ctx context.Context, name model.FleetName, in *plan.Input) error {
	if k.cfg.Outlook != nil {
		in.Outlook = k.cfg.Outlook(name, in.Now)
	}
	tally, err := k.cfg.Registry.Tally(ctx)
	if err != nil {
		return fmt.Errorf("count what fleet %s has seen: %w", name, err)
	}
	in.Outlook.Begun = tally.Fleets[name].SessionsBegun
	return nil
}

// spec gives the fleet as it is wished to be: one that the store does not know is to go.
func (k *Keeper) spec(ctx context.Context, name model.FleetName) (model.Fleet, error) {
	fleets, err := k.cfg.Store.ListFleets(ctx)
	if err != nil {
		return model.Fleet{}, fmt.Errorf("look fleet %s up: %w", name, err)
	}
	f := model.Fleet{Name: name, Deleted: true}
	if i := slices.IndexFunc(fleets, func(f model.Fleet) bool { return f.Name == name }); i >= 0 {
		f = fleets[i]
	}
	f.Spec = f.Spec.WithDefaults()
	return f, nil
}

func (k *Keeper) observeInstances(ctx context.Context, name model.FleetName, byID map[model.ServerID]provider.Instance) ([]plan.Instance, error) {
	all, err := k.cfg.Provider.Observe(ctx)
	if err != nil {
		return nil, fmt.Errorf("observe the servers of fleet %s: %w", name, err)
	}
	var out []plan.Instance
	for _, i := range all {
		if i.Fleet == name {
			byID[i.ID] = i
			out = append(out, plan.Instance{ID: i.ID, Running: i.Running, Stopping: i.Stopping, Exit: i.Exit})
		}
	}
	return out, nil
}

// observeServers lists the fleet's servers, those that it makes known again among them.
func (k *Keeper) observeServers(ctx context.Context, f *fleet, spec model.Fleet, instances map[model.ServerID]provider.Instance) ([]model.Server, error) {
	servers, err := k.cfg.Registry.ListServers(ctx, f.name)
	if err != nil {
		return nil, fmt.Errorf("list the servers of fleet %s: %w", f.name, err)
	}
	known := make(map[model.ServerID]bool, len(servers))
	for _, s := range servers {
		known[s.ID] = true
	}
	var unknown []model.ServerID
	for id, i := range instances {
		if i.Running && !known[id] && !f.isBusy(id) {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	for _, id := range unknown {
		if err := k.adopt(ctx, spec, instances[id]); err != nil {
			return nil, err
		}
	}
	if len(unknown) > 0 {
		if servers, err = k.cfg.Registry.ListServers(ctx, f.name); err != nil {
			return nil, fmt.Errorf("list the servers of fleet %s: %w", f.name, err)
		}
	}
	k.greeted(servers)
	k.thaw(ctx, servers)
	return servers, nil
}

// observeSessions looks at the sessions that have to move, and at what is under way with them.
func (k *Keeper) observeSessions(ctx context.Context, f *fleet, in *plan.Input) error {
	in.Sessions = make(map[model.ServerID][]drain.Session)
	in.Moves = make(map[model.ServerID]plan.Moves)
	in.Busy = make(map[model.ServerID]bool)
	for i := range in.Servers {
		s := &in.Servers[i]
		if s.State != model.ServerDraining || s.Sessions == 0 {
			continue
		}
		sessions, err := k.cfg.Registry.ListSessions(ctx, registry.SessionFilter{Server: s.ID})
		if err != nil {
			return fmt.Errorf("list the sessions of server %s: %w", s.ID, err)
		}
		for _, x := range sessions {
			in.Sessions[s.ID] = append(in.Sessions[s.ID], drain.Session{
				SessionRef: x.SessionRef, Generation: x.Generation, Moving: x.State == model.SessionMoving,
			})
		}
	}
	for _, ref := range f.withoutServer() {
		x, err := k.cfg.Registry.GetSession(ctx, ref)
		if err == nil && x.Server == "" { // else it has a slot by now, which is counted there
			in.Homeless++
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.underWay(in)
	return nil
}

// withoutServer are the sessions that lost their server.
func (f *fleet) withoutServer() (refs []model.SessionRef) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ref, h := range f.homeless {
		if h.from.Server == "" {
			refs = append(refs, ref)
		}
	}
	return refs
}

// underWay adds what the fleet's workers are doing; f.mu is held.
func (f *fleet) underWay(in *plan.Input) {
	draining := make(map[model.SessionRef]bool)
	for _, sessions := range in.Sessions {
		for i := range sessions {
			x := &sessions[i]
			draining[x.SessionRef] = true
			_, moves := f.moving[x.SessionRef]
			h := f.homeless[x.SessionRef]
			x.Moving = x.Moving || moves || h != nil && h.running
			x.RetryAt = f.retries[x.SessionRef].at
		}
	}
	for ref := range f.retries {
		if !draining[ref] {
			delete(f.retries, ref)
		}
	}
	servers := make(map[model.ServerID]bool, len(in.Servers))
	for i := range in.Servers {
		servers[in.Servers[i].ID] = true
	}
	for id, at := range f.lastMove {
		if !servers[id] {
			delete(f.lastMove, id)
			continue
		}
		in.Moves[id] = plan.Moves{LastAt: at}
	}
	for _, id := range f.moving {
		m := in.Moves[id]
		m.InFlight++
		in.Moves[id] = m
	}
	for _, h := range f.homeless {
		if h.from.Server != "" {
			m := in.Moves[h.from.Server]
			m.InFlight++ // its players still wait there
			in.Moves[h.from.Server] = m
		}
	}
	for id := range f.busy {
		in.Busy[id] = true
	}
}

func (f *fleet) isBusy(id model.ServerID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.busy[id]
}
