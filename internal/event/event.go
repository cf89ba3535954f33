// Package event owns announced events at run time: what each asks of the fleets behind its route (from which decide/scale
// decides), which phase of its life it is in, how much of what it asks for stands, and whether its plan can be met. It
// starts no server and keeps nothing but what the store has.
package event

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/store"
)

// Specs are the fleets, routes and events in memory; a *store.SpecCache is one.
type Specs interface {
	Specs() *store.Specs
	Watch(ctx context.Context) <-chan struct{}
}

// Store is what is needed of the store.
type Store interface {
	DropEvents(ctx context.Context, endedBefore time.Time) (int, error)
}

const (
	// Keep is how long an event that is over stays in the calendar.
	Keep = 400 * 24 * time.Hour
	// dropEvery is the time between two looks for events that are older.
	dropEvery = time.Hour
)

// Config is what a Service works with; every field is required.
type Config struct {
	Specs  Specs
	Store  Store
	Now    func() time.Time
	Logger *slog.Logger
}

// Service answers about all events. It is safe for concurrent use.
type Service struct {
	cfg     Config
	known   atomic.Pointer[calendar]
	dropped time.Time // when old events were last looked for; Tick's own
}

// New makes a Service. No goroutine is started.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// Tick drops what has become too old.
func (s *Service) Tick(ctx context.Context) error {
	now := s.cfg.Now()
	if now.Sub(s.dropped) < dropEvery {
		return nil
	}
	n, err := s.cfg.Store.DropEvents(ctx, now.Add(-Keep))
	if err != nil {
		return fmt.Errorf("drop old events: %w", err)
	}
	s.dropped = now
	if n > 0 {
		s.cfg.Logger.Info("old events dropped", "count", n)
	}
	return nil
}
