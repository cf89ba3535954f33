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
	doorFlags
	HalfOpenPerAddress int `help:"Connections of one address that have not shown a ticket yet, at most. 0: 2048; -1: no bound, as behind a proxy." env:"GREENROOM_HALF_OPEN_PER_ADDRESS" placeholder:"N"`

	LogLevel logLevel `help:"debug, info, warn or error." env:"GREENROOM_LOG_LEVEL" default:"info"`
}

// doorFlags are about the doors that need something of this machine.
type doorFlags struct {
	TLSCert string `name:"tls-cert" help:"PEM file of the certificate, with its chain, for the rooms' ports wss, mqtts and webtransport. Read again when it changes." env:"GREENROOM_TLS_CERT" type:"path" placeholder:"FILE" group:"doors"`
	TLSKey  string `name:"tls-key" help:"PEM file of its key." env:"GREENROOM_TLS_KEY" type:"path" placeholder:"FILE" group:"doors"`

	WebTransport bool `name:"webtransport" help:"Let rooms listen on the port webtransport (UDP, HTTP/3), if a fleet names one. Experimental: its drafts move." env:"GREENROOM_WEBTRANSPORT" group:"doors"`
}

// Help says where its settings come from.
func (roomCommand) Help() string {
	return "Greenroom starts it and gives it what it needs in its environment: GREENROOM_SERVER, GREENROOM_LINK, GREENROOM_SERVER_TOKEN, and a port for each door, " +
		"by the names in the fleet's spec: GREENROOM_PORT_WS, _WSS, _MQTT, _MQTTS, _WEBTRANSPORT. All but ws and mqtt need a certificate; ws and wss take MQTT too, at /mqtt."
}

func (cmd *roomCommand) Run(ctx context.Context, _ *Globals, c *console) error {
	link, err := server.FromEnv()
	if err != nil {
		return usageError{err}
	}
	version, _ := app.Version()
	link.Version = version
	logger := observe.NewLogger(c.err, observe.FormatText, slog.Level(cmd.LogLevel), observe.Tags{})
	return roomserver.Run(ctx, roomserver.Config{
		Link: link, TLSCert: cmd.TLSCert, TLSKey: cmd.TLSKey, WebTransport: cmd.WebTransport, HalfOpenPerAddress: cmd.HalfOpenPerAddress, Logger: logger,
	})
}
