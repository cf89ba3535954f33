package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/sdk/go/client"
)

// botsCommand sends simulated players to a route and reports what they saw, plays the demand of a trace with them, or looks how many
// a room holds.
type botsCommand struct {
	Route     string                   `help:"The route they join by." predictor:"route"`
	Sessions  int                      `default:"1" help:"Sessions they spread over."`
	Players   int                      `default:"10" help:"Bots in all."`
	Hz        float64                  `help:"Moves of each bot per second. Default: 10; with --curve 0.2." placeholder:"N"`
	For       time.Duration            `default:"30s" help:"How long they move."`
	Transport string                   `enum:"ws,udp,mqtt" default:"ws" help:"How they connect: ${enum}."`
	Positions bool                     `help:"Say where they are by compact positions instead of a JSON state; over ws and udp."`
	Latency   map[string]time.Duration `help:"How far a region is from them; repeat it for others. Without it, no matter." placeholder:"REGION=DURATION"`
	Prefix    string                   `default:"room-" help:"Their sessions' keys are this and a number."`
	Payload   int                      `placeholder:"BYTES" help:"Pad each move to this many bytes. Without it, about 60."`
	Output    string                   `short:"o" enum:"table,json,yaml" default:"table" help:"How to print the report: ${enum}."`

	Curve string `help:"Play this trace file: bots come and go as it says; - is standard input. With --route, all of them join by that one." placeholder:"FILE"`
	curveFlags

	FindCapacity bool `help:"Look how many players one room holds: raise their number until an objective of --slo breaks."`
	capacityFlags
}

// Help says what the report holds and shows examples.
func (botsCommand) Help() string {
	return `Ends with exit code 1 if nobody got in, state was lost or messages were missed. Ctrl-C ends early, with the report.

--curve has bots join as a trace says (docs/TRACES.md), evenly within each step by the seed, stay as long as drawn, and leave. It
ends with the trace's last step, and with exit code 1 if a join failed, a bot was cut off or a state was lost.

--find-capacity measures one room: of --route, or, without a route, of a room server that it starts on this machine. It doubles
the players until an objective breaks twice in a row, then halves the distance. Objectives are p50, p95, p99, max (latency, as
80ms), cpu (of the room server, in percent of one core), loss (percent of updates; those merged within a tick count) and gaps
(events), each with < or <=. It ends with exit code 1 if they do not hold for even one player.

Examples:
  greenroom bots --route plaza --sessions 10 --players 200 --hz 10 --for 60s -o json
  greenroom bots --curve day.csv --speed 60x --timeline day-played.csv --plot day-played.png
  greenroom bots --find-capacity --slo 'p99<80ms,cpu<30%'
  greenroom bots --find-capacity --route plaza --wire compact --slo 'p99<=100ms,loss<1%' --max-players 500`
}

func (cmd *botsCommand) Run(ctx context.Context, g *Globals, c *console) error {
	if err := checkLatencies(cmd.Latency); err != nil {
		return err
	}
	if cmd.Curve != "" {
		if cmd.FindCapacity {
			return usagef("--curve and --find-capacity are two different runs: leave one of them out")
		}
		return cmd.playCurve(ctx, g, c)
	}
	if cmd.Hz == 0 {
		cmd.Hz = 10
	}
	if cmd.FindCapacity {
		return cmd.findCapacity(ctx, g, c)
	}
	if cmd.Route == "" {
		return usagef("--route is missing: which route do the bots join by?")
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	config := bot.Config{
		API:   client.Config{URL: api.base, Token: api.token, Latencies: cmd.Latency},
		Route: cmd.Route, Sessions: cmd.Sessions, Players: cmd.Players, Hz: cmd.Hz, For: cmd.For,
		Transport: cmd.Transport, KeyPrefix: cmd.Prefix, ValueBytes: cmd.Payload, Positions: cmd.Positions,
	}
	if c.terminal() {
		config.Progress = c.err
	}
	report, err := bot.Run(ctx, config)
	if err != nil { // the config makes no sense
		return usageError{err}
	}
	if err := printReport(c.out, cmd.Output, report); err != nil {
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

// printReport writes a report that is no message of the contract as table, JSON or YAML.
func printReport(w io.Writer, format string, report interface{ WriteTable(io.Writer) error }) error {
	if format == "table" {
		return report.WriteTable(w)
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if format == "json" {
		_, err = fmt.Fprintf(w, "%s\n", text)
		return err
	}
	var document yaml.Node // JSON is YAML; read as nodes, the fields keep their order
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	plain(&document)
	dumper, err := yaml.NewDumper(w, yaml.WithIndent(2))
	if err != nil {
		return err
	}
	return errors.Join(dumper.Dump(&document), dumper.Close())
}

// plain takes JSON's braces and quotes off a document.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		plain(child)
	}
}
