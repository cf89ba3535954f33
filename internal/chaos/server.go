package chaos

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
)

// What a server waits, as those of sdk/go/server and the built-in rooms do; the last three are shorter here than there.
const (
	batchWait      = 50 * time.Millisecond // gathers changes before it reports them
	heartbeat      = time.Second
	reconnectFirst = 50 * time.Millisecond
	reconnectLast  = 2 * time.Second
	welcomeWait    = 10 * time.Second
	lingerFor      = 4 * time.Second // an empty session
	idleAfter      = 6 * time.Second // until a silent connection counts as lost
	resumeWindow   = 3 * time.Second // for a lost connection's seat
	frozenMax      = 20 * time.Second
)

// server is a virtual server: what sdk/go/server and the built-in rooms keep and say.
type server struct {
	w        *World
	node     *node
	instance provider.Instance
	capacity model.Capacity
	box      int

	stream    *stream // nil while it has none
	delay     time.Duration
	want      model.ServerState
	drain     *model.Drain // told with it
	welcomed  bool         // once
	rooms     map[model.SessionRef]*room
	list      []*room // of rooms, in the order in which they came
	released  map[model.SeatID]model.SessionRef
	firstSeat model.SeatID // older ones open no session that is not here
	departed  map[model.SessionRef]departure
	ended     map[model.SessionRef]model.Generation // on their own
	unsaid    []model.SessionRef                    // of ended: to be reported
	reporting bool
	tells     func() // tellChanges, as it is called later
	conns     model.Connections
	refuses   bool // some of those who come
	excused   bool // a registry that forgot everything could not hear of it in time
}

func newServer(w *World, start provider.Start) *server {
	s := &server{
		w: w, node: w.newNode(aServer, string(start.ID)), capacity: start.Spec.Capacity,
		instance: provider.Instance{ID: start.ID, Fleet: start.Fleet, Ref: "virtual", StartedAt: w.loop.Now(), Running: true, Revision: start.Revision},
		rooms:    map[model.SessionRef]*room{}, released: map[model.SeatID]model.SessionRef{},
		departed: map[model.SessionRef]departure{}, ended: map[model.SessionRef]model.Generation{},
	}
	s.refuses = buildOf(&start.Spec) == refusing
	s.node.skew = w.drawSkew()
	s.node.born()
	return s
}

// booted is a server that is ready to say hello, and beats from now on.
func (s *server) booted() {
	s.delay = reconnectFirst
	s.connect()
	s.node.after(time.Duration(s.w.loop.Rand.Int64N(int64(heartbeat))), func() { s.node.every(heartbeat, s.beat) })
}

// connect begins a stream with a hello.
func (s *server) connect() {
	st := s.w.hub.accept(s)
	s.stream = st
	hello := s.hello()
	st.toHub(func() { s.w.hub.greet(st, hello) })
	s.node.after(welcomeWait, func() {
		if s.stream == st && !st.welcomed {
			st.lost()
		}
	})
}

// streamLost is the end of a stream as the server notices it.
func (s *server) streamLost(st *stream) {
	if s.stream != st {
		return
	}
	s.stream = nil
	if st.welcomed {
		s.delay = reconnectFirst
	}
	s.node.after(s.delay/2+time.Duration(s.w.loop.Rand.Int64N(int64(s.delay/2))), s.connect)
	s.delay = min(2*s.delay, reconnectLast)
}

// hello tells everything that lives here.
func (s *server) hello() greetingOf {
	h := greetingOf{state: s.want, drain: s.drain}
	for ref := range s.ended {
		if !slices.Contains(s.unsaid, ref) {
			s.unsaid = append(s.unsaid, ref)
		}
	}
	slices.SortFunc(s.unsaid, compareRefs)
	for _, r := range s.list {
		r.released = s.releasedOf(r.ref)
		h.sessions = append(h.sessions, s.reportOf(r))
		if r.frozen {
			h.frozen = append(h.frozen, r.ref)
		}
	}
	return h
}

