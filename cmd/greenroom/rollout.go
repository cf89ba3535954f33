package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// rolloutCommand is what one does with rollouts beside apply, get and delete.
type rolloutCommand struct {
	Status  rolloutStatus  `cmd:"" help:"Say how a rollout stands: its step, its gates, its way so far."`
	Pause   pauseRollout   `cmd:"" help:"Stop it where it is; its weights stay."`
	Resume  resumeRollout  `cmd:"" help:"Go on from where it is; the hold of its step begins anew."`
	Promote promoteRollout `cmd:"" help:"Go to the next step, or to a share, whatever the gates say."`
}

type rolloutStatus struct {
	outputFlag
	Watch bool   `short:"w" help:"Go on with each change until it is over, or Ctrl-C."`
	Name  string `arg:"" help:"The rollout." predictor:"rollout"`
}

// Help shows an example below the flags.
func (rolloutStatus) Help() string {
	return "Example: greenroom rollout status plaza-2 --watch"
}

func (cmd *rolloutStatus) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	got, err := api.rollouts.GetRollout(ctx, &greenroomv1.GetRolloutRequest{Name: cmd.Name})
	if err != nil {
		return err
	}
	if cmd.Output != "table" {
		if cmd.Watch {
			return usagef("--watch goes with -o table; `greenroom get rollouts -w -o json` prints each change")
		}
		return cmd.printWhole(c, got.GetRollout())
	}
	route, err := api.routes.GetRoute(ctx, &greenroomv1.GetRouteRequest{Name: got.GetRollout().GetSpec().GetRoute()})
	if err != nil && connect.CodeOf(err) != connect.CodeNotFound { // a rollout that is over outlives its route
		return err
	}
	printRollout(c.out, got.GetRollout(), route.GetRoute().GetSpec().GetFleets())
	if !cmd.Watch || !underWay(got.GetRollout()) {
		return nil
	}
	return followRollout(ctx, api, c, got.GetRollout())
}

func underWay(r *greenroomv1.Rollout) bool {
	return r.GetStatus().GetPhase() == "running" || r.GetStatus().GetPhase() == "paused"
}

// followRollout prints each new move, and each gate whose verdict is another, until the rollout is over.
func followRollout(ctx context.Context, api *plane, c *console, r *greenroomv1.Rollout) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := api.rollouts.WatchRollouts(ctx, &greenroomv1.WatchRolloutsRequest{})
	if err != nil {
		return err
	}
	verdicts := map[string]string{}
	for _, gate := range r.GetStatus().GetGates() {
		verdicts[gate.GetName()] = gate.GetVerdict()
	}
	told := len(r.GetStatus().GetMoves())
	fmt.Fprintln(c.out)
	for {
		change, err := changes.Receive()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, io.EOF):
			return connect.NewError(connect.CodeUnavailable, "the control plane went away; the rollout goes on when it is back")
		case err != nil:
			return err
		case change.GetRollout().GetName() != r.GetName():
			continue
		case change.GetType() == greenroomv1.ChangeType_CHANGE_TYPE_DELETED:
			return missingError(fmt.Sprintf("rollout %s was deleted", r.GetName()))
		}
		now := change.GetRollout()
		for _, gate := range now.GetStatus().GetGates() {
			if verdicts[gate.GetName()] != gate.GetVerdict() {
				verdicts[gate.GetName()] = gate.GetVerdict()
				fmt.Fprintf(c.out, "%s %s: %s\n", gate.GetName(), gate.GetVerdict(), gate.GetSentence())
			}
		}
		moves := now.GetStatus().GetMoves()
		for _, m := range moves[min(told, len(moves)):] {
			fmt.Fprintln(c.out, moveLine(m))
		}
		told = len(moves)
		if !underWay(now) {
			fmt.Fprintln(c.out, now.GetStatus().GetSentence())
			return nil
		}
	}
}

// printRollout says how a rollout stands, on some lines; now is where its route sends new sessions, whoever decided that.
func printRollout(w io.Writer, r *greenroomv1.Rollout, now []*greenroomv1.FleetWeight) {
	s := r.GetStatus()
	fmt.Fprintf(w, "rollout %s moves route %s from %s to %s\n", r.GetName(), r.GetSpec().GetRoute(), s.GetFrom(), r.GetSpec().GetTo())
	if sentence := s.GetSentence(); strings.HasPrefix(sentence, s.GetPhase()) {
		fmt.Fprintln(w, sentence)
	} else {
		fmt.Fprintf(w, "%s: %s\n", s.GetPhase(), sentence)
	}
	if len(s.GetGates()) > 0 {
		fmt.Fprintln(w, "\ngates")
	}
	for _, gate := range s.GetGates() {
		fmt.Fprintf(w, "  %-4s  %s: %s\n", gate.GetVerdict(), gate.GetName(), gate.GetSentence())
	}
	fmt.Fprintln(w, "\nits way")
	fmt.Fprintf(w, "  before: %s\n", weights(s.GetBefore()))
	for _, m := range s.GetMoves() {
		fmt.Fprintf(w, "  %s\n", moveLine(m))
	}
	if s.GetPhase() != "replaced" && len(now) > 0 {
		fmt.Fprintf(w, "  now:    %s\n", weights(now))
	}
}

