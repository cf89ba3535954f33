package main

import (
	"context"
	"log/slog"

	"greenroom.dev/greenroom/internal/app"
	"greenroom.dev/greenroom/internal/observe"
	roomserver "greenroom.dev/greenroom/internal/room/server"
	server "greenroom.dev/greenroom/sdk/go/server"
)

// roomCommand is the built-in room server; the process provider runs it.
type roomCommand struct {
	LogLevel logLevel `help:"debug, info, warn or error." env:"GREENROOM_LOG_LEVEL" default:"info"`
}

// Help says where its settings come from.
func (roomCommand) Help() string {
	return "Everything it needs is in its environment: GREENROOM_SERVER, GREENROOM_LINK, GREENROOM_SERVER_TOKEN, GREENROOM_PORT_WS, GREENROOM_PORT_MQTT."
}

func (cmd *roomCommand) Run(ctx context.Context, _ *Globals, c *console) error {
	link, err := server.FromEnv()
	if err != nil {
		return usageError{err}
	}
	version, _ := app.Version()
	link.Version = version
	logger := observe.NewLogger(c.err, observe.FormatText, slog.Level(cmd.LogLevel), observe.Tags{})
	return roomserver.Run(ctx, roomserver.Config{Link: link, Logger: logger})
}
