package chaos

import (
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/link"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/seatbook"
)

// What a server waits, as those of sdk/go/server and the built-in rooms do; the last four are shorter here than there.
const (
	batchWait      = 50 * time.Millisecond // gathers changes before it reports them
	heartbeat      = time.Second
	reconnectFirst = 50 * time.Millisecond
	reconnectLast  = 2 * time.Second
	welcomeWait    = 10 * time.Second
	lingerFor      = 4 * time.Second // an empty session
	idleAfter      = 6 * time.Second // until a silent connection counts as lost
	resumeWindow   = 3 * time.Second // for a lost connection's seat
	restoreWindow  = 9 * time.Second // for those who were in a session that came here
)

// server is a virtual server: the book of sdk/go/server with what is around it there and in the built-in rooms.
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
	book      *seatbook.Book
	lanes     map[model.SessionRef][]func() // requests that wait until a session is opened
	reporting bool
	tells     func() // tellChanges, as it is called later
	refuses   bool   // some of those who come
	heard     heard
	excused   bool // a registry that forgot everything could not hear of it in time
}

func newServer(w *World, start provider.Start) *server {
	s := &server{
		w: w, node: w.newNode(aServer, string(start.ID)), capacity: start.Spec.Capacity,
		instance: provider.Instance{ID: start.ID, Fleet: start.Fleet, Ref: "virtual", StartedAt: w.loop.Now(), Running: true, Revision: start.Revision},
		rooms:    map[model.SessionRef]*room{}, book: seatbook.New(), lanes: map[model.SessionRef][]func(){},
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
	return greetingOf{state: s.want, drain: s.drain, sessions: s.book.Hello()}
}

// changed has the server report soon.
func (s *server) changed() {
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
	for _, r := range s.list {
		if r.frozen {
			continue
		}
		r.value += uint64(len(r.seats))
		if r.value != r.copied && !r.opening {
			r.copied = r.value
			s.book.Copy(r.held, s.w.stateOf(r.value))
		}
	}
	s.flush(true)
	if st := s.stream; st != nil && st.welcomed && s.book.Forgotten(s.node.now()) { // its next hello tells of it
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
	s.book.Report(&rep.book)
	rep.copies = s.book.Copies(rep.copies)
	if !beat && len(rep.book.Sessions)+len(rep.copies) == 0 {
		s.w.hub.unsaid(rep)
		return
	}
	if beat && s.w.changing(rollouts) {
		rep.counted = s.book.Connections
		rep.conns = &rep.counted
	}
	st.serial++
	rep.serial = st.serial
	st.up(rep)
}

// answer sends the answer to a question, and before it what is to be reported: answers are given on what that says.
func (s *server) answer(st *stream, do func()) {
	if s.stream == st {
		s.flush(false)
	}
	st.up(&said{stream: st, answer: do})
}

// welcome is the control plane's answer to a hello.
func (s *server) welcome(st *stream, g *registry.Greeting, over []registry.EndedSession) {
	if s.stream != st {
		return
	}
	st.welcomed, s.welcomed = true, true
	s.want, s.drain = link.Wanted(&g.Server), g.Server.Drain
	if !s.w.has(Oversell) {
		s.book.Limit(g.Server.SessionCapacity, g.Server.SeatCapacity)
	}
	s.book.OpensFrom(g.FirstSeat)
	for _, e := range over {
		s.close(e.Session, e.Generation, &handover.Redirect{}, "stale")
	}
	s.excused = false
	s.changed()
}

// inLane carries out what is asked about one session after what was asked before, as sdk/go/server does.
func (s *server) inLane(ref model.SessionRef, do func()) {
	if waiting, busy := s.lanes[ref]; busy {
		s.lanes[ref] = append(waiting, do)
		return
	}
	do()
}

// bring opens a session here.
func (s *server) bring(o handover.Opening, value uint64, answer func(refusal string)) {
	held, replaced, err := s.book.Open(o.Session, o.Generation, o.Capacity, s.node.now())
	s.changed()
	if replaced != nil {
		s.sendOff(s.rooms[o.Session], &handover.Redirect{}, "replaced")
	}
	if held == nil {
		answer(textOf(err))
		return
	}
	r := s.begin(held)
	r.opening = true
	r.value = value
	s.w.rules.brought(r, o.Complete)
	s.lanes[r.ref] = nil
	s.node.after(s.w.between(time.Millisecond, 200*time.Millisecond), func() {
		r.opening = false
		s.book.Opened(held, false)
		s.linger(r, restoreWindow+lingerFor)
		s.changed()
		answer("")
		waiting := s.lanes[r.ref]
		delete(s.lanes, r.ref)
		for _, do := range waiting {
			s.inLane(r.ref, do)
		}
	})
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// freeze stops a session so that it can be handed over.
func (s *server) freeze(ref model.SessionRef, gen model.Generation, answer func(last *seatbook.Copy, refusal string)) {
	held, last, err := s.book.Freeze(ref, gen, s.node.now())
	if held != nil {
		r := s.rooms[ref]
		r.frozen, r.final = true, r.value
		last, err = s.book.Frozen(held, gen, s.w.stateOf(r.value), nil, s.node.now())
		s.w.note("froze", string(ref.Key), string(s.instance.ID), r.value)
	}
	if r := s.rooms[ref]; r != nil {
		r.gen = r.held.Generation()
	}
	if last != nil && last.Version == 0 {
		s.w.cover(frozeUnentered)
	}
	answer(last, textOf(err))
}

// resume takes a freeze back.
func (s *server) resume(ref model.SessionRef, gen model.Generation) {
	held := s.book.Resume(ref, gen, s.node.now())
	s.changed()
	if held == nil {
		return
	}
	r := s.rooms[ref]
	r.frozen = false
	s.w.note("resumed", string(ref.Key), string(s.instance.ID), 0)
	s.w.cover(frozenResumed)
	if len(r.seats) == 0 {
		s.linger(r, lingerFor)
	}
}

// close ends a session here: nil tells its players that it is over; else they go where to says, or join again.
func (s *server) close(ref model.SessionRef, gen model.Generation, to *handover.Redirect, why string) {
	s.inLane(ref, func() {
		held := s.book.Close(ref, gen, s.node.now())
		s.changed()
		if held != nil {
			s.sendOff(s.rooms[ref], to, why)
		}
	})
}

// sendOff tells the players of a session that left.
func (s *server) sendOff(r *room, to *handover.Redirect, why string) {
	s.drop(r)
	s.w.note("closed: "+why, string(r.ref.Key), string(s.instance.ID), uint64(len(r.seats)))
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

// release frees a seat whose player left.
func (s *server) release(r *room, id model.SeatID) {
	s.book.Release(r.ref, id, s.node.now())
	s.changed()
	r.take(id)
}

// releaseAsked is a player who was taken out by the control plane.
func (s *server) releaseAsked(ref model.SessionRef, id model.SeatID) {
	_, _, was := s.book.Release(ref, id, s.node.now())
	s.changed()
	s.w.rules.released(s, id)
	if !was {
		return
	}
	if x, _ := s.rooms[ref].take(id); x.conn != 0 {
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
				s.book.Connections.Lost++
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
