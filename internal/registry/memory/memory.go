// Package memory owns the registry of one control plane: servers, sessions and seats as plain structures behind one
// mutex (docs/decisions/0003-memory-registry-lock.md says why not a goroutine). Nothing is kept over a restart; servers
// tell what they have when they greet again.
//
// Placing costs the same however many servers there are: every fleet keeps its servers, and every route's sessions on
// it, on ladders ordered by how full they are.
package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Memory is a registry.Registry in this process's memory. Its methods do not look at their contexts, but for Watch's:
// none of them waits.
type Memory struct {
	mu       sync.Mutex
	fleets   map[model.FleetName]*fleet
	servers  map[model.ServerID]*server
	order    []*server // all of them, by ID
	sessions map[model.SessionRef]*session
	by       struct {
		generation numbered[session]
		stream     numbered[server]
	}
	moving   map[*session]struct{} // of sessions
	ending   map[model.SessionRef]ending
	routes   map[model.RouteName]*route
	due      dueQueue
	requests requests
	leases   map[string]lease
	watchers []chan struct{}

	firstSeat  model.SeatID
	seat       model.SeatID     // last one given
	generation model.Generation // last one given, to a server, a session or a lease
	revision   uint64           // raised with every change
}

var _ registry.Registry = (*Memory)(nil)

// New makes an empty registry. Its counters start at now's microseconds, so that they never repeat what an earlier
// registry gave, and are raised past whatever servers report.
func New(now time.Time) *Memory {
	return &Memory{
		fleets:     map[model.FleetName]*fleet{},
		servers:    map[model.ServerID]*server{},
		sessions:   map[model.SessionRef]*session{},
		moving:     map[*session]struct{}{},
		ending:     map[model.SessionRef]ending{},
		routes:     map[model.RouteName]*route{},
		requests:   requests{bound: maxRequests},
		leases:     map[string]lease{},
		firstSeat:  model.SeatID(now.UnixMicro()) + 1,
		seat:       model.SeatID(now.UnixMicro()),
		generation: model.Generation(now.UnixMicro()),
	}
}

// Watch implements registry.Registry.
func (m *Memory) Watch(ctx context.Context) <-chan struct{} {
	w := make(chan struct{}, 1)
	m.mu.Lock()
	m.watchers = append(m.watchers, w)
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers = slices.DeleteFunc(m.watchers, func(c chan struct{}) bool { return c == w })
		close(w)
	})
	return w
}

// changed tells the watchers.
func (m *Memory) changed() {
	for _, w := range m.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (m *Memory) nextSeat() model.SeatID {
	m.seat++
	return m.seat
}

func (m *Memory) nextGeneration() model.Generation {
	m.generation++
	return m.generation
}

func (m *Memory) nextRevision() uint64 {
	m.revision++
	return m.revision
}

// raise lifts the counters past what another registry gave.
func (m *Memory) raise(gen model.Generation, seats []model.Seat) {
	m.generation = max(m.generation, gen)
	for i := range seats {
		m.seat = max(m.seat, seats[i].ID)
	}
}