func moveLine(m *greenroomv1.RolloutMove) string {
	by := " by " + m.GetActor()
	if m.GetWhat() == "began" { // it begins by itself when it is applied; the audit log says who did that
		by = ""
	}
	return fmt.Sprintf("%s  %s at %s%s: %s", m.GetAt().AsTime().Local().Format(time.TimeOnly), m.GetWhat(), percentOf(m.GetWeightPpm()), by, m.GetReason())
}

type pauseRollout struct {
	outputFlag
	Name   string `arg:"" help:"The rollout." predictor:"rollout"`
	Reason string `default:"asked for" help:"Said in its status and in the audit log."`
}

// Help shows an example below the flags.
func (pauseRollout) Help() string {
	return "Example: greenroom rollout pause plaza-2 --reason 'the stream begins'"
}

func (cmd *pauseRollout) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	r, err := api.rollouts.PauseRollout(ctx, &greenroomv1.PauseRolloutRequest{Name: cmd.Name, Reason: cmd.Reason})
	if err != nil {
		return err
	}
	return cmd.answer(c, r.GetRollout())
}

// answer prints what became of a rollout.
func (o outputFlag) answer(c *console, r *greenroomv1.Rollout) error {
	if o.Output != "table" {
		return o.printWhole(c, r)
	}
	fmt.Fprintf(c.out, "rollout %s: %s\n", r.GetName(), r.GetStatus().GetSentence())
	return nil
}

type resumeRollout struct {
	outputFlag
	Name string `arg:"" help:"The rollout." predictor:"rollout"`
}

// Help shows an example below the flags.
func (resumeRollout) Help() string {
	return "One that paused because somebody else changed the route goes on with the weights that are there now.\n\nExample: greenroom rollout resume plaza-2"
}

func (cmd *resumeRollout) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	r, err := api.rollouts.ResumeRollout(ctx, &greenroomv1.ResumeRolloutRequest{Name: cmd.Name})
	if err != nil {
		return err
	}
	return cmd.answer(c, r.GetRollout())
}

type promoteRollout struct {
	outputFlag
	Name string   `arg:"" help:"The rollout." predictor:"rollout"`
	To   *percent `help:"A share of what both fleets have together, such as 25%. Default: the next step's." placeholder:"SHARE"`
}

// Help shows an example below the flags.
func (promoteRollout) Help() string {
	return "After the last step the rollout is done.\n\nExample: greenroom rollout promote plaza-2 --to 25%"
}

func (cmd *promoteRollout) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	request := &greenroomv1.PromoteRolloutRequest{Name: cmd.Name}
	if cmd.To != nil {
		request.WeightPpm = cmd.To.ppm
	}
	r, err := api.rollouts.PromoteRollout(ctx, request)
	if err != nil {
		return err
	}
	return cmd.answer(c, r.GetRollout())
}

// percent is a share above 0, as a flag: "25%", "0.01%".
type percent struct{ ppm uint32 }

// UnmarshalText reads a flag's value.
func (p *percent) UnmarshalText(text []byte) error {
	var v float64
	number, ok := strings.CutSuffix(string(text), "%")
	if _, err := fmt.Sscanf(strings.TrimSpace(number)+" ", "%g ", &v); err != nil || !ok || v < 0.0001 || v > 100 {
		return fmt.Errorf("%q is no share: write 0.0001%% to 100%%", text)
	}
	p.ppm = uint32(v*1e4 + 0.5)
	return nil
}

// rollbackCommand gives a route its weights back.
type rollbackCommand struct {
	outputFlag
	Route  string `arg:"" help:"The route." predictor:"route"`
	Drain  bool   `xor:"sessions" help:"Hand over the sessions of the fleet that is rolled back. Default: as the rollout says."`
	Stay   bool   `xor:"sessions" help:"Let them stay until they end. Default: as the rollout says."`
	Reason string `default:"asked for" help:"Said in its status and in the audit log."`
}

// Help shows an example below the flags.
func (rollbackCommand) Help() string {
	return `The route gets the weights back that it had before its last rollout began, be that one running, paused or done.
When the command ends, no router sends a new session to the fleet any more.

Example: greenroom rollback plaza --drain --reason 'players report black screens'`
}

func (cmd *rollbackCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	request := &greenroomv1.RollbackRouteRequest{Route: cmd.Route, Reason: cmd.Reason}
	switch {
	case cmd.Drain:
		request.Sessions = greenroomv1.RollbackSessions_ROLLBACK_SESSIONS_DRAIN
	case cmd.Stay:
		request.Sessions = greenroomv1.RollbackSessions_ROLLBACK_SESSIONS_STAY
	}
	r, err := api.rollouts.RollbackRoute(ctx, request)
	if err != nil {
		return err
	}
	if cmd.Output != "table" {
		return cmd.print(c, r, nil)
	}
	fmt.Fprintln(c.out, r.GetSentence())
	return nil
}
