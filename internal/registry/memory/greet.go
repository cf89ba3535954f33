package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Greet implements registry.Servers.
func (m *Memory) Greet(_ context.Context, h registry.Hello) (registry.Greeting, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.known(h.Server)
	if err != nil {
		return registry.Greeting{}, err
	}
	if h.Stream < s.stream || h.Stream == s.stream && s.hailed {
		return registry.Greeting{}, fmt.Errorf("server %s: stream %d after %d: %w", h.Server, h.Stream, s.stream, registry.ErrStale)
	}
	m.restream(s, h.Stream)
	s.serial, s.hailed, s.Linked, s.ReportedAt = 0, !h.Linkless, !h.Linkless, h.Now
	s.Linkless = h.Linkless
	if !h.Linkless || h.Version != "" {
		s.Version = h.Version
	}
	if !s.fixed && (!h.Linkless || len(h.Endpoints) > 0) {
		s.Endpoints = slices.Clone(h.Endpoints)
	}
	fresh := s.State == model.ServerStarting
	m.recognise(s, &h)
	out := registry.Greeting{FirstSeat: m.firstSeat}
	switch {
	case !h.Linkless:
		out.Stale, out.Ended = m.reconcile(s, &h)
		m.unempty(s, h.Now)
	case fresh:
		m.bringBack(s, &h)
	}
	m.touch(s)
	out.Server = s.model()
	return out, nil
}

// recognise gives a Starting server the state it was last told to be in.
func (m *Memory) recognise(s *server, h *registry.Hello) {
	if s.State != model.ServerStarting {
		return
	}
	c := registry.StateChange{State: h.State, Reason: "found again", Now: h.Now}
	switch h.State {
	case model.ServerReady, model.ServerOpen, model.ServerCordoned, model.ServerEmpty:
	case model.ServerDraining:
		d := registry.FoundDrain(h.Drain, h.Now)
		c.Drain, c.Reason = &d, cmp.Or(d.Reason, c.Reason)
	default:
		c.State, c.Reason = model.ServerReady, "greeted"
		s.said = &model.Connections{} // it has just begun: what it says first is all new
	}
	if len(h.Sessions) > 0 && (c.State == model.ServerReady || c.State == model.ServerEmpty) {
		c.State = model.ServerOpen
	}
	m.become(s, c)
}

// reconcile makes the registry's sessions on the server those it has, and answers the ones that are not its own, and those that
// ended there.
func (m *Memory) reconcile(s *server, h *registry.Hello) (stale []model.SessionRef, ended []registry.EndedSession) {
	has := make(map[*session]bool, len(h.Sessions))
	over := s.over
	s.over = nil
	for i := range h.Sessions {
		r := &h.Sessions[i]
		m.raise(r.Generation, r.Claimed)
		if r.Generation <= over[r.Session] {
			s.endOn(r.Session, over[r.Session])
			stale = append(stale, r.Session)
			continue
		}
		x := m.sessions[r.Session]
		if x != nil && x.found && x.server != s && !s.State.Terminal() && x.yields(r) {
			m.usurp(x, s, r.Generation, h.Now)
		}
		switch {
		case s.State.Terminal(), x != nil && (x.server != s || r.Generation < x.generation):
			stale = append(stale, r.Session)
			continue
		case x == nil:
			x = m.comeBack(s, r, h.Now)
		}
		x.used = true
		if x.generation != r.Generation {
			m.regenerate(x, r.Generation)
		}
		has[x] = true
		m.take(x, r)
	}
	for _, x := range slices.Clone(s.sessions) {
		if !has[x] && x.used && x.state == model.SessionLive {
			m.lose(x)
		}
	}
	gone := m.makeWay(s, h.Now)
	m.leftAll(s, h.Sessions)
	ended = append(s.unheard(over), gone...)
	s.tellAll()
	return stale, ended
}

