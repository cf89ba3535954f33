package app

import (
	"net/http"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rollout"
)

// openRollouts builds what moves routes from one fleet to another.
func (a *App) openRollouts() {
	a.rollouts = rollout.New(rollout.Config{
		Store: a.store, Specs: a.specs, Tally: a.registry.Tally, Joins: a.metrics.JoinLatencies,
		Open:  func(f model.FleetName) int { return a.census.Count().Fleets[f].Servers[model.ServerOpen] },
		Query: rollout.QueryPrometheus(&http.Client{}), Drain: a.keeper.DrainFleet, Now: time.Now, Logger: a.cfg.Logger,
	})
}
