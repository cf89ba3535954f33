package app

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/history"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

// openHistory builds what remembers: the recorder, the log of decisions, and what is usual at this time of the week.
func (a *App) openHistory() {
	a.history = history.New(history.Config{
		Store:   a.store,
		Count:   func() *observe.Count { return a.census.Count() },
		Counted: func(ctx context.Context) <-chan struct{} { return a.census.Watch(ctx) },
		Tally:   a.registry.Tally, Specs: a.specs.Specs,
		Known: func() bool { return !a.keeper.Recovering() },
		Now:   time.Now, Logger: a.cfg.Logger,
	})
	a.decisions = history.NewDecisions(a.store, a.cfg.Logger)
	a.weeks = history.NewWeeks(a.history)
}

// decided has a keeper's decision counted, and written into the log.
func (a *App) decided(fleet model.FleetName, d keeper.Decision) {
	a.metrics.Decided(fleet, d.Verb, len(d.Servers), d.Result == "ok")
	a.decisions.Decided(model.Decision{
		At: d.At, Fleet: fleet, Verb: string(d.Verb), Servers: d.Servers, Reason: d.Reason, Sentence: d.Sentence, Result: d.Result,
	})
}

// became has a step of a server's life counted.
func (a *App) became(from model.ServerState, s model.Server) { a.metrics.Became(from, s) }
