package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
)

// upgradeCommand is what there is to do about the replacement of a fleet's servers by those of a newer template.
type upgradeCommand struct {
	Status    upgradeStatus    `cmd:"" help:"Say how far a fleet's upgrade is; with --watch until it is done."`
	Pause     upgradePause     `cmd:"" help:"Hold it: no further server is replaced."`
	Resume    upgradeResume    `cmd:"" help:"Let it go on, also after it stopped by itself."`
	Undo      upgradeUndo      `cmd:"" help:"Make an earlier template the fleet's again."`
	Revisions upgradeRevisions `cmd:"" help:"List the templates that a fleet had."`
}

type upgradeStatus struct {
	outputFlag
	Fleet string `arg:"" help:"The fleet." predictor:"fleet"`
	Watch bool   `short:"w" help:"Go on, a line for each change, until the upgrade is done or does not go on by itself."`
}

// Help shows an example below the flags.
func (upgradeStatus) Help() string {
	return "Example: greenroom upgrade status rooms --watch\n\nWith --watch the exit code is 1 when the upgrade stopped by itself."
}

func (cmd *upgradeStatus) Run(ctx context.Context, g *Globals, c *console) error {
	if cmd.Watch && cmd.Output == "yaml" {
		return usagef("-w goes with -o table or -o json")
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	got, err := api.fleets.GetFleet(ctx, &greenroomv1.GetFleetRequest{Name: cmd.Fleet})
	if err != nil {
		return err
	}
	if cmd.Watch {
		return cmd.follow(ctx, api, c)
	}
	status := upgradeOf(got.GetFleet())
	return cmd.print(c, status, func(t *tablePrinter) {
		t.row("REVISION", "PHASE", "UPDATED", "COMING", "OLD", "DRAINING", "SESSIONS LEFT", "PLAYERS LEFT", "AGE")
		t.row(status.GetRevision(), phaseOf(status), status.GetUpdated(), status.GetComing(), status.GetOld(), status.GetDraining(),
			status.GetSessionsLeft(), status.GetPlayersLeft(), status.GetStartedAt())
		t.after = status.GetSentence()
	})
}

// upgradeOf is a fleet's upgrade; that of a fleet whose servers are all of its template says so.
func upgradeOf(f *greenroomv1.Fleet) *greenroomv1.UpgradeStatus {
	if u := f.GetStatus().GetUpgrade(); u != nil {
		return u
	}
	sentence := fmt.Sprintf("all servers are of revision %d", f.GetRevision())
	if f.GetSpec().GetUpgrade().GetPaused() {
		sentence += "; the next upgrade is paused before it begins"
	}
	return &greenroomv1.UpgradeStatus{Revision: f.GetRevision(), Sentence: sentence}
}

// changed prints what became of a fleet's upgrade: how it stands, or for people what was done.
func (o outputFlag) changed(c *console, f *greenroomv1.Fleet, done string) error {
	if o.Output != "table" {
		return o.printWhole(c, upgradeOf(f))
	}
	_, err := fmt.Fprintln(c.out, done)
	return err
}

// phaseOf is an upgrade's phase; one that is none is done.
func phaseOf(u *greenroomv1.UpgradeStatus) string {
	if u.GetPhase() == "" {
		return "done"
	}
	return u.GetPhase()
}

// follow prints the upgrade's state whenever it changes, until it does not change by itself any more.
func (cmd *upgradeStatus) follow(ctx context.Context, api *plane, c *console) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := api.fleets.WatchFleets(ctx, &greenroomv1.WatchFleetsRequest{})
	if err != nil {
		return err
	}
	said := ""
	for {
		u, err := nextUpgrade(ctx, changes, cmd.Fleet)
		if u == nil || err != nil {
			return err
		}
		line := fmt.Sprintf("%s: %s", phaseOf(u), u.GetSentence())
		if left := u.GetSessionsLeft(); left > 0 {
			line += fmt.Sprintf("; %s and %s left on older servers", model.Count(int(left), "session"), model.Count(int(u.GetPlayersLeft()), "player"))
		}
		switch {
		case line == said:
		case cmd.Output == "json":
			err = printJSONLine(c.out, u)
		default:
			_, err = fmt.Fprintf(c.out, "%s  %s\n", time.Now().Format(time.TimeOnly), line)
		}
		if said = line; err != nil {
			return err
		}
		switch phaseOf(u) {
		case "done", "paused":
			return nil
		case "stopped":
			return errors.New("the upgrade stopped by itself; `greenroom upgrade resume` tries again, `greenroom upgrade undo` goes back")
		}
	}
}

