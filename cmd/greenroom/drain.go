package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"connectrpc.com/connect/v2"
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// drainCommand empties a server and follows it until it is gone.
type drainCommand struct {
	Server   string         `arg:"" help:"The server." predictor:"server"`
	Wait     *time.Duration `help:"How long to wait for sessions to end by themselves. Default: the fleet's." placeholder:"DURATION"`
	Deadline *time.Duration `help:"When what is left is ended. Default: the fleet's." placeholder:"DURATION"`
	Reason   string         `default:"asked for" help:"Said in the audit log and to the server."`
	NoFollow bool           `help:"Return at once instead of following the drain to its end."`
}

// Help shows an example below the flags.
func (drainCommand) Help() string {
	return "Example: greenroom drain rooms-k3v9x2ab --wait 30s --reason 'new kernel'\n\nCtrl-C stops following, not the drain; `greenroom undrain` takes it back."
}

func (cmd *drainCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	policy := &greenroomv1.DrainPolicy{}
	if cmd.Wait != nil {
		policy.Wait = durationpb.New(*cmd.Wait)
	}
	if cmd.Deadline != nil {
		policy.Deadline = durationpb.New(*cmd.Deadline)
	}
	answer, err := api.servers.DrainServer(ctx, &greenroomv1.DrainServerRequest{Name: cmd.Server, Policy: policy, Reason: cmd.Reason})
	if err != nil {
		return err
	}
	server := answer.GetServer()
	fmt.Fprintf(c.out, "draining %s: %s, %s, at latest %s\n", server.GetName(), sessions(server), players(server),
		server.GetDrain().GetDeadlineAt().AsTime().Local().Format(time.TimeOnly))
	if cmd.NoFollow {
		return nil
	}
	return followDrain(ctx, api, c, server)
}

// followDrain prints each change of the server until it is stopped.
func followDrain(ctx context.Context, api *plane, c *console, server *greenroomv1.Server) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started := time.Now()
	changes, err := api.servers.WatchServers(ctx, &greenroomv1.WatchServersRequest{Fleet: server.GetFleet()})
	if err != nil {
		return err
	}
	said := ""
	for seen := false; ; {
		change, err := changes.Receive()
		if ctx.Err() != nil {
			fmt.Fprintf(c.out, "not followed any more; the drain goes on, and greenroom undrain %s takes it back\n", server.GetName())
			return nil
		}
		if errors.Is(err, io.EOF) {
			return connect.NewError(connect.CodeUnavailable, "the control plane went away; the drain goes on when it is back")
		}
		if err != nil {
			return err
		}
		now := change.GetServer()
		switch {
		case change.GetType() == greenroomv1.ChangeType_CHANGE_TYPE_SYNCED && !seen:
			return nil // it was gone before we looked
		case now.GetName() != server.GetName():
			continue
		}
		seen = true
		gone := change.GetType() == greenroomv1.ChangeType_CHANGE_TYPE_DELETED || now.GetState() == greenroomv1.ServerState_SERVER_STATE_STOPPED
		if gone {
			fmt.Fprintf(c.out, "%s is stopped after %s\n", server.GetName(), time.Since(started).Round(time.Millisecond))
			return nil
		}
		if now.GetState() == greenroomv1.ServerState_SERVER_STATE_OPEN {
			return fmt.Errorf("%s is open again: somebody took the drain back", server.GetName())
		}
		line := fmt.Sprintf("%s: %s, %s and %s left", stateName("SERVER_STATE_", now.GetState()), now.GetDrain().GetPhase(), sessions(now), players(now))
		if line != said {
			fmt.Fprintln(c.out, line)
			said = line
		}
	}
}

func sessions(s *greenroomv1.Server) string { return model.Count(int(s.GetSessions()), "session") }

func players(s *greenroomv1.Server) string { return model.Count(int(s.GetSeatsClaimed()), "player") }

type undrainCommand struct {
	Server string `arg:"" help:"The server." predictor:"server"`
}

func (cmd *undrainCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	answer, err := api.servers.UndrainServer(ctx, &greenroomv1.UndrainServerRequest{Name: cmd.Server})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s is %s\n", cmd.Server, stateName("SERVER_STATE_", answer.GetServer().GetState()))
	return nil
}

type endCommand struct {
	Session string `arg:"" help:"The session, ROUTE/KEY."`
	Reason  string `default:"ended by an operator" help:"Said to the players and in the audit log."`
}

func (cmd *endCommand) Run(ctx context.Context, g *Globals, c *console) error {
	route, key, err := splitSession(cmd.Session)
	if err != nil {
		return err
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	if _, err := api.sessions.EndSession(ctx, &greenroomv1.EndSessionRequest{Route: route, Key: key, Reason: cmd.Reason}); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s has ended\n", cmd.Session)
	return nil
}
