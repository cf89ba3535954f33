package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/udp"
)

// botsRoomCommand is the room server that `bots --find-capacity` measures. Its tickets' key is known to all, so it listens
// on the loopback alone, and ends with its input.
type botsRoomCommand struct {
	Tick time.Duration `default:"50ms"`
}

// botsRoomSays is its first line: addresses by endpoint, and its metrics'.
type botsRoomSays map[string]string

// Run serves until its input or ctx ends.
func (cmd *botsRoomCommand) Run(ctx context.Context, c *console) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// Any number of players may come at once: how fast they do is not what is measured.
	settings := model.RoomSettings{Tick: cmd.Tick, MaxConnectsPerSecond: bot.MaxPlayers}
	datagrams, err := udp.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s, err := server.New(server.Config{
		Standalone: &server.Standalone{Room: settings}, Logger: slog.New(slog.DiscardHandler),
		Listeners: map[string]net.Listener{"ws": l}, PacketListeners: map[string][]*net.UDPConn{udp.Endpoint: datagrams},
	})
	if err != nil {
		return err
	}
	// Ctrl-C reaches all processes of a terminal: this one goes when the one that measures it lets go.
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	says := botsRoomSays{
		"ws": "ws://" + l.Addr().String() + "/room", "udp": "udp://" + datagrams[0].LocalAddr().String(),
		"metrics": "http://" + l.Addr().String() + "/metrics",
	}
	if err := json.NewEncoder(c.out).Encode(says); err != nil {
		return err
	}
	return s.Run(ctx)
}
