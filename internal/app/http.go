package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"connectrpc.com/connect/v2/connecthttp"

	"greenroom.dev/greenroom/console"
	"greenroom.dev/greenroom/internal/api"
	"greenroom.dev/greenroom/internal/echo"
	"greenroom.dev/greenroom/internal/observe"
)

// lameDuck is how long requests under way may take to end when Greenroom stops.
const lameDuck = 3 * time.Second

// pingTimeout is how long an HTTP/2 connection may be silent before it is asked whether it lives.
const pingTimeout = 15 * time.Second

// newHTTP puts API, link, console, metrics and probes on one port: HTTP/1.1 and HTTP/2 without TLS.
func (a *App) newHTTP() *http.Server {
	mux := http.NewServeMux()
	rpc := a.api.NewServer()
	a.hub.Register(rpc)
	connecthttp.Mount(mux, rpc, api.HTTPOptions()...)
	a.scaler.Register(mux)
	mux.Handle("GET /metrics/servers", observe.NewServerPage(a.registry.ListServers, a.census))
	observe.Register(mux, observe.Probes{Ready: a.ready}, a.set)
	mux.Handle("/echo", echo.Handler())
	mux.Handle("/", console.Handler())
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: mux, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second,
		// a server whose host vanished must not look linked for ever
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingTimeout},
	}
}

// serveHTTP serves until ctx ends, then lets what is under way end.
func (a *App) serveHTTP(ctx context.Context) error {
	a.http.Handler = endStreams(ctx, a.http.Handler)
	failed := make(chan error, 1)
	go func() { failed <- a.http.Serve(a.listener) }()
	if err := errors.Join(a.dir.write(linkFile, []byte(a.LocalURL()+"\n")), a.dir.writeRunning(runningHere(a.LocalURL()))); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lameDuck)
	defer cancel()
	if err := a.http.Shutdown(bounded); err != nil { // something hangs
		_ = a.http.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
