package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/sdk/go/client"
)

// botsCommand sends simulated players to a route and reports what they saw.
type botsCommand struct {
	Route     string        `required:"" help:"The route they join by." predictor:"route"`
	Sessions  int           `default:"1" help:"Sessions they spread over."`
	Players   int           `default:"10" help:"Bots in all."`
	Hz        float64       `default:"10" help:"Moves of each bot per second."`
	For       time.Duration `default:"30s" help:"How long they move."`
	Transport string        `enum:"ws,mqtt" default:"ws" help:"How they connect: ${enum}."`
	Prefix    string        `default:"room-" help:"Their sessions' keys are this and a number."`
	Output    string        `short:"o" enum:"table,json" default:"table" help:"How to print the report: ${enum}."`
}

// Help says what the report holds and shows an example.
func (botsCommand) Help() string {
	return `Ends with exit code 1 if nobody got in, state was lost or messages were missed. Ctrl-C ends early, with the report.

Example: greenroom bots --route plaza --sessions 10 --players 200 --hz 10 --for 60s -o json`
}

func (cmd *botsCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	config := bot.Config{
		API:   client.Config{URL: api.base, Token: api.token},
		Route: cmd.Route, Sessions: cmd.Sessions, Players: cmd.Players, Hz: cmd.Hz, For: cmd.For,
		Transport: cmd.Transport, KeyPrefix: cmd.Prefix,
	}
	if c.terminal() {
		config.Progress = c.err
	}
	report, err := bot.Run(ctx, config)
	if err != nil { // the config makes no sense
		return usageError{err}
	}
	if cmd.Output == "json" {
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else if err := report.WriteTable(c.out); err != nil {
		return err
	}
	if report.Joined == 0 && ctx.Err() == nil {
		return fmt.Errorf("no player got in: %s", strings.Join(report.Problems[:min(len(report.Problems), 1)], ""))
	}
	if report.LostState > 0 || report.Gaps > 0 || report.Duplicates > 0 {
		return fmt.Errorf("the bots missed something: %d states lost, %d gaps, %d duplicates", report.LostState, report.Gaps, report.Duplicates)
	}
	return nil
}
