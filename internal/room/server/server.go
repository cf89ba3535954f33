// Package server is the room server's process, `greenroom room`: it listens for the doors, keeps the rooms, and ties both
// to the control plane through sdk/go/server, like any other session server. Rooms go on while the link is down.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/mqtt"
	"greenroom.dev/greenroom/internal/room/ws"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// Plane is what the process needs of its control plane; *sdk/go/server.Server is the real one.
type Plane interface {
	Run(ctx context.Context) error
	Claim(ticket string) (sdk.Seat, error)
	Release(seat sdk.Seat)
	Copy(session sdk.Session, state []byte)
	Ended(session sdk.Session)
	Settings() model.RoomSettings
	CopyInterval() time.Duration
}

// Config is what a room server is made with.
type Config struct {
	// Link says how to reach Greenroom; sdk/go/server.FromEnv fills it. Its ports "ws" and "mqtt" are listened on; one
	// that is missing is a door that stays shut. Handler and Endpoints are set by this package.
	Link sdk.Config
	// Standalone runs without a control plane; nil: linked.
	Standalone *Standalone
	// Listeners are used instead of the ports, by endpoint name. They are closed at the end.
	Listeners map[string]net.Listener
	Logger    *slog.Logger // nil: slog.Default
	// Logic makes a session's game, before its room; nil: rooms without one.
	Logic func(session model.SessionRef) room.Logic
}

// Server is one room server.
type Server struct {
	log   *slog.Logger
	plane Plane
	rooms rooms
	ws    *ws.Door
	mqtt  *mqtt.Door
	ports map[string]net.Listener
}

// Run serves rooms until ctx ends, and then says goodbye: every client is closed with "going away".
func Run(ctx context.Context, cfg Config) error {
	s, err := New(cfg)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// New listens on the ports; Run must follow.
func New(cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Server{log: cfg.Logger, ports: map[string]net.Listener{}}
	s.rooms.byName = map[model.SessionRef]*hosted{}
	if err := s.listen(cfg); err != nil {
		s.Close()
		return nil, err
	}
	if cfg.Standalone != nil {
		s.plane = cfg.Standalone
	} else {
		link := cfg.Link
		link.Logger, link.Handler, link.Endpoints = s.log, s.rooms.handler(), endpoints(link, s.ports)
		plane, err := sdk.New(link)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.plane = plane
	}
	s.rooms.plane, s.rooms.log, s.rooms.logic = s.plane, s.log, cfg.Logic
	s.ws = &ws.Door{Gate: &s.rooms}
	s.mqtt = &mqtt.Door{Gate: &s.rooms}
	return s, nil
}

// Addr is where a door listens; nil for one that stays shut.
func (s *Server) Addr(endpoint string) net.Addr {
	if l := s.ports[endpoint]; l != nil {
		return l.Addr()
	}
	return nil
}

func (s *Server) listen(cfg Config) error {
	for _, name := range []string{ws.Endpoint, mqtt.Endpoint} {
		if l := cfg.Listeners[name]; l != nil {
			s.ports[name] = l
			continue
		}
		port, ok := cfg.Link.Ports[name]
		if !ok {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(bindHost(cfg.Link.Host), strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("listen for %s: %w", name, err)
		}
		s.ports[name] = l
	}
	if len(s.ports) == 0 {
		return errors.New("a room server needs a port: set GREENROOM_PORT_WS or GREENROOM_PORT_MQTT")
	}
	return nil
}

// bindHost is the host itself if it is a loopback address, which nobody else should reach, else every address.
func bindHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.IsLoopback() {
		return host
	}
	return ""
}

func endpoints(link sdk.Config, ports map[string]net.Listener) []*greenroomv1.Endpoint {
	actual := sdk.Config{Host: link.Host, Ports: map[string]int{}}
	var all []*greenroomv1.Endpoint
	for name, path := range map[string]string{ws.Endpoint: "/room", mqtt.Endpoint: ""} {
		l := ports[name]
		if l == nil {
			continue
		}
		if tcp, ok := l.Addr().(*net.TCPAddr); ok {
			actual.Ports[name] = tcp.Port
		}
		all = append(all, actual.Endpoint(name, name, path))
	}
	return all
}

// Close closes the ports of a server that was made and is not run; Run does it by itself.
func (s *Server) Close() {
	for _, l := range s.ports {
		l.Close()
	}
}

// shutdownTimeout bounds the HTTP server's part of the goodbye.
const shutdownTimeout = 3 * time.Second

// Run serves until ctx ends (nil) or a port fails.
func (s *Server) Run(ctx context.Context) error {
	defer s.Close()
	group, ctx := errgroup.WithContext(ctx)
	s.rooms.start(ctx)
	group.Go(func() error { return s.plane.Run(ctx) })
	if l := s.ports[ws.Endpoint]; l != nil {
		group.Go(func() error { return s.serveHTTP(ctx, l) })
	}
	if l := s.ports[mqtt.Endpoint]; l != nil {
		group.Go(func() error { return s.mqtt.Serve(ctx, l) })
	}
	for name, l := range s.ports {
		s.log.Info("room server listens", "endpoint", name, "address", l.Addr().String())
	}
	err := group.Wait()
	s.rooms.wait()
	s.ws.Close()
	s.mqtt.Close()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (s *Server) serveHTTP(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /room", s.ws)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) { s.rooms.writeMetrics(w) })
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: model.DefaultHelloTimeout, IdleTimeout: time.Minute}
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

var _ Plane = (*sdk.Server)(nil)
