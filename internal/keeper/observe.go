package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

// observe gathers what a plan depends on. Instances are asked for before servers: one that the provider runs and the
// registry does not know then is one that was found again.
func (k *Keeper) observe(ctx context.Context, f *fleet) (view, error) {
	fleets, err := k.cfg.Store.ListFleets(ctx)
	if err != nil {
		return view{}, fmt.Errorf("look fleet %s up: %w", f.name, err)
	}
	spec := f.whole(k.listed(fleets, f.name))
	v := view{fleets: fleets, input: plan.Input{Fleet: spec, State: f.state, Sheet: &f.seen.sheet}}
	if v.input.Revisions, err = k.observeRevisions(ctx, f, spec); err != nil {
		return view{}, err
	}
	if v.instances, v.input.Leaving, err = k.observeInstances(ctx, f, spec); err != nil {
		return view{}, err
	}
	v.input.Instances = f.seen.planned(len(v.instances))
	for n := range v.instances {
		i := &v.instances[n]
		v.input.Instances[n] = plan.Instance{ID: i.ID, Running: i.Running, Stopping: i.Stopping, Exit: i.Exit, Doubt: i.Doubt, BareAt: bareAt(i)}
	}
	if v.input.Servers, err = k.observeServers(ctx, f, &v); err != nil {
		return view{}, err
	}
	k.witness(f, v.input.Servers)
	if err := k.observeRoutes(ctx, f, &v); err != nil {
		return view{}, err
	}
	v.input.Found, v.input.Frozen, v.input.FoundBy = k.foundAgain()
	v.input.Now = k.cfg.Now()
	v.input.NoNode = f.lacksNode(v.input.Leaving, v.input.Now)
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
	begun, err := k.cfg.Registry.Begun(ctx, name)
	if err != nil {
		return fmt.Errorf("count what fleet %s has seen: %w", name, err)
	}
	in.Outlook.Begun = begun
	return nil
}

// spec gives the fleet as it is wished to be.
func (k *Keeper) spec(ctx context.Context, name model.FleetName) (model.Fleet, error) {
	fleets, err := k.cfg.Store.ListFleets(ctx)
	if err != nil {
		return model.Fleet{}, fmt.Errorf("look fleet %s up: %w", name, err)
	}
	return k.wished(fleets, name), nil
}

// wished is the fleet of the store's as it is wished to be: one that is not among them is to go.
func (k *Keeper) wished(fleets []model.Fleet, name model.FleetName) model.Fleet {
	f := k.listed(fleets, name)
	f.Spec = f.Spec.WithDefaults()
	return f
}

// whole gives a fleet's spec its defaults. They are the same for as long as it was not written again.
func (f *fleet) whole(wish model.Fleet) model.Fleet {
	was := &f.wish
	if was.Generation != wish.Generation || !was.CreatedAt.Equal(wish.CreatedAt) || was.Deleted != wish.Deleted || was.Name == "" {
		*was = wish
		was.Spec = wish.Spec.WithDefaults()
	}
	wish.Spec = was.Spec
	return wish
}

// listed is the fleet as the store has it.
func (k *Keeper) listed(fleets []model.Fleet, name model.FleetName) model.Fleet {
	f := model.Fleet{Name: name, Deleted: true}
	if i := slices.IndexFunc(fleets, func(f model.Fleet) bool { return f.Name == name }); i >= 0 {
		f = fleets[i]
	}
	if k.cfg.Revisions == nil {
		f.Revision = 0
	}
	return f
}

// observeInstances gives those of a fleet, by ID, and the machines that go away. That an engine cannot be asked matters to its
// own fleets alone.
func (k *Keeper) observeInstances(ctx context.Context, f *fleet, spec model.Fleet) ([]provider.Instance, map[string]model.NodeLeave, error) {
	all, err := k.cfg.Provider.Observe(ctx)
	if partial, some := errors.AsType[*provider.PartialError](err); err != nil && (!some || partial.Fails(spec)) {
		return nil, nil, fmt.Errorf("observe the servers of fleet %s: %w", f.name, err)
	}
	leaving, err := k.notices(ctx, all)
	return f.seen.those(all, f.name), leaving, err
}

