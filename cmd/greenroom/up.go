package main

import (
	"context"
	"fmt"

	"greenroom.dev/greenroom/internal/app"
)

// upCommand runs everything on this machine, for a person who looks at it.
type upCommand struct {
	controlFlags `set:"log_level=warn"`
	Demo         bool `help:"With a route, a fleet of rooms and some bots to look at."`
	Bots         int  `help:"Bots of the demo." default:"24"`
	KeepServers  bool `help:"On Ctrl-C leave the servers running; the next start finds them again."`
}

// Help says what happens at the end.
func (upCommand) Help() string {
	return "Prints where the console is and a one-time link to it. Ctrl-C stops the servers too, unless --keep-servers.\n\nExample: greenroom up --demo --log-level info"
}

func (cmd *upCommand) Run(ctx context.Context, g *Globals, c *console) error {
	config := cmd.config(g, c)
	config.Demo, config.Bots = cmd.Demo, cmd.Bots
	config.StopServers = !cmd.KeepServers
	config.Console = c.out
	collectLess()
	a, err := app.New(config)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return a.Run(ctx)
}