// releasedOf answers the released seats of a session.
func (s *server) releasedOf(ref model.SessionRef) (ids []model.SeatID) {
	for id, of := range s.released {
		if of == ref {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *server) reportOf(r *room) registry.SessionReport {
	out := registry.SessionReport{Session: r.ref, Generation: r.gen, Capacity: r.capacity, Released: slices.Clone(r.released)}
	out.Claimed = make([]model.Seat, len(r.seats))
	for i := range r.seats {
		out.Claimed[i] = model.Seat{ID: r.seats[i].id, Player: r.seats[i].player.id, State: model.SeatClaimed}
	}
	r.released, r.dirty = r.released[:0], false
	return out
}

// changed has the server report soon.
func (s *server) changed(r *room) {
	if r != nil {
		r.dirty = true
	}
	if s.reporting || s.stream == nil || !s.stream.welcomed {
		return
	}
	s.reporting = true
	if s.tells == nil {
		s.tells = s.tellChanges
	}
	s.node.after(batchWait, s.tells)
}

func (s *server) tellChanges() {
	s.reporting = false
	s.flush(false)
}

// beat is the server's second: its rooms play, and it reports even if nothing changed.
func (s *server) beat() {
	now, forgotten := s.w.loop.Now(), false
	for _, r := range s.list {
		if !r.frozen && len(r.seats) > 0 {
			r.value += uint64(len(r.seats))
		}
		forgotten = forgotten || r.frozen && now.Sub(r.frozenAt) >= frozenMax
	}
	s.flush(true)
	if st := s.stream; forgotten && st != nil && st.welcomed { // its next hello tells of it
		s.w.note("frozen too long", string(s.instance.ID), "", 0)
		st.lost()
	}
}

// flush sends what is due.
func (s *server) flush(beat bool) {
	st := s.stream
	if st == nil || !st.welcomed {
		return
	}
	rep := s.w.hub.saying(st)
	for _, r := range s.list {
		if r.dirty {
			rep.sessions = append(rep.sessions, s.reportOf(r))
		}
		if beat && r.value != r.copied && !r.frozen {
			r.copied = r.value
			rep.copies = append(rep.copies, copied{r.ref, r.gen, r.value})
		}
	}
	for _, ref := range s.unsaid {
		if gen, ok := s.ended[ref]; ok {
			rep.sessions = append(rep.sessions, registry.SessionReport{Session: ref, Generation: gen, Released: s.releasedOf(ref)})
			rep.ended = append(rep.ended, registry.EndedSession{Session: ref, Generation: gen})
		}
	}
	s.unsaid = s.unsaid[:0]
	if !beat && len(rep.sessions)+len(rep.ended) == 0 {
		s.w.hub.unsaid(rep)
		return
	}
	if beat && s.w.changing(rollouts) {
		conns := s.conns
		rep.conns = &conns
	}
	st.serial++
	rep.serial = st.serial
	st.up(rep)
}

// welcome is the control plane's answer to a hello.
func (s *server) welcome(st *stream, want model.ServerState, drain *model.Drain, stale []stale, first model.SeatID) {
	if s.stream != st {
		return
	}
	st.welcomed, s.welcomed = true, true
	s.want, s.drain, s.firstSeat = want, drain, first
	for _, x := range stale {
		s.close(x.ref, x.gen, &handover.Redirect{}, "stale")
	}
	s.excused = false
	s.changed(nil)
}

// bring opens a session here. Asked again for one that is here, it says yes again.
func (s *server) bring(o handover.Opening, value uint64, answer func(refusal string)) {
	if r := s.rooms[o.Session]; r != nil {
		switch {
		case r.gen == o.Generation:
			answer("")
			return
		case r.gen > o.Generation:
			answer("here with a newer generation")
			return
		}
		s.close(o.Session, r.gen, &handover.Redirect{}, "replaced")
	}
	r := s.open(o.Session, o.Generation, o.Capacity)
	r.opening = true
	r.value = value
	s.w.rules.brought(r, o.Complete)
	s.node.after(s.w.between(time.Millisecond, 200*time.Millisecond), func() {
		r.opening = false
		if !r.over {
			s.linger(r)
			s.changed(r)
		}
		answer("")
	})
}

// freeze stops a session so that it can be handed over. One that nobody has entered yet has no state.
func (s *server) freeze(ref model.SessionRef, gen model.Generation, answer func(value uint64, refusal string)) {
	r := s.rooms[ref]
	switch {
	case r == nil:
		s.w.cover(frozeUnentered)
		if s.departed[ref].gen < gen {
			r = s.open(ref, gen, 0)
			r.hollow, r.frozen, r.frozenAt = true, true, s.w.loop.Now()
		}
		answer(0, "")
		return
	case r.gen > gen:
		answer(0, "here with a newer generation")
		return
	case r.frozen:
		answer(r.final, "")
		return
	}
	r.gen = gen
	r.frozen = true
	r.final, r.frozenAt = r.value, s.w.loop.Now()
	s.w.note("froze", string(ref.Key), string(s.instance.ID), r.value)
	answer(r.final, "")
}

// resume takes a freeze back.
func (s *server) resume(ref model.SessionRef, gen model.Generation) {
	r := s.rooms[ref]
	if r == nil || r.gen > gen || !r.frozen {
		return
	}
	r.frozen = false
	if r.hollow {
		s.end(r)
		return
	}
	s.w.note("resumed", string(ref.Key), string(s.instance.ID), 0)
	s.w.cover(frozenResumed)
	s.changed(r)
	if len(r.seats) == 0 {
		s.linger(r)
	}
}

// close ends a session here: nil tells its players that it is over; else they go where to says, or join again.
func (s *server) close(ref model.SessionRef, gen model.Generation, to *handover.Redirect, why string) {
	if r := s.rooms[ref]; r != nil && r.gen > gen {
		return
	}
	r := s.depart(ref, gen)
	s.changed(nil)
	if r == nil {
		return
	}
	s.w.note("closed: "+why, string(ref.Key), string(s.instance.ID), uint64(len(r.seats)))
	s.w.rules.closed(r, to, why)
	for _, x := range r.seats {
		s.w.rules.released(s, x.id)
		if x.conn == 0 {
			continue
		}
		client, conn := x.player, x.conn
		var ticket *handover.PlayerTicket
		if to != nil {
			for i := range to.Tickets {
				if to.Tickets[i].Player == client.id {
					ticket = &to.Tickets[i]
				}
			}
		}
		s.tell(client, conn, func() { client.closed(to != nil, ticket) })
	}
}

// tell sends something over a client's connection; a message that is lost breaks it.
func (s *server) tell(c *client, conn uint64, do func()) {
	s.w.net.send(s.node, c.node, func() {
		if c.conn == conn {
			do()
		}
	}, func() { s.w.loop.After(s.w.between(100*time.Millisecond, 3*time.Second), func() { c.cut(conn) }) })
}

// leaves is a player who says goodbye.
func (s *server) leaves(c *client, conn uint64) {
	for _, r := range s.list {
		for _, x := range r.seats {
			if x.player == c && x.conn == conn {
				if r.frozen {
					s.lostConn(c, conn, resumeWindow) // it holds what comes in
					return
				}
				s.release(r, x.id)
				return
			}
		}
	}
}

// releaseAsked is a player who was taken out by the control plane.
func (s *server) releaseAsked(ref model.SessionRef, id model.SeatID) {
	r := s.rooms[ref]
	if r == nil || r.numbered(id) < 0 {
		s.released[id] = ref
		s.w.rules.released(s, id)
		return
	}
	x := r.seats[r.numbered(id)]
	s.release(r, id)
	if x.conn != 0 {
		s.tell(x.player, x.conn, func() { x.player.closed(false, nil) })
	}
}

// lostConn is a connection that broke, or went silent, as the server notices it after a while.
func (s *server) lostConn(c *client, conn uint64, after time.Duration) {
	s.node.after(after, func() {
		if c.conn == conn {
			return // it was a second answer that nobody took: the connection is the client's all the same
		}
		for _, r := range s.list {
			for i := range r.seats {
				x := &r.seats[i]
				if x.player != c || x.conn != conn {
					continue
				}
				x.conn = 0
				x.losses++
				s.conns.Lost++
				s.forgetLater(r, x.id, x.losses)
				return
			}
		}
	})
}

// forgetLater frees the seat of a lost connection whose player does not come back.
func (s *server) forgetLater(r *room, id model.SeatID, losses uint64) {
	s.node.after(resumeWindow, func() {
		i := r.numbered(id)
		if r.over || i < 0 || r.seats[i].conn != 0 || r.seats[i].losses != losses {
			return
		}
		if r.frozen {
			s.forgetLater(r, id, losses)
			return
		}
		if r.seats[i].player.ghost {
			s.w.cover(ghostForgotten)
		}
		s.release(r, id)
	})
}

// died is the end of the server's process, as everybody else notices it.
func (s *server) died() {
	w := s.w
	s.node.die()
	if st := s.stream; st != nil {
		s.stream = nil
		w.loop.After(w.between(10*time.Millisecond, 2*time.Second), st.endAtHub)
	}
	for _, r := range s.list {
		w.unhost(r)
		for _, x := range r.seats {
			c, conn := x.player, x.conn
			w.rules.released(s, x.id)
			if conn != 0 {
				w.loop.After(w.between(10*time.Millisecond, 2*time.Second), func() { c.cut(conn) })
			}
		}
	}
	w.keepersLook()
}
