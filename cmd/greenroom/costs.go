package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// costsCommand says what fleets cost.
type costsCommand struct {
	outputFlag
	spanFlags
}

// Help shows examples below the flags.
func (costsCommand) Help() string {
	return `Prices are those that a fleet's spec.price said at the time: a later price changes nothing that was. Idle is the time of
servers without a session. Currencies are never added.

Examples:
  greenroom costs --since 7d
  greenroom costs --since 2026-11-01 --until 2026-12-01 -o json`
}

func (cmd *costsCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	now := time.Now()
	request := &greenroomv1.GetCostsRequest{Since: cmd.Since.time(now), Until: cmd.Until.time(now)}
	costs, err := api.history.GetCosts(ctx, request)
	if err != nil {
		return err
	}
	return cmd.print(c, costs, func(t *tablePrinter) {
		t.empty = "no fleet had a server in that time"
		t.row("FLEET", "SERVERS", "SERVER-HOURS", "IDLE", "PLAYER-HOURS", "COST", "IDLE COST", "PER PLAYER-HOUR")
		for _, f := range costs.GetFleets() {
			t.row(costCells(f)...)
		}
		if len(costs.GetFleets()) > 0 {
			costSums(t, costs)
		}
	})
}

func costCells(f *greenroomv1.FleetCost) []any {
	idle := "-"
	if f.GetServerHours() > 0 {
		idle = fmt.Sprintf("%s (%.0f %%)", number(f.GetIdleServerHours()), 100*f.GetIdleServerHours()/f.GetServerHours())
	}
	cells := []any{f.GetFleet(), serverKind(f), number(f.GetServerHours()), idle, number(f.GetPlayerHours())}
	if f.GetCurrency() == "" {
		return append(cells, "no price", "-", "-")
	}
	perPlayer := "-"
	if f.GetPlayerHours() > 0 {
		perPlayer = money(f.GetCurrency(), f.GetCostPerPlayerHour())
	}
	return append(cells, money(f.GetCurrency(), f.GetCost()), money(f.GetCurrency(), f.GetIdleCost()), perPlayer)
}

// serverKind prints "c7g.large, arm64, spot".
func serverKind(f *greenroomv1.FleetCost) string {
	var words []string
	for _, word := range []string{f.GetInstanceType(), f.GetArchitecture()} {
		if word != "" {
			words = append(words, word)
		}
	}
	if f.GetSpot() {
		words = append(words, "spot")
	}
	return strings.Join(words, ", ")
}

// costSums prints a line for each currency, and how much of the time is known.
func costSums(t *tablePrinter, costs *greenroomv1.GetCostsResponse) {
	sums := map[string]*greenroomv1.FleetCost{}
	for _, f := range costs.GetFleets() {
		if f.GetCurrency() == "" {
			continue
		}
		s := sums[f.GetCurrency()]
		if s == nil {
			s = &greenroomv1.FleetCost{Fleet: "all in " + f.GetCurrency(), Currency: f.GetCurrency()}
			sums[f.GetCurrency()] = s
		}
		s.ServerHours += f.GetServerHours()
		s.IdleServerHours += f.GetIdleServerHours()
		s.PlayerHours += f.GetPlayerHours()
		s.Cost += f.GetCost()
		s.IdleCost += f.GetIdleCost()
		s.CostPerPlayerHour = s.GetCost() / max(s.GetPlayerHours(), 1e-12)
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		t.row(costCells(sums[currency])...)
	}
	fmt.Fprintf(t.w, "recorded: %s of the time asked for; what a stopped control plane did not see is not in it\n",
		costs.GetRecorded().AsDuration().Round(time.Second))
}
