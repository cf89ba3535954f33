package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/sdk/go/client"
)

// pingCommand measures how far regions are, as a player's client does.
type pingCommand struct {
	Route   string        `arg:"" optional:"" help:"Only the regions of this route." predictor:"route"`
	Probes  int           `default:"5" help:"Round trips that are timed for each echo; the shortest counts." placeholder:"N"`
	Timeout time.Duration `default:"1s" help:"How long each is waited for."`
	Output  string        `short:"o" enum:"table,json" default:"table" help:"How to print: ${enum}. JSON is what a join takes as latencies."`
}

// Help shows an example below the flags.
func (pingCommand) Help() string {
	return `Example:
  greenroom ping plaza
  greenroom join plaza --key room-7 --measure`
}

func (cmd *pingCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	measured, err := api.measure(ctx, cmd.Route, client.MeasureOptions{Probes: cmd.Probes, Timeout: cmd.Timeout})
	if err != nil {
		return err
	}
	if cmd.Output == "json" {
		return printJSON(c.out, &greenroomv1.JoinRequest{Route: cmd.Route, Latencies: latencies(client.Latencies(measured))})
	}
	slices.SortStableFunc(measured, func(a, b client.Measured) int {
		return cmp.Or(compareErrs(a.Err, b.Err), cmp.Compare(a.RTT, b.RTT))
	})
	return outputFlag{Output: "table"}.print(c, nil, func(t *tablePrinter) {
		t.empty = "no regions; a fleet's `region` says where it is"
		t.row("REGION", "ROUND TRIP", "ECHO")
		for _, m := range measured {
			if m.Err != nil {
				t.row(m.Region, "-", m.Err.Error())
				continue
			}
			t.row(m.Region, m.RTT.Round(10*time.Microsecond).String(), m.Echo)
		}
	})
}

// compareErrs puts what failed behind what did not.
func compareErrs(a, b error) int {
	switch {
	case a == nil && b != nil:
		return -1
	case a != nil && b == nil:
		return 1
	}
	return 0
}

// measure finds out how far the regions of a route are from here; "" for those of all routes.
func (p *plane) measure(ctx context.Context, route string, o client.MeasureOptions) ([]client.Measured, error) {
	return client.New(client.Config{URL: p.base, Token: p.token}).Measure(ctx, route, o)
}

// latencies are those of a join's request.
func latencies(of map[string]time.Duration) map[string]*durationpb.Duration {
	out := make(map[string]*durationpb.Duration, len(of))
	for region, far := range of {
		out[region] = durationpb.New(far)
	}
	return out
}

// checkLatencies tells what is wrong with latencies given by flags.
func checkLatencies(of map[string]time.Duration) error {
	for region, far := range of {
		if region == "" || far < 0 || far > time.Minute {
			return usagef("--latency %s=%s: give a region and a time from 0s to 1m, such as tokyo=12ms", region, far)
		}
	}
	return nil
}
