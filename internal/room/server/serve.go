package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"greenroom.dev/greenroom/internal/room/mqtt"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/webtransport"
	"greenroom.dev/greenroom/internal/room/ws"
)

// Bounds of the HTTP servers.
const (
	requestTimeout  = 5 * time.Second // for a request's headers
	keptTimeout     = time.Minute     // an idle connection of a scraper
	shutdownTimeout = 3 * time.Second // HTTP's part of the goodbye
)

// server makes the doors of a port and answers what serves them until ctx ends. Before TLS, which costs far more than
// what comes after, connections are counted as they are accepted; before HTTP when they want to be upgraded, so that
// they can be told.
func (s *Server) server(p port, opened socket) func(ctx context.Context) error {
	switch p.name {
	case udp.Endpoint:
		door := &udp.Door{Gate: &s.rooms, Enter: s.entrance.datagram}
		s.doors[udp.Endpoint] = door
		return func(ctx context.Context) error { return door.Serve(ctx, opened.packets...) }
	case webtransport.Endpoint:
		door := s.webTransportDoor()
		return func(ctx context.Context) error { return door.Serve(ctx, opened.packets[0]) }
	}
	web := p.name == "ws" || p.name == "wss"
	l := s.entrance.guard(opened.listener, p.tls || !web)
	if p.tls {
		l = s.certificate.listener(l)
	}
	if web {
		mux := s.mux(p)
		return func(ctx context.Context) error { return serveHTTP(ctx, l, mux) }
	}
	door := s.mqttDoor(p.ways[0].name)
	return func(ctx context.Context) error { return door.Serve(ctx, l) }
}

func (s *Server) webTransportDoor() *webtransport.Door {
	door := &webtransport.Door{
		Gate: &s.rooms, TLS: s.certificate.config(), Settings: s.plane.Settings, Enter: s.entrance.admit, Traffic: &s.entrance.traffic,
	}
	s.doors[webtransport.Endpoint] = door
	return door
}

func (s *Server) mqttDoor(name string) *mqtt.Door {
	door := &mqtt.Door{Gate: &s.rooms, Name: name, Settings: s.plane.Settings}
	s.doors[name] = door
	return door
}

// mux serves the ways of a web port, and what is to be known of the process.
func (s *Server) mux(p port) *http.ServeMux {
	records := &ws.Door{Gate: &s.rooms, Name: p.ways[0].name, Settings: s.plane.Settings}
	s.doors[p.ways[0].name] = records
	stream := &ws.Upgrade{
		Protocol: "mqtt",
		Others:   map[string]string{"mqttv3.1": "MQTT 3.1 is not spoken here: take 3.1.1 or 5, with the subprotocol mqtt"},
		Serve:    s.mqttDoor(p.ways[1].name).ServeConn,
	}
	limit := s.entrance.limit
	if p.tls {
		limit = func(h http.Handler) http.Handler { return h }
	}
	mux := http.NewServeMux()
	mux.Handle("GET /room", limit(records))
	mux.Handle("GET /mqtt", limit(stream))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) { s.writeMetrics(w) })
	return mux
}

// serveHTTP serves until ctx ends, which closes l.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: requestTimeout, IdleTimeout: keptTimeout}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
	err := srv.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