// those gives a fleet's instances by ID: where they lie, if they lie together and in order, as most engines list them. To see
// that one is where it was at the last tick costs less than to compare it with its neighbour.
func (s *sight) those(all []provider.Instance, fleet model.FleetName) []provider.Instance {
	first := 0
	for first < len(all) && all[first].Fleet != fleet {
		first++
	}
	end, inOrder, asBefore := first, true, true
	for ; end < len(all) && all[end].Fleet == fleet; end++ {
		n := end - first
		same := n < len(s.plans) && s.plans[n].ID == all[end].ID
		inOrder = inOrder && (n == 0 || same && asBefore || all[end-1].ID < all[end].ID)
		asBefore = same
	}
	out := all[first:end:end]
	for i := end; i < len(all); i++ {
		if all[i].Fleet == fleet {
			out, inOrder = append(out, all[i]), false
		}
	}
	if !inOrder {
		out = append(s.instances[:0], out...)
		slices.SortFunc(out, func(a, b provider.Instance) int { return strings.Compare(string(a.ID), string(b.ID)) })
		s.instances = out
	}
	return out
}

// observeServers lists the fleet's servers, those that it makes known again among them.
func (k *Keeper) observeServers(ctx context.Context, f *fleet, v *view) ([]model.Server, error) {
	spec, instances := v.input.Fleet, v.instances
	servers, err := k.listServers(ctx, f)
	if err != nil {
		return nil, err
	}
	unknown, bare := f.unknown(servers, instances)
	for _, i := range unknown {
		if err := k.adopt(ctx, v.of(i.Revision), *i); err != nil {
			return nil, err
		}
	}
	for _, i := range bare {
		if err := k.cfg.Registry.Attach(ctx, i.ID, attachment(v.of(i.Revision), *i)); err != nil {
			return nil, fmt.Errorf("say where server %s is: %w", i.ID, err)
		}
	}
	if len(unknown)+len(bare) > 0 {
		if servers, err = k.listServers(ctx, f); err != nil {
			return nil, err
		}
	}
	if spec.Spec.Static != nil {
		if servers, err = k.followPlaces(ctx, f, spec, servers, instances); err != nil {
			return nil, err
		}
	}
	k.greeted(servers)
	return servers, nil
}

// listServers lists the fleet's servers into its memory.
func (k *Keeper) listServers(ctx context.Context, f *fleet) ([]model.Server, error) {
	servers, err := k.cfg.Registry.AppendServers(ctx, f.seen.servers[:0], f.name)
	if err != nil {
		return nil, fmt.Errorf("list the servers of fleet %s: %w", f.name, err)
	}
	f.seen.servers = servers
	return servers, nil
}

// unknown gives the instances that run and that the registry does not know, and those of which it does not know where they
// are: their start's answer was lost, and they got ready all the same. Servers and instances come by ID.
func (f *fleet) unknown(servers []model.Server, instances []provider.Instance) (unknown, bare []*provider.Instance) {
	at := 0
	for n := range instances {
		i := &instances[n]
		for at < len(servers) && servers[at].ID != i.ID && servers[at].ID < i.ID { // to be another is seen sooner
			at++
		}
		known := at < len(servers) && servers[at].ID == i.ID
		switch {
		case !i.Running || known && servers[at].ProviderRef != "" || f.isBusy(i.ID):
		case !known:
			unknown = append(unknown, i)
		case i.Ref != "":
			bare = append(bare, i)
		}
		if known {
			at++
		}
	}
	return unknown, bare
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
		if len(sessions) == 0 { // they have gone since it was listed; it says now whether somebody waits on it, and until when
			if *s, err = k.cfg.Registry.GetServer(ctx, s.ID); err != nil {
				return fmt.Errorf("look server %s up again: %w", s.ID, err)
			}
		}
		for _, x := range sessions {
			in.Sessions[s.ID] = append(in.Sessions[s.ID], drain.Session{
				SessionRef: x.SessionRef, Generation: x.Generation, Moving: x.State == model.SessionMoving,
				Players: x.SeatsReserved + x.SeatsClaimed,
			})
		}
		mostPlayersFirst(in.Sessions[s.ID])
	}
	if err := k.observeIdle(ctx, in); err != nil {
		return err
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
	slices.SortFunc(refs, compareRefs)
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
	for id, at := range f.lastMove {
		if _, known := sort.Find(len(in.Servers), func(i int) int {
			return strings.Compare(string(id), string(in.Servers[i].ID))
		}); !known {
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
