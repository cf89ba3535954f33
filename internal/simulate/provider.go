package simulate

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// exitTime is how long a server takes from being told to stop to its end.
const exitTime = time.Second

// machine is the virtual provider: every server it starts boots for a time from the seed, or dies of it, then greets.
type machine struct {
	loop  *Loop
	spec  Boot
	greet func(*server) // a server has booted
	ended func(*server) // its instance has

	servers  map[model.ServerID]*server
	order    []*server           // those of servers, by ID
	observed []provider.Instance // what Observe answers; nil when something changed
	streams  uint64
	running  int
}

// Boot is how virtual servers come up.
type Boot struct {
	Time     time.Duration // from start to ready
	Jitter   time.Duration // up to so much longer, evenly
	Failures float64       // share of the starts that end within Time
}

var _ provider.Provider = (*machine)(nil)

// Start implements provider.Provider.
func (m *machine) Start(_ context.Context, start provider.Start) (provider.Instance, error) {
	if s := m.servers[start.ID]; s != nil {
		return s.instance, nil
	}
	m.streams++
	s := &server{
		instance: provider.Instance{
			ID: start.ID, Fleet: start.Fleet, Ref: fmt.Sprintf("virtual %d", m.streams), StartedAt: m.loop.Now(), Running: true,
		},
		stream: m.streams, paidSince: m.loop.Now(),
	}
	m.servers[start.ID] = s
	at, _ := slices.BinarySearchFunc(m.order, start.ID, func(s *server, id model.ServerID) int { return compare(s.instance.ID, id) })
	m.order = slices.Insert(m.order, at, s)
	m.observed = nil
	m.running++
	boot := m.spec.Time + time.Duration(m.loop.Rand.Float64()*float64(m.spec.Jitter))
	if m.loop.Rand.Float64() < m.spec.Failures {
		m.loop.After(time.Duration(m.loop.Rand.Float64()*float64(boot)), func() { m.end(s, "exit status 1") })
	} else {
		m.loop.After(boot, func() {
			if s.instance.Running && !s.instance.Stopping {
				m.greet(s)
			}
		})
	}
	m.note("started", s)
	return s.instance, nil
}

// Stop implements provider.Provider.
func (m *machine) Stop(_ context.Context, id model.ServerID) error {
	s := m.servers[id]
	if s == nil || !s.instance.Running || s.instance.Stopping {
		return nil
	}
	s.instance.Stopping = true
	m.observed = nil
	m.loop.After(exitTime, func() { m.end(s, "exit status 0") })
	return nil
}

// end is the end of an instance.
func (m *machine) end(s *server, exit string) {
	if !s.instance.Running {
		return
	}
	s.instance.Running, s.instance.Exit = false, exit
	m.observed = nil
	m.running--
	m.note("ended", s)
	m.ended(s)
}

func (m *machine) note(what string, s *server) {
	m.loop.Note(what)
	m.loop.NoteText(string(s.instance.ID))
}

// Observe implements provider.Provider. The answer is shared.
func (m *machine) Observe(context.Context) ([]provider.Instance, error) {
	if m.observed == nil {
		m.observed = make([]provider.Instance, 0, len(m.order))
		for _, s := range m.order {
			m.observed = append(m.observed, s.instance)
		}
	}
	return m.observed, nil
}

// Forget implements provider.Provider.
func (m *machine) Forget(_ context.Context, id model.ServerID) error {
	delete(m.servers, id)
	m.order = slices.DeleteFunc(m.order, func(s *server) bool { return s.instance.ID == id })
	m.observed = nil
	return nil
}

// Watch implements provider.Provider; the world is told of ends by itself.
func (m *machine) Watch(context.Context) <-chan struct{} { return nil }

// Logs implements provider.Provider.
func (m *machine) Logs(context.Context, model.ServerID, int, bool, io.Writer) error { return nil }

// Check implements provider.Provider.
func (m *machine) Check(model.FleetSpec) error { return nil }
