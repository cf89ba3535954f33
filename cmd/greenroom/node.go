package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

type nodeCommand struct {
	List    listNodes   `cmd:"" help:"List the machines that servers are on, and those that go away."`
	Drain   drainNode   `cmd:"" help:"Say that a machine goes away: its servers are drained, and none is started there."`
	Undrain undrainNode `cmd:"" help:"Say that it stays: what still drains for it serves again."`
}

type listNodes struct{ outputFlag }

func (cmd *listNodes) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	list, err := api.nodes.ListNodes(ctx, &greenroomv1.ListNodesRequest{})
	if err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no node: no server says which machine it is on"
		t.row("NODE", "FLEETS", "SERVERS", "SESSIONS", "PLAYERS", "LEAVES", "REASON")
		for _, n := range list.GetNodes() {
			t.row(n.GetName(), strings.Join(n.GetFleets(), ","), n.GetServers(), n.GetSessions(), n.GetPlayers(), leaves(n), n.GetLeave().GetReason())
		}
	})
}

// leaves says until when a node is left.
func leaves(n *greenroomv1.Node) string {
	switch {
	case n.GetLeave() == nil:
		return ""
	case n.GetLeave().GetDeadlineAt() == nil:
		return "as fleets say"
	}
	return clock(n.GetLeave().GetDeadlineAt().AsTime())
}

// clock shows when something is at latest: the time alone, with the day where it is not today.
func clock(at time.Time) string {
	at = at.Local()
	if now := time.Now(); at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		return at.Format("2006-01-02 15:04")
	}
	return at.Format(time.TimeOnly)
}

// drainNode says that a machine goes away.
type drainNode struct {
	outputFlag
	Node     string         `arg:"" help:"The machine, as greenroom node list calls it." predictor:"node"`
	Deadline *time.Duration `help:"When it goes, from now. Default: the fleets' own drain deadlines." placeholder:"DURATION"`
	Reason   string         `help:"Why: said in the audit log and of every drain." placeholder:"TEXT"`
	DryRun   bool           `help:"Only say what it would touch." xor:"follow"`
	Follow   bool           `short:"f" help:"Return only when nothing is on it any more. Ctrl-C stops following, not the drain." xor:"follow"`
}

// Help shows an example below the flags.
func (drainNode) Help() string {
	return `What is on it is moved with its players, most players first; what cannot be moved in time is told to join again some
seconds before the deadline. Draining it again changes the deadline and the reason. It stays drained, also when the control plane
starts again, until greenroom node undrain.

Example: greenroom node drain host-3 --deadline 10m --reason 'new kernel' --follow && ssh host-3 reboot`
}

func (cmd *drainNode) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Follow && cmd.Output != "table" {
		return usagef("--follow goes with -o table")
	}
	request := &greenroomv1.DrainNodeRequest{Name: cmd.Node, Reason: cmd.Reason, DryRun: cmd.DryRun}
	if cmd.Deadline != nil {
		request.Deadline = durationpb.New(*cmd.Deadline)
	}
	answer, err := api.nodes.DrainNode(ctx, request)
	if err != nil {
		return err
	}
	if cmd.Output != "table" {
		return cmd.print(c, answer, nil)
	}
	fmt.Fprintln(c.out, drainedNode(answer, cmd.DryRun))
	if !cmd.Follow {
		return nil
	}
	return followNode(ctx, api, c, cmd.Node)
}

// lookAgain is how often a machine that is followed is looked at.
const lookAgain = 500 * time.Millisecond

// followNode says what is left on a machine whenever that changes, until nothing is.
func followNode(ctx context.Context, api *plane, c *console, node string) error {
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	said := ""
	for {
		list, err := api.nodes.ListNodes(ctx, &greenroomv1.ListNodesRequest{})
		if ctx.Err() != nil {
			fmt.Fprintf(c.out, "not followed any more; the drain goes on, and greenroom node undrain %s takes it back\n", node)
			return nil
		}
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list.GetNodes(), func(n *greenroomv1.Node) bool { return n.GetName() == node && n.GetLeave() != nil })
		if i < 0 {
			return fmt.Errorf("%s stays: somebody took the notice back", node)
		}
		left := leftOn(list.GetNodes()[i])
		if left != said {
			fmt.Fprintf(c.out, "%s  %s\n", time.Now().Format(time.TimeOnly), left)
		}
		if said = left; list.GetNodes()[i].GetServers() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
}

func leftOn(n *greenroomv1.Node) string {
	if n.GetServers() == 0 {
		return fmt.Sprintf("nothing is on %s any more", n.GetName())
	}
	return on(n) + " left"
}

// on counts what is on a machine.
func on(n *greenroomv1.Node) string {
	return fmt.Sprintf("%s, %s, %s", model.Count(int(n.GetServers()), "server"), model.Count(int(n.GetSessions()), "session"), model.Count(int(n.GetPlayers()), "player"))
}

// drainedNode says what the drain of a node touches.
func drainedNode(answer *greenroomv1.DrainNodeResponse, dry bool) string {
	n := answer.GetNode()
	verb := "drains"
	if dry {
		verb = "would drain"
	}
	out := fmt.Sprintf("%s %s of %s", verb, on(n), n.GetName())
	if at := n.GetLeave().GetDeadlineAt(); at != nil {
		out += ", at latest " + clock(at.AsTime())
	} else {
		out += ", by the fleets' own deadlines"
	}
	if was := answer.GetReplaced(); was != nil {
		out += "; it was to be left " + replaced(was)
	}
	return out
}

func replaced(was *greenroomv1.NodeLeave) string {
	if was.GetDeadlineAt() == nil {
		return fmt.Sprintf("by the fleets' own deadlines (%s)", was.GetReason())
	}
	return fmt.Sprintf("at latest %s (%s)", clock(was.GetDeadlineAt().AsTime()), was.GetReason())
}

type undrainNode struct {
	outputFlag
	Node string `arg:"" help:"The machine." predictor:"node"`
}

func (cmd *undrainNode) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	answer, err := api.nodes.UndrainNode(ctx, &greenroomv1.UndrainNodeRequest{Name: cmd.Node})
	if err != nil {
		return err
	}
	if cmd.Output != "table" {
		return cmd.print(c, answer, nil)
	}
	if l := answer.GetNode().GetLeave(); l != nil {
		fmt.Fprintf(c.out, "%s still leaves by its provider's notice: %s\n", cmd.Node, l.GetReason())
		return nil
	}
	fmt.Fprintf(c.out, "%s stays, with %s\n", cmd.Node, model.Count(int(answer.GetNode().GetServers()), "server"))
	return nil
}
