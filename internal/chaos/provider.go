package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

const (
	// providerPatience is how long a call of the provider is waited for.
	providerPatience = 5 * time.Second
	// exitTime is how long a server takes from being told to stop to its end.
	exitTime = 500 * time.Millisecond
	// Servers boot for bootMin to bootMax.
	bootMin, bootMax = 500 * time.Millisecond, 2500 * time.Millisecond
	// boxes is how many machines there are.
	boxes = 8
)

var errProvider = errors.New("provider: internal error")

// machines is the node that runs servers, on boxes that die with all that is on them.
type machines struct {
	w        *World
	node     *node
	servers  map[model.ServerID]*server
	order    []*server // by ID
	listing  []provider.Instance
	listings calls[[]provider.Instance]
	failing  time.Time // until then it answers with errors
	slow     time.Time // until then Start takes seconds
	duds     float64   // the share of starts that never become ready, or end at once
	load     [boxes]int
	boxes    [boxes]machine
}

// engine is the provider as a keeper reaches it.
type engine struct {
	from *node
	at   *machines
}

var _ provider.Provider = engine{}

// Start implements provider.Provider.
func (e engine) Start(_ context.Context, start provider.Start) (provider.Instance, error) {
	m := e.at
	m.w.rules.starts(e.from, m.w.current.began, &start)
	return waitFor(e.from, m.node, providerPatience, !m.slow.After(m.w.loop.Now()), func(answer func(provider.Instance, error)) {
		if m.failing.After(m.w.loop.Now()) {
			m.w.cover(providerFailed)
			err := errProvider
			if m.w.loop.Rand.IntN(2) == 0 { // it fails, and does it all the same
				m.start(start)
			} else if len(start.Leaving) > 0 { // the machines that stay are full
				m.w.cover(noMachine)
				err = fmt.Errorf("%w: those that stay are full", provider.ErrNoNode)
			}
			answer(provider.Instance{}, err)
			return
		}
		if m.slow.After(m.w.loop.Now()) {
			m.w.cover(providerSlow)
			m.node.after(m.w.between(time.Second, 8*time.Second), func() { answer(m.start(start), nil) })
			return
		}
		answer(m.start(start), nil)
	})
}

// Stop implements provider.Provider.
func (e engine) Stop(_ context.Context, id model.ServerID) error {
	_, err := e.ask(func() error {
		e.at.stop(id)
		return nil
	})
	return err
}

// Observe implements provider.Provider. The answer is shared.
func (e engine) Observe(context.Context) ([]provider.Instance, error) {
	m := e.at
	return m.listings.wait(e.from, m.node, providerPatience, func() ([]provider.Instance, error) {
		if m.failing.After(m.w.loop.Now()) && m.w.loop.Rand.IntN(2) == 0 {
			m.w.cover(providerFailed)
			return nil, errProvider
		}
		return m.observe(), nil
	})
}

// Forget implements provider.Provider.
func (e engine) Forget(_ context.Context, id model.ServerID) error {
	_, err := e.ask(func() error {
		e.at.forget(id)
		return nil
	})
	return err
}

func (e engine) ask(do func() error) (struct{}, error) {
	m := e.at
	return wait(e.from, m.node, providerPatience, func() (struct{}, error) {
		if m.failing.After(m.w.loop.Now()) {
			m.w.cover(providerFailed)
			return struct{}{}, errProvider
		}
		return struct{}{}, do()
	})
}

// Watch implements provider.Provider; keepers are woken by the world.
func (e engine) Watch(context.Context) <-chan struct{} { return nil }

// Logs implements provider.Provider.
func (e engine) Logs(context.Context, model.ServerID, int, bool, io.Writer) error { return nil }

// Check implements provider.Provider.
func (e engine) Check(model.FleetSpec) error { return nil }

// start brings a server into being, once.
func (m *machines) start(start provider.Start) provider.Instance {
	if s := m.servers[start.ID]; s != nil {
		return s.instance
	}
	w := m.w
	s := newServer(w, start)
	s.box = m.place(start.Leaving)
	m.load[s.box]++
	s.instance.Node = boxName(s.box)
	m.servers[start.ID] = s
	at, _ := slices.BinarySearchFunc(m.order, start.ID, func(s *server, id model.ServerID) int {
		return strings.Compare(string(s.instance.ID), string(id))
	})
	m.order = slices.Insert(m.order, at, s)
	m.listing = nil
	w.note("started", string(start.ID), s.instance.Node, 0)
	boot := w.between(bootMin, bootMax)
	switch x := w.loop.Rand.Float64(); {
	case buildOf(&start.Spec) == stuck:
	case w.net.calm || x >= m.duds:
		s.node.after(boot, s.booted)
		if buildOf(&start.Spec) == crashing {
			s.node.after(boot+w.between(time.Second, 10*time.Second), func() { m.end(s, "exit status 2") })
		}
	case x < m.duds/2:
		s.node.after(boot, func() { m.end(s, "exit status 1") })
	default:
		w.cover(neverReady)
	}
	return s.instance
}

// stop begins to end a server.
func (m *machines) stop(id model.ServerID) {
	s := m.servers[id]
	if s == nil || !s.instance.Running || s.instance.Stopping || m.w.has(DeafProvider) {
		return
	}
	m.w.rules.stopped(s)
	s.instance.Stopping = true
	m.listing = nil
	m.w.loop.After(exitTime, func() { m.end(s, "exit status 0") })
}

// end is the end of a server's process.
func (m *machines) end(s *server, exit string) {
	if !s.instance.Running {
		return
	}
	s.instance.Running, s.instance.Exit = false, exit
	m.load[s.box]--
	m.listing = nil
	m.w.note("ended", string(s.instance.ID), exit, 0)
	s.died()
}

// lose forgets a dead server at once, as a provider does whose machine is gone with its records.
func (m *machines) lose(s *server) {
	m.end(s, "")
	m.forget(s.instance.ID)
}

func (m *machines) forget(id model.ServerID) {
	if s := m.servers[id]; s == nil || s.instance.Running {
		return
	}
	delete(m.servers, id)
	m.order = slices.DeleteFunc(m.order, func(s *server) bool { return s.instance.ID == id })
	m.listing = nil
}

func (m *machines) observe() []provider.Instance {
	if m.listing == nil {
		m.listing = make([]provider.Instance, 0, len(m.order))
		for _, s := range m.order {
			m.listing = append(m.listing, s.instance)
		}
	}
	return m.listing
}

// running are the servers that live, by ID.
func (m *machines) running() (out []*server) {
	for _, s := range m.order {
		if s.instance.Running {
			out = append(out, s)
		}
	}
	return out
}