// unempty has an Empty server drain again that has sessions after all, of which the registry did not know: one that was not heard of
// in time after a restart. It is about to be stopped, and they are to be handed over before.
func (m *Memory) unempty(s *server, now time.Time) {
	if s.State != model.ServerEmpty || s.Sessions == 0 {
		return
	}
	d := registry.FoundDrain(s.Drain, now)
	m.become(s, registry.StateChange{State: model.ServerDraining, Reason: "it has sessions after all", Drain: &d, Now: now})
}

// bringBack makes sessions known again that a server without a link had in an earlier registry. It says nothing about
// others, and those that live somewhere by now are left there.
func (m *Memory) bringBack(s *server, h *registry.Hello) {
	for i := range h.Sessions {
		r := &h.Sessions[i]
		m.raise(r.Generation, r.Claimed)
		if s.State.Terminal() || m.sessions[r.Session] != nil || r.Generation <= s.over[r.Session] {
			continue
		}
		capacity := r.Capacity
		if capacity <= 0 {
			capacity = s.SeatsPerSession
		}
		x := m.open(r.Session, s, r.Generation, capacity, h.Now)
		x.used, x.joined = true, h.Now.UnixNano()
		m.take(x, r)
	}
}

// comeBack makes a session known again that a server has: one from before a restart, or one that was opened since by a ticket
// from before it.
func (m *Memory) comeBack(s *server, r *registry.SessionReport, now time.Time) *session {
	m.raise(r.Generation, r.Claimed)
	capacity := r.Capacity
	if capacity <= 0 {
		capacity = s.SeatsPerSession
	}
	x := m.open(r.Session, s, r.Generation, capacity, now)
	x.found, x.used = true, true
	return x
}

// yields tells whether a session that was found gives way to the life of it that another server has: to the newer one, to which it
// moved, unless somebody plays in one of them and nobody is in the other. Whoever moved the session froze it before; a life that is not
// frozen is not where it moved from, but was not heard of in time after a restart, and the newer one began anew.
func (x *session) yields(to *registry.SessionReport) bool {
	here := x.server != nil && !x.server.State.Terminal()
	switch {
	case here && x.seats.claimed > 0 && !x.frozen && len(to.Claimed) == 0:
		return false
	case x.joined == 0 && x.seats.claimed == 0 && len(to.Claimed) > 0 && !to.Frozen:
		return true
	default:
		return to.Generation > x.generation
	}
}

// makeWay ends sessions that nobody came to, and answers them, where the server turned out to have others besides: it has no room for
// them, and those who are to open them would be sent there again and again.
func (m *Memory) makeWay(s *server, now time.Time) (gone []registry.EndedSession) {
	for i := len(s.sessions) - 1; i >= 0 && s.Sessions > s.SessionCapacity; i-- {
		if x := s.sessions[i]; !x.used && x.state == model.SessionLive {
			gone = append(gone, registry.EndedSession{Session: x.ref, Generation: x.generation})
			m.ends(x, now)
			m.end(x)
		}
	}
	return gone
}

// usurp gives a session that was found to another server, which has it at gen. The one that was heard of first after a restart is not
// believed any more before its next hello, which tells it so.
func (m *Memory) usurp(x *session, s *server, gen model.Generation, now time.Time) {
	if old := x.server; old != nil {
		m.unclaim(x, nil)
		m.leave(x)
		m.left(x, s)
		m.detach(x)
		old.Linked = false
		old.depart()
		m.touch(old)
	}
	x.placed, x.joined = false, 0
	x.found = gen > x.generation // else the newer one, which nobody is in, is not to have it back
	m.regenerate(x, gen)
	m.turnTo(x, model.SessionLive)
	m.attach(x, s, now)
}

