package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	roomserver "greenroom.dev/greenroom/internal/room/server"
	server "greenroom.dev/greenroom/sdk/go/server"
)

// flakyRoom is a room server that drops a share of its connections, its first argument: a version not to be rolled out. The
// test's binary is it when it is called greenroom-flaky.
func flakyRoom() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serveFlaky(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveFlaky(ctx context.Context) error {
	share, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		return err
	}
	link, err := server.FromEnv()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(link.Host, strconv.Itoa(link.Ports["ws"])))
	if err != nil {
		return err
	}
	return roomserver.Run(ctx, roomserver.Config{Link: link, Listeners: map[string]net.Listener{"ws": dropping{l, share}}})
}

// dropping is a listener some of whose connections end after a moment.
type dropping struct {
	net.Listener
	share float64
}

func (d dropping) Accept() (net.Conn, error) {
	nc, err := d.Listener.Accept()
	if err == nil && rand.Float64() < d.share {
		time.AfterFunc(100*time.Millisecond+rand.N(100*time.Millisecond), func() { _ = nc.Close() })
	}
	return nc, err
}
