package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// decisionsCommand prints what keepers did and why.
type decisionsCommand struct {
	outputFlag
	Fleet  string `arg:"" optional:"" help:"Only about this fleet; one that is deleted too." predictor:"fleet"`
	Since  past   `default:"24h" help:"From when on: how long ago (90m, 24h, 7d), or a date (2026-11-21T18:00)." placeholder:"TIME"`
	Limit  uint32 `default:"100" help:"At most so many, the newest."`
	Follow bool   `short:"f" help:"Go on with what is decided from now on, until Ctrl-C."`
}

// Help shows examples below the flags.
func (decisionsCommand) Help() string {
	return `Decisions are kept for 30 days, 100,000 at most. greenroom explain FLEET says what the keeper sees now.

Examples:
  greenroom decisions voice --since 1h
  greenroom decisions --follow
  greenroom decisions voice --since 7d --limit 10000 -o json`
}

// decisionPause is the time between two looks of --follow.
const decisionPause = time.Second

func (cmd *decisionsCommand) Run(ctx context.Context, g *Globals, c *console) error {
	if cmd.Follow && cmd.Output == "yaml" {
		return usagef("--follow goes with -o table or -o json")
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	request := &greenroomv1.ListDecisionsRequest{Fleet: cmd.Fleet, Since: cmd.Since.time(time.Now()), Limit: cmd.Limit}
	got, err := api.fleets.ListDecisions(ctx, request)
	if err != nil {
		return err
	}
	slices.Reverse(got.Decisions) // as they happened
	if cmd.Follow {
		return cmd.follow(ctx, api, c, request, got.GetDecisions())
	}
	return cmd.print(c, got, func(t *tablePrinter) {
		t.empty = "nothing was decided in that time"
		t.row(decisionHeader...)
		for _, d := range got.GetDecisions() {
			t.row(decisionCells(d)...)
		}
	})
}

// follow prints decisions as they are logged. One that takes long, such as a drain, is logged when it is over.
func (cmd *decisionsCommand) follow(ctx context.Context, api *plane, c *console, request *greenroomv1.ListDecisionsRequest, newest []*greenroomv1.Decision) error {
	table := &growingTable{out: c.out, held: [][]string{}}
	table.add(decisionHeader)
	request.Limit = 10_000 // of a second: all
	tick := time.NewTicker(decisionPause)
	defer tick.Stop()
	for {
		for _, d := range newest {
			request.AfterId, request.Since = max(request.GetAfterId(), d.GetId()), nil
			if cmd.Output != "json" {
				table.add(decisionCells(d))
			} else if err := printJSONLine(c.out, d); err != nil {
				return err
			}
		}
		if cmd.Output != "json" {
			table.release()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		got, err := api.fleets.ListDecisions(ctx, request)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		newest = got.GetDecisions()
		slices.Reverse(newest)
	}
}

var decisionHeader = []any{"TIME", "FLEET", "DECISION"}

func decisionCells(d *greenroomv1.Decision) []any {
	return []any{d.GetAt().AsTime().Local().Format("2006-01-02 15:04:05"), d.GetFleet(), fmt.Sprintf("%s%s", d.GetSentence(), outcome(d.GetResult()))}
}
