package app

import (
	"context"
	"net/http"
	"time"

	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rollout"
)

// openRollouts builds what moves routes from one fleet to another.
func (a *App) openRollouts() {
	a.rollouts = rollout.New(rollout.Config{
		Store: a.store, Specs: a.specs, Tally: a.registry.Tally, Joins: a.metrics.JoinLatencies,
		Open:  func(f model.FleetName) int { return a.census.Count().Fleets[f].Servers[model.ServerOpen] },
		Query: rollout.QueryPrometheus(&http.Client{}), Drain: a.drainFleet, Now: time.Now, Logger: a.cfg.Logger,
	})
}

// drainFleet begins to drain the servers of a fleet that have sessions, and answers them.
func (a *App) drainFleet(ctx context.Context, fleet model.FleetName, reason string) ([]model.ServerID, error) {
	servers, err := a.registry.ListServers(ctx, fleet)
	if err != nil {
		return nil, err
	}
	var drained []model.ServerID
	for i := range servers {
		s := &servers[i]
		if s.Sessions == 0 || s.State != model.ServerOpen && s.State != model.ServerCordoned {
			continue
		}
		if _, err := a.keeper.Drain(ctx, s.ID, keeper.DrainPolicy{}, reason); err != nil {
			return drained, err
		}
		drained = append(drained, s.ID)
	}
	return drained, nil
}
