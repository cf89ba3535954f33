// Package agonessdk owns the Agones SDK as Greenroom serves it to the servers it starts: the stable part, by gRPC and by
// REST, on a pair of loopback ports of each server's own. A server that speaks it needs no link: what it says of itself
// goes into the registry here.
//
//	Agones       Greenroom
//	Scheduled    Starting
//	Ready        Ready
//	Reserved     Cordoned, by Reserve
//	Allocated    Open, Cordoned, Draining
//	Shutdown     Empty, Stopped
//	Unhealthy    Unhealthy
package agonessdk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Defaults of Config. The ports are below those that systems give to outgoing connections: one of these could take a
// port while a restarting control plane does not listen on it.
const (
	DefaultPortMin = 9400
	DefaultPortMax = 13399
)

const (
	// tickMin and tickMax bound how often the registry is looked at; with so many servers that looking takes long, it
	// may take a tenth of the time.
	tickMin, tickMax, tickShare = 50 * time.Millisecond, time.Second, 10
	loopback                    = "127.0.0.1"
)

// Facts is what the SDK needs of the registry.
type Facts interface {
	Greet(ctx context.Context, hello registry.Hello) (registry.Greeting, error)
	SetState(ctx context.Context, id model.ServerID, gen model.Generation, change registry.StateChange) (model.Server, error)
	Annotate(ctx context.Context, id model.ServerID, labels, annotations map[string]string) error
	GetServer(ctx context.Context, id model.ServerID) (model.Server, error)
	ListSessions(ctx context.Context, filter registry.SessionFilter) ([]model.Session, error)
	EndSession(ctx context.Context, ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error
	Watch(ctx context.Context) <-chan struct{}
}

// Config is what an SDK works with.
type Config struct {
	Registry Facts
	Now      func() time.Time
	// PortMin and PortMax bound the ports it listens on, on 127.0.0.1; 0 is the default.
	PortMin, PortMax int
	Logger           *slog.Logger // nil: slog.Default
}

// SDK serves the Agones SDK to any number of servers. It is the process provider's Sidecar. Its methods are safe for
// concurrent use.
type SDK struct {
	cfg     Config
	log     *slog.Logger
	serving sync.WaitGroup

	mu       sync.Mutex
	children map[model.ServerID]*child
	next     int // port to try
	ended    bool
}

// New makes an SDK that serves nobody yet. No goroutine is started.
func New(cfg Config) *SDK {
	if cfg.PortMin == 0 {
		cfg.PortMin = DefaultPortMin
	}
	if cfg.PortMax == 0 {
		cfg.PortMax = max(DefaultPortMax, cfg.PortMin)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &SDK{cfg: cfg, log: cfg.Logger, children: map[model.ServerID]*child{}, next: cfg.PortMin}
}

// Open begins to serve a server and answers the variables by which its SDK finds the way. What has to outlive a restart
// is kept in dir: opened again with it, the server is served on the same ports and is in the state it was in.
func (s *SDK) Open(id model.ServerID, dir string) (map[string]string, error) {
	c := &child{id: id, path: memoPath(dir), changed: make(chan struct{})}
	if err := c.remember(); err != nil {
		return nil, fmt.Errorf("agones sdk of %s: %w", id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.children[id] != nil {
		return nil, fmt.Errorf("agones sdk of %s: it is served already, or nobody is any more", id)
	}
	if err := s.listen(c); err != nil {
		return nil, fmt.Errorf("agones sdk of %s: %w", id, err)
	}
	s.children[id] = c
	s.serve(c)
	return map[string]string{
		"AGONES_SDK_GRPC_HOST": loopback,
		"AGONES_SDK_GRPC_PORT": strconv.Itoa(c.memo.GRPCPort),
		"AGONES_SDK_HTTP_PORT": strconv.Itoa(c.memo.HTTPPort),
	}, nil
}

// Close ends what Open began.
func (s *SDK) Close(id model.ServerID) {
	s.mu.Lock()
	c := s.children[id]
	delete(s.children, id)
	s.mu.Unlock()
	if c != nil {
		c.web.Close()
	}
}

// listen opens the pair of ports: those of the memo, else free ones, which the memo is told. A server that is known already is
// served whether or not anything can be written.
func (s *SDK) listen(c *child) error {
	known := c.memo.GRPCPort != 0 && c.memo.HTTPPort != 0
	for _, port := range []struct {
		number *int
		at     *net.Listener
	}{{&c.memo.GRPCPort, &c.grpc}, {&c.memo.HTTPPort, &c.rest}} {
		l, err := s.listenOn(*port.number)
		if err != nil {
			if c.grpc != nil {
				c.grpc.Close()
			}
			return err
		}
		*port.at, *port.number = l, l.Addr().(*net.TCPAddr).Port
	}
	if known {
		return nil
	}
	if err := c.save(); err != nil {
		return errors.Join(err, c.grpc.Close(), c.rest.Close())
	}
	return nil
}

func (s *SDK) listenOn(remembered int) (net.Listener, error) {
	if remembered != 0 {
		return net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(remembered)))
	}
	for range s.cfg.PortMax - s.cfg.PortMin + 1 {
		number := s.next
		if s.next++; s.next > s.cfg.PortMax {
			s.next = s.cfg.PortMin
		}
		if l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(number))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no port is free from %d to %d", s.cfg.PortMin, s.cfg.PortMax)
}

// Run carries the registry's changes to the servers until ctx ends; then it serves nobody any more and returns nil.
func (s *SDK) Run(ctx context.Context) error {
	changes := s.cfg.Registry.Watch(ctx)
	slow := time.NewTicker(tickMax)
	defer slow.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-changes:
		case <-slow.C:
		}
		start := time.Now()
		s.Tick(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(max(tickMin, tickShare*time.Since(start))):
		}
	}
	s.mu.Lock()
	s.ended = true
	for _, c := range s.children {
		c.web.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
	return nil
}

// Tick notes what became of each server, says again for servers that were found again what they said before, ends
// reservations whose time is over, and wakes the watchers.
func (s *SDK) Tick(ctx context.Context) {
	s.mu.Lock()
	children := make([]*child, 0, len(s.children))
	for _, c := range s.children {
		children = append(children, c)
	}
	s.mu.Unlock()
	for _, c := range children {
		if err := s.follow(ctx, c); err != nil && !errors.Is(err, registry.ErrNotFound) && ctx.Err() == nil {
			s.log.WarnContext(ctx, "what a server said by the Agones SDK could not be carried out", "server", c.id, "err", err)
		}
		c.wake()
	}
}
