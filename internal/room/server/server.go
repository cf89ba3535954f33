// Package server is the room server's process, `greenroom room`: it listens for the doors, keeps the rooms, and ties both
// to the control plane through sdk/go/server, like any other session server. Rooms go on while the link is down.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/webtransport"
	"greenroom.dev/greenroom/internal/ticket"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// Plane is what the process needs of its control plane; *sdk/go/server.Server is the real one.
type Plane interface {
	Run(ctx context.Context) error
	Claim(ticket string) (sdk.Seat, error)
	OpenConnect(part []byte) (ticket.Claims, ticket.DirectionKeys, error)
	Release(seat sdk.Seat)
	Lost(seat sdk.Seat)
	Refused(seat sdk.Seat)
	Copy(session sdk.Session, state []byte)
	Ended(session sdk.Session)
	Settings() model.RoomSettings
	CopyInterval() time.Duration
	Flag(name, key string) (value string, on bool)
}

// Config is what a room server is made with.
type Config struct {
	// Link says how to reach Greenroom; sdk/go/server.FromEnv fills it. Its ports "ws", "wss", "mqtt", "mqtts", "udp" and
	// "webtransport" are listened on; one that is missing is a door that stays shut. Handler and Endpoints are set by this
	// package.
	Link sdk.Config
	// TLSCert and TLSKey are the PEM files of wss, mqtts and webtransport. They are read again when they change.
	TLSCert, TLSKey string
	// WebTransport lets the port webtransport open, an experiment.
	WebTransport bool
	// HalfOpenPerAddress bounds the connections of one address that have not shown a ticket yet. 0:
	// MaxHalfOpenPerAddress; negative: no bound, as behind a proxy.
	HalfOpenPerAddress int
	// Standalone runs without a control plane; nil: linked.
	Standalone *Standalone
	// Listeners and PacketListeners are used instead of the ports, by the port's name. They are closed at the end.
	Listeners       map[string]net.Listener
	PacketListeners map[string][]*net.UDPConn
	Logger          *slog.Logger // nil: slog.Default
	// Logic makes a session's game, before its room; nil: rooms without one.
	Logic func(session model.SessionRef) room.Logic
}

// Server is one room server.
type Server struct {
	log         *slog.Logger
	plane       Plane
	rooms       rooms
	entrance    *entrance
	certificate *certificate      // nil: none
	ports       map[string]socket // by the port's name
	doors       map[string]door   // by the endpoint's name
	serve       []func(ctx context.Context) error
}

// door is what serves the connections of one endpoint.
type door interface {
	Conns() int
	// Close ends every connection and waits for them.
	Close()
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
	s := &Server{log: cfg.Logger, entrance: newEntrance(cfg.HalfOpenPerAddress), ports: map[string]socket{}, doors: map[string]door{}}
	s.rooms.byName, s.rooms.stages = map[model.SessionRef]*hosted{}, stages{}
	if err := s.open(cfg); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open(cfg Config) (err error) {
	if s.certificate, err = newCertificate(cfg.TLSCert, cfg.TLSKey, s.log); err != nil {
		return err
	}
	if err := s.listen(cfg); err != nil {
		return err
	}
	if cfg.Standalone != nil {
		s.plane = cfg.Standalone
	} else {
		link := cfg.Link
		link.Logger, link.Handler, link.Endpoints, link.Traffic = s.log, s.rooms.handler(), s.endpoints(link), s.carried
		if s.plane, err = sdk.New(link); err != nil {
			return err
		}
	}
	s.rooms.plane, s.rooms.log, s.rooms.logic = s.plane, s.log, cfg.Logic
	s.entrance.settings = s.plane.Settings
	for _, p := range knownPorts() {
		if opened, ok := s.ports[p.name]; ok {
			s.serve = append(s.serve, s.server(p, opened))
		}
	}
	return nil
}

// Addr is where a port is listened on; nil for one that is not.
func (s *Server) Addr(port string) net.Addr {
	if opened, ok := s.ports[port]; ok {
		return opened.addr()
	}
	return nil
}

// Close closes the ports of a server that was made and is not run; Run does it by itself.
func (s *Server) Close() {
	for _, opened := range s.ports {
		opened.close()
	}
}

// Run serves until ctx ends (nil) or a port fails.
func (s *Server) Run(ctx context.Context) error {
	defer s.Close()
	group, ctx := errgroup.WithContext(ctx)
	s.rooms.start(ctx)
	group.Go(func() error { return s.plane.Run(ctx) })
	if s.certificate != nil {
		group.Go(func() error { return s.certificate.Run(ctx) })
	}
	for _, serve := range s.serve {
		group.Go(func() error { return serve(ctx) })
	}
	for name, opened := range s.ports {
		s.log.Info("room server listens", "endpoint", name, "address", opened.addr().String())
	}
	if _, ok := s.ports[webtransport.Endpoint]; ok {
		s.log.Warn("WebTransport is an experiment: its drafts move, and so may this door")
	}
	err := group.Wait()
	s.rooms.wait()
	var closing sync.WaitGroup
	for _, d := range s.doors {
		closing.Go(d.Close)
	}
	closing.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

var _ Plane = (*sdk.Server)(nil)
