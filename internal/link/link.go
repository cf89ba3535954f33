// Package link owns the control plane's end of the streams to session servers: it authenticates them, brings what they
// say into the registry, tells them what is wanted of them, carries hand-overs, and keeps the newest copy of each
// session's state for the day its server dies.
package link

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"

	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/ticket"
)

const (
	// Heartbeat is how often a server reports although nothing changed.
	Heartbeat = time.Second
	// CopyInterval is how often a changed session's state is copied here.
	CopyInterval = time.Second

	// helloWait bounds how long a stream may be open without saying who it is.
	helloWait = 10 * time.Second
	// tickMin and tickMax bound how often the registry is looked at for changes to tell; with so many servers that
	// looking takes long, it may take a tenth of the time.
	tickMin, tickMax, tickShare = 50 * time.Millisecond, time.Second, 10
)

// Keys is what the streams need of the servers' secrets; *ticket.Keys is the real one.
type Keys interface {
	ServerKey(id model.ServerID) ticket.Key
	CheckServerToken(id model.ServerID, token string) bool
}

// Facts is what the streams need of the registry.
type Facts interface {
	Greet(ctx context.Context, hello registry.Hello) (registry.Greeting, error)
	Report(ctx context.Context, report registry.Report) error
	Unlink(ctx context.Context, id model.ServerID, stream uint64, now time.Time) error
	GetServer(ctx context.Context, id model.ServerID) (model.Server, error)
	GetSession(ctx context.Context, ref model.SessionRef) (model.Session, error)
	Watch(ctx context.Context) <-chan struct{}
}

// Config is what a Hub works with; every field but Shown, Recovering and Logger is required.
type Config struct {
	Registry Facts
	Keys     Keys
	// Fleet looks a fleet up for its room settings.
	Fleet func(model.FleetName) (model.Fleet, bool)
	// Shown answers what the stages of all routes show to late joiners, each route's by serial. nil: nothing.
	Shown func() []model.StageMessage
	// Recovering tells whether servers from before a restart are waited for, any of which may have a session of another with a
	// newer generation. nil: never.
	Recovering func() bool
	Now        func() time.Time
	Logger     *slog.Logger // nil: slog.Default
}

// Hub is all the streams of one control plane; it implements handover.Links. Its methods are safe for concurrent use.
type Hub struct {
	cfg     Config
	log     *slog.Logger
	numbers atomic.Uint64 // of streams
	copies  *Copies
	poke    chan struct{} // there may be something to tell

	mu       sync.Mutex
	streams  map[model.ServerID]*stream
	audience map[*stream]struct{} // of the stages: every stream that will be welcomed
	stopping bool
	readers  sync.WaitGroup
}

// New makes a Hub. No goroutine is started.
func New(cfg Config) *Hub {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	h := &Hub{
		cfg: cfg, log: cfg.Logger, poke: make(chan struct{}, 1), streams: map[model.ServerID]*stream{}, audience: map[*stream]struct{}{},
		copies: NewCopies(),
	}
	h.numbers.Store(uint64(cfg.Now().UnixMicro())) // above those of an earlier run
	return h
}

// Register makes server serve LinkService. Its transport must let messages of MaxMessageBytes through.
func (h *Hub) Register(server *connect.Server) {
	greenroomv1connect.RegisterLinkServiceHandler(server, h)
}

// Run tells servers what is wanted of them as the registry changes. When ctx ends it ends every stream, refuses new
// ones, and returns nil once all are gone.
func (h *Hub) Run(ctx context.Context) error {
	changes := h.cfg.Registry.Watch(ctx)
	slow := time.NewTicker(tickMax)
	defer slow.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-changes:
		case <-h.poke:
		case <-slow.C:
		}
		start := time.Now()
		h.Tick(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(max(tickMin, tickShare*time.Since(start))):
		}
	}
	h.stop()
	return nil
}

// Tick tells every linked server what the registry wants of it, if that changed, and forgets copies of sessions that
// are no more.
func (h *Hub) Tick(ctx context.Context) {
	h.mu.Lock()
	linked := make([]*stream, 0, len(h.streams))
	for _, st := range h.streams {
		linked = append(linked, st)
	}
	h.mu.Unlock()
	for _, st := range linked {
		h.tell(ctx, st)
	}
	h.copies.sweep(h.cfg.Now(), func(ref model.SessionRef) bool { return h.lives(ctx, ref) })
}

func (h *Hub) stop() {
	h.mu.Lock()
	h.stopping = true
	for _, st := range h.streams {
		st.end(errStopping)
	}
	h.mu.Unlock()
	h.readers.Wait()
}
