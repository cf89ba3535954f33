package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// How the machine's processes behave, in virtual time.
const (
	bootTime  = 500 * time.Millisecond
	beat      = time.Second
	exitTime  = 200 * time.Millisecond
	frozenFor = 20 * time.Millisecond // to freeze or to open a session
)

var errNotLinked = errors.New("server is not linked")

// machine is a provider of made-up processes, and the links to them.
type machine struct {
	blind     error // that Observe answers beside what it sees
	mu        sync.Mutex
	processes map[model.ServerID]*process
	copies    map[model.SessionRef][]byte
	reg       *memory.Memory // nil while the control plane is down
	streams   uint64
	changed   chan struct{}
	running   sync.WaitGroup
	hangs     map[model.ServerID]bool // whose links answer nothing any more
	stillborn bool
	broken    uint64                     // the template whose processes end at once
	refuse    error                      // of Start
	lost      time.Duration              // after which Start answers that it does not know what became of it; 0: it knows
	nodes     []string                   // servers are started on the first that does not go away
	leaves    map[string]model.NodeLeave // what the provider says of them
	dismissed []model.SessionRef         // whose players were told to join again
}

type process struct {
	provider.Instance
	sessions map[model.SessionRef]*room
	told     model.ServerState
	drain    *model.Drain // told with it
	stream   uint64
	greeted  *memory.Memory // whom it greeted last
	mute     bool
	die      chan struct{}
}

type room struct {
	gen      model.Generation
	capacity int
	seats    []model.Seat
	state    string
	frozen   bool
}

func newMachine() *machine {
	return &machine{
		processes: map[model.ServerID]*process{}, copies: map[model.SessionRef][]byte{}, changed: make(chan struct{}, 1),
		hangs: map[model.ServerID]bool{}, nodes: []string{"a"}, leaves: map[string]model.NodeLeave{},
	}
}

func (m *machine) connect(reg *memory.Memory) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reg = reg
}

func (m *machine) off() {
	m.mu.Lock()
	for _, p := range m.processes {
		m.end(p, "power off")
	}
	m.mu.Unlock()
	m.running.Wait()
}

// kill ends a process as SIGKILL does.
func (m *machine) kill(id model.ServerID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end(m.processes[id], "signal: killed")
}

func (m *machine) setMute(id model.ServerID, mute bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.processes[id].mute = mute
}

// cut breaks a process's link for good: it lives, and nothing is heard of it.
func (m *machine) cut(id model.ServerID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.processes[id]
	p.mute = true
	_ = m.reg.Unlink(context.Background(), id, p.stream, time.Now())
}

// setHangs makes the links to a server answer nothing any more, or answer again.
func (m *machine) setHangs(id model.ServerID, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hangs[id] = on
}

// setFrozen freezes a session, as a hand-over that goes no further does.
func (m *machine) setFrozen(id model.ServerID, ref model.SessionRef) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.processes[id].sessions[ref].frozen = true
}

// setStillborn makes every process that boots end at once.
func (m *machine) setStillborn(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stillborn = on
}

// end ends a process; m.mu is held.
func (m *machine) end(p *process, exit string) {
	if !p.Running {
		return
	}
	p.Running, p.Exit, p.sessions = false, exit, nil
	close(p.die)
	if m.reg != nil {
		_ = m.reg.Unlink(context.Background(), p.ID, p.stream, time.Now())
	}
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// alive counts the running processes.
func (m *machine) alive() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.processes {
		if p.Running {
			n++
		}
	}
	return n
}

// known counts the processes that the provider remembers, dead ones too.
func (m *machine) known() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.processes)
}

// live is a process's life: it boots, greets, and reports.
func (m *machine) live(p *process) {
	wait := bootTime
	for {
		select {
		case <-p.die:
			return
		case <-time.After(wait):
		}
		wait = beat
		m.mu.Lock()
		m.talk(p)
		m.mu.Unlock()
	}
}

// talk greets a control plane that it has not greeted, else reports; m.mu is held.
func (m *machine) talk(p *process) {
	ctx := context.Background()
	switch {
	case m.reg == nil || p.mute || !p.Running:
	case m.stillborn || m.broken != 0 && p.Revision == m.broken:
		m.end(p, "exit status 1")
	case p.greeted != m.reg:
		m.streams++
		p.stream = m.streams
		_, err := m.reg.Greet(ctx, registry.Hello{
			Server: p.ID, Stream: p.stream, Now: time.Now(), State: p.told, Drain: p.drain, Sessions: p.reports(),
			Endpoints: []model.Endpoint{{Name: "ws", URL: "ws://127.0.0.1/" + string(p.ID)}},
		})
		if err == nil {
			p.greeted = m.reg
		}
	default:
		_ = m.reg.Report(ctx, registry.Report{Server: p.ID, Stream: p.stream, Sessions: p.reports(), Now: time.Now()})
	}
	if m.reg != nil {
		if s, err := m.reg.GetServer(ctx, p.ID); err == nil && p.greeted == m.reg {
			p.told, p.drain = s.State, s.Drain
		}
	}
}

func (p *process) reports() (out []registry.SessionReport) {
	for ref, r := range p.sessions {
		out = append(out, registry.SessionReport{Session: ref, Generation: r.gen, Capacity: r.capacity, Claimed: r.seats})
	}
	return out
}

