package keeper

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// observeRoutes finds out how many joins wait for this fleet, and where its sessions may move to: to the fleet itself,
// then to the other fleets of their route, those of its region first, and among them those with the largest weight. A fleet
// that gets none of a route's sessions any more, as after a rollback, comes last.
func (k *Keeper) observeRoutes(ctx context.Context, f *fleet, v *view) error {
	name := f.name
	routes, err := k.cfg.Store.ListRoutes(ctx)
	if err != nil {
		return fmt.Errorf("list the routes of fleet %s: %w", name, err)
	}
	v.routes = routes
	for i := range routes {
		v.input.Waiting += scale.Share(k.cfg.Waiting(routes[i].Name), routes[i].Fleets, name)
	}
	if !k.movesAnything(v) {
		return nil
	}
	others := make(map[model.FleetName]bool)
	for i := range routes {
		leave, err := k.leave(ctx, v, routes[i], name)
		if err != nil {
			return err
		}
		for _, other := range v.destinations(routes[i].Name) {
			if leave && other != name {
				others[other] = true
			}
		}
	}
	for _, other := range slices.Sorted(maps.Keys(others)) { // in an order that is always the same: simulations are by their seed
		servers, err := k.cfg.Registry.AppendServers(ctx, f.seen.others[:0], other)
		if err != nil {
			return fmt.Errorf("list the servers of fleet %s: %w", other, err)
		}
		f.seen.others = servers
		for i := range servers {
			if servers[i].State == model.ServerOpen && !servers[i].Linkless {
				v.input.FreeElsewhere += servers[i].FreeSlots()
			}
		}
	}
	return nil
}

// destinations are the fleets of a route, the best first, in the order in which name's sessions try them.
func destinations(weights []model.FleetWeight, name model.FleetName) []model.FleetName {
	to := make([]model.FleetName, 0, len(weights)+1)
	own := slices.ContainsFunc(weights, func(w model.FleetWeight) bool { return w.Fleet == name && w.Weight != 0 })
	if own {
		to = append(to, name)
	}
	for _, w := range weights {
		if w.Weight != 0 && w.Fleet != name {
			to = append(to, w.Fleet)
		}
	}
	if !own {
		to = append(to, name)
	}
	return to
}

// leave tells whether a fleet's sessions of a route may have to move: the route names it, or did when they began.
func (k *Keeper) leave(ctx context.Context, v *view, r model.Route, name model.FleetName) (bool, error) {
	if slices.ContainsFunc(r.Fleets, func(w model.FleetWeight) bool { return w.Fleet == name }) {
		return true, nil
	}
	for _, s := range v.input.Servers {
		if s.State != model.ServerDraining || s.Sessions == 0 {
			continue
		}
		some, err := k.cfg.Registry.ListSessions(ctx, registry.SessionFilter{Route: r.Name, Server: s.ID, Limit: 1})
		if err != nil {
			return false, fmt.Errorf("list the sessions of %s on %s: %w", r.Name, s.ID, err)
		}
		if len(some) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// elsewhere says 1 of the fleets that are not in a region; of none when it is nowhere in particular.
func (v *view) elsewhere(region model.RegionName) map[model.FleetName]int {
	if region == "" {
		return nil
	}
	out := make(map[model.FleetName]int)
	for i := range v.fleets {
		if v.fleets[i].Spec.Region.Name != region {
			out[v.fleets[i].Name] = 1
		}
	}
	return out
}

// movesAnything tells whether a server of the fleet is draining, so that it matters what is free elsewhere.
func (k *Keeper) movesAnything(v *view) bool {
	for i := range v.input.Servers {
		if s := &v.input.Servers[i]; s.State == model.ServerDraining && s.Sessions > 0 {
			return true
		}
	}
	return false
}

// destinations are the fleets that a session of the route may move to, the best first.
func (v *view) destinations(route model.RouteName) []model.FleetName {
	i := slices.IndexFunc(v.routes, func(r model.Route) bool { return r.Name == route })
	if i < 0 {
		return []model.FleetName{v.input.Fleet.Name}
	}
	elsewhere := v.elsewhere(v.input.Fleet.Spec.Region.Name)
	weights := slices.Clone(v.routes[i].Fleets)
	slices.SortStableFunc(weights, func(a, b model.FleetWeight) int {
		return cmp.Or(cmp.Compare(elsewhere[a.Fleet], elsewhere[b.Fleet]), cmp.Compare(b.Weight, a.Weight))
	})
	return destinations(weights, v.input.Fleet.Name)
}
