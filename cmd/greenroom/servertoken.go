package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// serverCommand is about servers that are run by hand.
type serverCommand struct {
	Token serverToken `cmd:"" help:"Print the environment to start a static fleet's server with, when it uses Greenroom's SDK."`
}

type serverToken struct {
	Server string `arg:"" help:"The fleet and the server's name in its list: FLEET/NAME." placeholder:"FLEET/NAME"`
	Output string `short:"o" enum:"env,export,json" default:"env" help:"How to print: ${enum}; env is a file for systemd or docker, export is for a shell."`
}

// Help shows an example below the flags.
func (serverToken) Help() string {
	return `The same each time: it is bound to the server's name. Keep it as a secret.

  greenroom server token arena/rack-7 > rack-7.env
  docker run --env-file rack-7.env …`
}

func (cmd *serverToken) Run(ctx context.Context, g *Globals, c *console) error {
	fleet, name, ok := strings.Cut(cmd.Server, "/")
	if !ok || fleet == "" || name == "" {
		return usagef("%q: write FLEET/NAME, such as arena/rack-7", cmd.Server)
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	answer, err := api.servers.CreateServerToken(ctx, &greenroomv1.CreateServerTokenRequest{Fleet: fleet, Name: name})
	if err != nil {
		return err
	}
	if cmd.Output == "json" {
		return printJSON(c.out, answer)
	}
	before := map[string]string{"env": "", "export": "export "}[cmd.Output]
	for _, name := range slices.Sorted(maps.Keys(answer.GetEnv())) {
		fmt.Fprintf(c.out, "%s%s=%s\n", before, name, answer.GetEnv()[name])
	}
	return nil
}