// Report implements registry.Servers.
func (m *Memory) Report(_ context.Context, r registry.Report) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.on(r.Server, r.Stream)
	if err != nil {
		return err
	}
	if r.Stream != s.stream || !s.Linked {
		return fmt.Errorf("server %s: report on stream %d, newest is %d: %w", r.Server, r.Stream, s.stream, registry.ErrStale)
	}
	if r.Serial > 0 && r.Serial <= s.serial {
		return fmt.Errorf("server %s: report %d after %d on stream %d: %w", r.Server, r.Serial, s.serial, r.Stream, registry.ErrStale)
	}
	if s.deaf(r.Now) {
		return fmt.Errorf("server %s does not know of every session that it lost, and is to greet again: %w", r.Server, registry.ErrStale)
	}
	s.serial = max(s.serial, r.Serial)
	s.ReportedAt = r.Now
	told := s.say(r.Load)
	m.connected(s, r.Connections)
	for i := range r.Sessions {
		said := &r.Sessions[i]
		x := m.find(said.Session, said.Generation)
		if x == nil && len(said.Claimed) > 0 && said.Generation > s.over[said.Session] && s.State < model.ServerEmpty {
			x = m.comeBack(s, said, r.Now)
		}
		if x != nil && x.server == s && said.Generation == x.generation {
			s.hears(said.Session)
			x.used = true // it is open there; one that ended is told among the ended too
			m.raise(0, said.Claimed)
			m.take(x, said)
		}
	}
	m.makeWay(s, r.Now)
	for _, e := range r.Ended {
		if x := m.find(e.Session, e.Generation); x != nil && x.server == s && e.Generation == x.generation {
			s.hears(e.Session)
			m.lose(x)
		}
	}
	if told {
		s.Revision = m.nextRevision()
	}
	if told || len(r.Sessions)+len(r.Ended) > 0 {
		m.changed()
	}
	return nil
}

// say keeps what a server says of its load, nil for nothing, and tells whether it is far enough from what watchers were
// told last to tell them again: loads come every second and never stand still.
func (s *server) say(load *model.Load) bool {
	if load == nil {
		return false
	}
	s.Load = load
	if s.told != nil && !load.Differs(s.told) {
		return false
	}
	s.told = load
	return true
}

// take takes what a server says of its session: the seats it names are claimed, no other is, and the released ones are
// free. Reservations that nobody has come with yet are the registry's to keep.
func (m *Memory) take(x *session, r *registry.SessionReport) {
	x.frozen = r.Frozen
	for _, id := range r.Released {
		if i := x.seats.numbered(id); i >= 0 {
			m.unseat(x, i)
		}
	}
	for _, c := range r.Claimed {
		i := x.seats.numbered(c.ID)
		if i < 0 {
			i = x.seats.of(c.Player) // a reservation that was lost and made again
		}
		switch {
		case i >= 0:
			m.claimSeat(x, i, c.ID)
		case x.free() > 0 || m.displace(x):
			m.addSeat(x, seat{id: c.ID, player: c.Player})
		}
	}
	if x.seats.claimed > len(r.Claimed) {
		m.unclaim(x, r.Claimed)
	}
	m.settle(x)
}

// displace takes a reservation back from a full session whose server let somebody else in: there is no room for it at the door
// any more. False if there is none.
func (m *Memory) displace(x *session) bool {
	for i := len(x.seats.list) - 1; i >= 0; i-- {
		if x.seats.list[i].expires != 0 {
			x.promise(i)
			m.unseat(x, i)
			return true
		}
	}
	return false
}

// unclaim frees the claimed seats that the server did not name.
func (m *Memory) unclaim(x *session, named []model.Seat) {
	keep := make(map[model.SeatID]bool, len(named))
	for _, c := range named {
		keep[c.ID] = true
	}
	for i := len(x.seats.list) - 1; i >= 0; i-- {
		if s := &x.seats.list[i]; s.expires == 0 && !keep[s.id] {
			m.unseat(x, i)
		}
	}
}

// lose takes it that the session ended on its server. Seats reserved meanwhile keep it: their tickets open it there anew.
func (m *Memory) lose(x *session) {
	m.unclaim(x, nil)
	x.used = false
	m.settle(x)
}
