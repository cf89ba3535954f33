package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"greenroom.dev/greenroom/internal/echo"
)

// echoCommand answers those who measure how far this machine is.
type echoCommand struct {
	ListenUDP  string `name:"listen-udp" default:":7351" help:"Address to answer datagrams at; \"\": none." placeholder:"ADDR"`
	ListenHTTP string `name:"listen-http" default:":7351" help:"Address to answer GET /echo at; \"\": none." placeholder:"ADDR"`
}

// Help shows examples below the flags.
func (echoCommand) Help() string {
	return `A control plane answers at its own port already. This is for a region that has none:

  greenroom echo --listen-udp :7351 --listen-http :7351

Name it in the fleets that are there:

  region: {name: tokyo, echo: ["udp://203.0.113.9:7351", "http://203.0.113.9:7351/echo"]}`
}

func (cmd *echoCommand) Run(ctx context.Context, c *console) error {
	if cmd.ListenUDP == "" && cmd.ListenHTTP == "" {
		return usagef("nothing to listen at: give --listen-udp or --listen-http an address")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	running := 0
	ended := make(chan error, 2)
	if cmd.ListenUDP != "" {
		conn, err := net.ListenPacket("udp", cmd.ListenUDP)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "udp://%s\n", conn.LocalAddr())
		running++
		go func() { ended <- echo.ServeUDP(ctx, conn) }()
	}
	if cmd.ListenHTTP != "" {
		l, err := net.Listen("tcp", cmd.ListenHTTP)
		if err != nil {
			stop()
			for range running {
				<-ended
			}
			return err
		}
		fmt.Fprintf(c.out, "http://%s/echo\n", l.Addr())
		running++
		go func() { ended <- serveEcho(ctx, l) }()
	}
	var failed error
	for range running {
		failed = errors.Join(failed, <-ended)
		stop()
	}
	return failed
}

// serveEcho answers GET /echo until ctx ends.
func serveEcho(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("/echo", echo.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