// claim is the players' arrival with their tickets.
func (m *machine) claim(r registry.Reservation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := "made on " + string(r.Server)
	m.processes[r.Server].sessions[r.Session] = &room{gen: r.Generation, capacity: r.SessionCapacity, seats: r.Seats, state: state}
	m.copies[r.Session] = []byte(state)
}

// Start implements provider.Provider.
func (m *machine) Start(_ context.Context, s provider.Start) (provider.Instance, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return provider.Instance{}, m.refuse
	}
	at := slices.IndexFunc(m.nodes, func(n string) bool { return !slices.Contains(s.Leaving, n) })
	if at < 0 {
		return provider.Instance{}, fmt.Errorf("%w: all of %v leave", provider.ErrNoNode, m.nodes)
	}
	p := &process{
		Instance: provider.Instance{
			ID: s.ID, Fleet: s.Fleet, Ref: fmt.Sprintf("pid %d", len(m.processes)+1), Host: "127.0.0.1",
			Ports: map[string]int{"ws": 7400}, StartedAt: time.Now(), Running: true, Revision: s.Revision, Node: m.nodes[at],
		},
		sessions: map[model.SessionRef]*room{}, die: make(chan struct{}),
	}
	m.processes[s.ID] = p
	m.running.Go(func() { m.live(p) })
	if m.lost > 0 {
		m.mu.Unlock()
		<-time.After(m.lost)
		m.mu.Lock()
		return provider.Instance{}, context.DeadlineExceeded
	}
	return p.Instance, nil
}

// Stop implements provider.Provider.
func (m *machine) Stop(_ context.Context, id model.ServerID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.processes[id]
	if p == nil || p.Stopping || !p.Running {
		return nil
	}
	p.Stopping = true
	m.running.Go(func() {
		select {
		case <-p.die:
		case <-time.After(exitTime):
			m.mu.Lock()
			defer m.mu.Unlock()
			m.end(p, "exit status 0")
		}
	})
	return nil
}

// Observe implements provider.Provider.
func (m *machine) Observe(context.Context) (out []provider.Instance, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.processes {
		i := p.Instance
		if l, leaves := m.leaves[i.Node]; leaves {
			i.Leave = &l
		}
		out = append(out, i)
	}
	return out, m.blind
}

// Forget implements provider.Provider.
func (m *machine) Forget(_ context.Context, id model.ServerID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.processes, id)
	return nil
}

// Watch implements provider.Provider.
func (m *machine) Watch(context.Context) <-chan struct{} { return m.changed }

// Logs implements provider.Provider.
func (m *machine) Logs(context.Context, model.ServerID, int, bool, io.Writer) error { return nil }

// Check implements provider.Provider.
func (m *machine) Check(model.FleetSpec) error { return nil }

// on runs a call on a process that has a link, after the time it takes.
func (m *machine) on(ctx context.Context, id model.ServerID, run func(p *process) error) error {
	<-time.After(frozenFor)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hangs[id] {
		m.mu.Unlock()
		<-ctx.Done()
		m.mu.Lock()
		return ctx.Err()
	}
	p := m.processes[id]
	if p == nil || !p.Running || p.mute {
		return errNotLinked
	}
	return run(p)
}

// HandOver implements handover.Links.
func (m *machine) HandOver(ctx context.Context, id model.ServerID, ref model.SessionRef, _ model.Generation) (state []byte, err error) {
	err = m.on(ctx, id, func(p *process) error {
		r := p.sessions[ref]
		if r == nil {
			return fmt.Errorf("no session %s", ref)
		}
		r.frozen, state = true, []byte(r.state)
		return nil
	})
	return state, err
}

// Resume implements handover.Links.
func (m *machine) Resume(ctx context.Context, id model.ServerID, ref model.SessionRef, _ model.Generation) error {
	return m.on(ctx, id, func(p *process) error {
		if r := p.sessions[ref]; r != nil {
			r.frozen = false
		}
		return nil
	})
}

// Open implements handover.Links.
func (m *machine) Open(ctx context.Context, id model.ServerID, o handover.Opening) error {
	return m.on(ctx, id, func(p *process) error {
		p.sessions[o.Session] = &room{gen: o.Generation, capacity: o.Capacity, state: string(o.State)}
		return nil
	})
}

// Close implements handover.Links; the players follow the redirect and claim their seats at once.
func (m *machine) Close(ctx context.Context, id model.ServerID, ref model.SessionRef, _ model.Generation, _ string, to *handover.Redirect) error {
	return m.on(ctx, id, func(p *process) error {
		delete(p.sessions, ref)
		if to == nil {
			return nil
		}
		if to.Server == "" {
			m.dismissed = append(m.dismissed, ref)
			return nil
		}
		if r := m.processes[to.Server].sessions[ref]; r != nil {
			for _, t := range to.Tickets {
				r.seats = append(r.seats, t.Seat)
			}
		}
		return nil
	})
}

// LastCopy implements handover.Links.
func (m *machine) LastCopy(ref model.SessionRef) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.copies[ref]
	return c, ok
}

// room finds a session on a process.
func (m *machine) room(id model.ServerID, ref model.SessionRef) (room, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.processes[id]
	if p == nil || p.sessions[ref] == nil {
		return room{}, false
	}
	return *p.sessions[ref], true
}
