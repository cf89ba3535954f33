package main

import (
	"context"
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/app"
)

type versionCommand struct {
	Server bool `help:"Ask the control plane for its version too."`
}

func (cmd *versionCommand) Run(ctx context.Context, g *Globals, c *console) error {
	version, commit := app.Version()
	fmt.Fprintf(c.out, "greenroom %s (%s)\n", version, commit)
	if !cmd.Server {
		return nil
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	remote, err := api.system.GetVersion(ctx, &greenroomv1.GetVersionRequest{})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "control plane %s (%s), up since %s\n", remote.GetVersion(), remote.GetCommit(), remote.GetStartedAt().AsTime().Local().Format("2006-01-02 15:04:05"))
	return nil
}
