package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/manifest"
)

// checkEvent checks an event, and rehearses it if asked to.
type checkEvent struct {
	outputFlag
	rehearsalFlags
	Name  string `arg:"" help:"Its name." predictor:"event"`
	Watch bool   `short:"w" help:"Go on until everything stands (exit code 0), or its doors open and something is missing (2)."`
}

// Help says what is looked at and shows examples.
func (checkEvent) Help() string {
	return `Compares what stands with what the event asks for by now, and looks whether the rest can be met: max_servers of the
fleets against all events at once, the machine, the time that servers take, the route's queue. A rehearsal sends simulated players
through the public API, for a share of the attendance; they leave nothing behind.

Examples:
  greenroom event check gala
  greenroom event check gala --watch
  greenroom event check gala --rehearse=0.2 -o json`
}

// watchEvery is the time between two looks of --watch.
const watchEvery = time.Second

func (cmd *checkEvent) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	look, err := cmd.settled(ctx, api, c)
	if err != nil {
		return err
	}
	if cmd.Rehearse.share > 0 {
		if look.Rehearsal, err = cmd.rehearse(ctx, api, c, look.event); err != nil {
			return err
		}
	}
	if err := cmd.show(c, look); err != nil {
		return err
	}
	switch {
	case !look.check.GetReady():
		return notReadyError(fmt.Sprintf("event %s is not ready", cmd.Name))
	case look.Rehearsal != nil && look.Rehearsal.Failed > 0:
		return notReadyError(fmt.Sprintf("event %s is not ready: %d of %d players of the rehearsal did not get in", cmd.Name, look.Rehearsal.Failed, look.Rehearsal.Players))
	}
	return nil
}

// checked is one look at an event.
type checked struct {
	event     *greenroomv1.Event
	check     *greenroomv1.CheckEventResponse
	Rehearsal *rehearsal
}

// settled looks once, or with --watch until there is nothing more to wait for. Each look that differs is shown.
func (cmd *checkEvent) settled(ctx context.Context, api *plane, c *console) (checked, error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var shown *greenroomv1.CheckEventResponse
	for {
		got, err := api.events.GetEvent(ctx, &greenroomv1.GetEventRequest{Name: cmd.Name})
		if err != nil {
			return checked{}, err
		}
		check, err := api.events.CheckEvent(ctx, &greenroomv1.CheckEventRequest{Name: cmd.Name})
		if err != nil {
			return checked{}, err
		}
		look := checked{event: got.GetEvent(), check: check}
		phase := look.event.GetStatus().GetPhase()
		if !cmd.Watch || phase >= greenroomv1.EventPhase_EVENT_PHASE_OPEN || phase == greenroomv1.EventPhase_EVENT_PHASE_PREPARED && check.GetReady() {
			return look, nil
		}
		if cmd.Output == "table" && !proto.Equal(shown, check) {
			if err := cmd.show(c, look); err != nil {
				return checked{}, err
			}
			fmt.Fprintln(c.out)
		}
		shown = check
		select {
		case <-tick.C:
		case <-ctx.Done():
			return look, nil
		}
	}
}

// show prints a look.
func (cmd *checkEvent) show(c *console, look checked) error {
	switch cmd.Output {
	case "json":
		return look.printJSON(c)
	case "yaml":
		if look.Rehearsal == nil {
			return manifest.Format(c.out, look.check)
		}
		return usagef("--rehearse goes with -o table or -o json")
	}
	e := look.event
	fmt.Fprintf(c.out, "event %s on %s, %s: doors %s, %d expected\n", e.GetName(), e.GetSpec().GetRoute(),
		stateName("EVENT_PHASE_", e.GetStatus().GetPhase()), e.GetSpec().GetDoorsAt().AsTime().Format(time.RFC3339), e.GetSpec().GetAttendance())
	w := tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0)
	for _, check := range look.check.GetChecks() {
		mark := "ok"
		if !check.GetOk() {
			mark = "NO"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", mark, check.GetName(), check.GetFleet(), check.GetSentence())
	}
	if look.Rehearsal != nil {
		look.Rehearsal.row(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if look.check.GetReady() {
		fmt.Fprintln(c.out, "ready")
	}
	return nil
}

// printJSON writes greenroom.v1.CheckEventResponse with the rehearsal beside its fields.
func (look checked) printJSON(c *console) error {
	if look.Rehearsal == nil {
		return printJSON(c.out, look.check)
	}
	type check struct {
		Name     string `json:"name"`
		Fleet    string `json:"fleet,omitempty"`
		OK       bool   `json:"ok"`
		Sentence string `json:"sentence"`
	}
	out := struct {
		Ready     bool       `json:"ready"`
		Checks    []check    `json:"checks"`
		Rehearsal *rehearsal `json:"rehearsal"`
	}{Ready: look.check.GetReady() && look.Rehearsal.Failed == 0, Rehearsal: look.Rehearsal}
	for _, one := range look.check.GetChecks() {
		out.Checks = append(out.Checks, check{one.GetName(), one.GetFleet(), one.GetOk(), one.GetSentence()})
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", text)
	return err
}

// share is --rehearse, which may stand alone.
type share struct{ share float64 }

// defaultShare is the share of the attendance that a rehearsal sends where none is said.
const defaultShare = 0.05

// IsBool lets the flag stand alone.
func (share) IsBool() bool { return true }

// Decode reads `--rehearse` or `--rehearse=0.2`.
func (s *share) Decode(ctx *kong.DecodeContext) error {
	s.share = defaultShare
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	text := fmt.Sprint(ctx.Scan.Pop().Value)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0 && f <= 1) {
		return fmt.Errorf("must be a share of the attendance above 0 and at most 1, such as 0.2, not %q", text)
	}
	s.share = f
	return nil
}