// nextUpgrade waits for the fleet's next change; nil when the caller had enough.
func nextUpgrade(ctx context.Context, changes greenroomv1connect.FleetServiceWatchFleetsClientStream, fleet string) (*greenroomv1.UpgradeStatus, error) {
	for {
		change, err := changes.Receive()
		switch {
		case ctx.Err() != nil:
			return nil, nil
		case errors.Is(err, io.EOF):
			return nil, connect.NewError(connect.CodeUnavailable, "the control plane went away; the upgrade goes on when it is back")
		case err != nil:
			return nil, err
		case change.GetFleet().GetName() != fleet:
		case change.GetType() == greenroomv1.ChangeType_CHANGE_TYPE_DELETED:
			return nil, missingError(fmt.Sprintf("fleet %s is gone", fleet))
		default:
			return upgradeOf(change.GetFleet()), nil
		}
	}
}

type upgradePause struct {
	outputFlag
	Fleet string `arg:"" help:"The fleet." predictor:"fleet"`
}

// Help shows an example below the flags.
func (upgradePause) Help() string {
	return "What drains for the upgrade is opened again, new sessions still prefer new servers.\n\nExample: greenroom upgrade pause rooms"
}

func (cmd *upgradePause) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	r, err := api.fleets.PauseUpgrade(ctx, &greenroomv1.PauseUpgradeRequest{Fleet: cmd.Fleet})
	if err != nil {
		return err
	}
	done := fmt.Sprintf("upgrade of fleet %s to revision %d is paused", cmd.Fleet, r.GetFleet().GetRevision())
	if r.GetFleet().GetStatus().GetUpgrade() == nil {
		done = fmt.Sprintf("fleet %s has no upgrade under way; the next one waits for greenroom upgrade resume %[1]s", cmd.Fleet)
	}
	return cmd.changed(c, r.GetFleet(), done)
}

type upgradeResume struct {
	outputFlag
	Fleet string `arg:"" help:"The fleet." predictor:"fleet"`
}

// Help shows an example below the flags.
func (upgradeResume) Help() string {
	return "Example: greenroom upgrade resume rooms && greenroom upgrade status rooms --watch"
}

func (cmd *upgradeResume) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	r, err := api.fleets.ResumeUpgrade(ctx, &greenroomv1.ResumeUpgradeRequest{Fleet: cmd.Fleet})
	if err != nil {
		return err
	}
	done := fmt.Sprintf("upgrade of fleet %s to revision %d goes on", cmd.Fleet, r.GetFleet().GetRevision())
	if r.GetFleet().GetStatus().GetUpgrade() == nil {
		done = fmt.Sprintf("fleet %s has no upgrade under way; the next one begins as soon as it is applied", cmd.Fleet)
	}
	return cmd.changed(c, r.GetFleet(), done)
}

type upgradeUndo struct {
	outputFlag
	Fleet string `arg:"" help:"The fleet." predictor:"fleet"`
	To    uint64 `help:"The revision to go back to. Default: the one that was used before and was ready." placeholder:"REVISION"`
}

// Help shows an example below the flags.
func (upgradeUndo) Help() string {
	return "Older servers that drain for the upgrade are opened again, and the newer ones are replaced.\n\nExample: greenroom upgrade undo rooms"
}

func (cmd *upgradeUndo) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	r, err := api.fleets.UndoUpgrade(ctx, &greenroomv1.UndoUpgradeRequest{Fleet: cmd.Fleet, Revision: cmd.To})
	if err != nil {
		return err
	}
	return cmd.changed(c, r.GetFleet(), fmt.Sprintf("fleet %s goes back to revision %d", cmd.Fleet, r.GetFleet().GetRevision()))
}

type upgradeRevisions struct {
	outputFlag
	Fleet string `arg:"" help:"The fleet." predictor:"fleet"`
}

// Help shows an example below the flags.
func (upgradeRevisions) Help() string {
	return "Example: greenroom upgrade revisions rooms"
}

func (cmd *upgradeRevisions) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	list, err := api.fleets.ListRevisions(ctx, &greenroomv1.ListRevisionsRequest{Fleet: cmd.Fleet})
	if err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.row("REVISION", "CURRENT", "SERVERS", "LAST USED", "FIRST READY", "STOPPED")
		for _, r := range list.GetRevisions() {
			current := ""
			if r.GetCurrent() {
				current = "current"
			}
			t.row(r.GetRevision(), current, r.GetServers(), r.GetUsedAt(), r.GetProvedAt(), r.GetStopped())
		}
	})
}
