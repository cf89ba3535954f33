package keeper

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// observeRoutes finds out how many joins wait for this fleet, and where its sessions may move to: to the fleet itself,
// then to the other fleets of their route, those with the largest weight first.
func (k *Keeper) observeRoutes(ctx context.Context, name model.FleetName, v *view) error {
	routes, err := k.cfg.Store.ListRoutes(ctx)
	if err != nil {
		return fmt.Errorf("list the routes of fleet %s: %w", name, err)
	}
	v.routes = make(map[model.RouteName][]model.FleetName)
	others := make(map[model.FleetName]bool)
	for _, r := range routes {
		v.input.Waiting += scale.Share(k.cfg.Waiting(r.Name), r.Fleets, name)
		weights := slices.Clone(r.Fleets)
		slices.SortStableFunc(weights, func(a, b model.FleetWeight) int { return cmp.Compare(b.Weight, a.Weight) })
		to := []model.FleetName{name}
		for _, w := range weights {
			if w.Fleet != name && w.Weight > 0 {
				to = append(to, w.Fleet)
			}
		}
		v.routes[r.Name] = to
		if slices.ContainsFunc(r.Fleets, func(w model.FleetWeight) bool { return w.Fleet == name }) {
			for _, other := range to[1:] {
				others[other] = true
			}
		}
	}
	if !k.movesAnything(v) {
		return nil
	}
	for other := range others {
		servers, err := k.cfg.Registry.ListServers(ctx, other)
		if err != nil {
			return fmt.Errorf("list the servers of fleet %s: %w", other, err)
		}
		for i := range servers {
			if servers[i].State == model.ServerOpen && !servers[i].Linkless {
				v.input.FreeElsewhere += servers[i].FreeSlots()
			}
		}
	}
	return nil
}

// movesAnything tells whether a server of the fleet is draining, so that it matters what is free elsewhere.
func (k *Keeper) movesAnything(v *view) bool {
	return slices.ContainsFunc(v.input.Servers, func(s model.Server) bool {
		return s.State == model.ServerDraining && s.Sessions > 0
	})
}

// destinations are the fleets that a session of the route may move to.
func (v *view) destinations(route model.RouteName) []model.FleetName {
	if to := v.routes[route]; len(to) > 0 {
		return to
	}
	return []model.FleetName{v.input.Fleet.Name}
}
