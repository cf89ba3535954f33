package chaos

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/ticket"
)

// How a server answers at its door.
type answer uint8

const (
	entered answer = iota
	resumed
	notReady // the session is being opened or handed over
	refused  // the ticket opens nothing any more
	noRoom
)

// room is a session on its server, as sdk/go/server keeps it.
type room struct {
	server   *server
	ref      model.SessionRef
	gen      model.Generation
	capacity int
	seats    []seat // claimed
	released []model.SeatID
	dirty    bool
	opening  bool
	frozen   bool
	hollow   bool // nobody has entered it: it was frozen so that nobody comes
	over     bool
	excused  bool   // a registry that forgot everything could not hear of it in time: it may have begun anew elsewhere
	emptied  uint64 // counts how often it became empty
	value    uint64 // the session's state: it grows while somebody plays
	copied   uint64 // the value that was copied last
	final    uint64 // the value it was frozen with
	frozenAt time.Time
}

// seat is a claimed one.
type seat struct {
	id     model.SeatID
	player *client
	conn   uint64 // the client's connection; 0: lost, and it may come back
	losses uint64
	until  time.Time // of its ticket
}

func (r *room) accepts() bool { return !r.over && !r.opening && !r.frozen && r.server.node.up }

// holds tells whether a client is there with a connection.
func (r *room) holds(c *client, conn uint64) bool {
	return !r.over && r.server.node.up && slices.ContainsFunc(r.seats, func(x seat) bool { return x.player == c && x.conn == conn })
}

func (r *room) numbered(id model.SeatID) int {
	return slices.IndexFunc(r.seats, func(s seat) bool { return s.id == id })
}

// departure is what is remembered of a session that left.
type departure struct {
	gen   model.Generation
	until time.Time
}

// ticketMemory is how long refused tickets are remembered, as sdk/go/server does.
const ticketMemory = 2 * model.TicketTTL

// claim is a client at the door with a ticket: the last gate.
func (s *server) claim(c *ticket.Claims, who *client, conn uint64) (answer, *room) {
	r := s.rooms[c.Session]
	if r != nil && (r.opening || r.frozen) {
		return notReady, r
	}
	if r != nil {
		if i := r.numbered(c.Seat); i >= 0 && r.seats[i].player == who && !s.w.has(TwoSeats) {
			if older := r.seats[i].conn; older != 0 && older != conn {
				s.tell(who, older, func() { who.cut(older) })
			}
			r.seats[i].conn = conn
			r.seats[i].until = later(r.seats[i].until, c.ExpiresAt)
			s.conns.Resumed++
			return resumed, r
		}
	}
	if a := s.admit(c, r, who); a != entered {
		s.conns.Refused++
		return a, r
	}
	s.conns.Admitted++
	if r == nil {
		r = s.open(c.Session, c.Generation, c.Capacity)
	}
	r.gen, r.capacity = c.Generation, c.Capacity
	if i := slices.IndexFunc(r.seats, func(x seat) bool { return x.player == who }); i >= 0 && !s.w.has(TwoSeats) {
		s.w.cover(seatReplaced)
		if older := r.seats[i].conn; older != 0 && older != conn {
			s.tell(who, older, func() { who.cut(older) })
		}
		s.release(r, r.seats[i].id)
	}
	r.seats = append(r.seats, seat{id: c.Seat, player: who, conn: conn, until: c.ExpiresAt})
	r.emptied++
	s.changed(r)
	s.w.rules.claimed(r, c, who)
	return entered, r
}

func (s *server) admit(c *ticket.Claims, r *room, who *client) answer {
	_, released := s.released[c.Seat]
	if s.w.has(TicketTwice) {
		released = false
	}
	switch {
	case s.refuses && s.w.loop.Rand.Float64() < refusedShare:
		return refused
	case released:
		s.w.cover(releasedTicketRefused)
		return refused
	case !s.node.now().Before(c.ExpiresAt):
		s.w.cover(expiredTicketRefused)
		return refused
	case r == nil && c.Seat < s.firstSeat:
		return refused
	case s.departed[c.Session].gen >= c.Generation:
		s.w.cover(departedTicketRefused)
		return refused
	case r == nil && len(s.rooms) >= s.capacity.Sessions:
		s.w.cover(doorRefused)
		return noRoom
	case r != nil && r.gen > c.Generation:
		return refused
	}
	taken, all := 0, 0
	if r != nil {
		taken = len(r.seats)
		if slices.ContainsFunc(r.seats, func(x seat) bool { return x.player == who }) {
			taken--
		}
	}
	for _, x := range s.list {
		all += len(x.seats)
	}
	if (taken >= c.Capacity || all >= s.capacity.Seats) && !s.w.has(Oversell) {
		s.w.cover(doorRefused)
		return noRoom
	}
	return entered
}

// open makes a session on the server; it is not there.
func (s *server) open(ref model.SessionRef, gen model.Generation, capacity int) *room {
	r := &room{server: s, ref: ref, gen: gen, capacity: capacity}
	s.rooms[ref] = r
	s.list = append(s.list, r)
	if slices.Contains(s.unsaid, ref) {
		r.released = s.releasedOf(ref)
	}
	delete(s.ended, ref)
	s.w.hosts[ref] = append(s.w.hosts[ref], r)
	s.w.note("opened", string(ref.Key), string(s.instance.ID), uint64(gen))
	s.changed(r)
	return r
}

// drop takes a session off the server.
func (s *server) drop(r *room) {
	r.over = true
	delete(s.rooms, r.ref)
	s.list = slices.DeleteFunc(s.list, func(x *room) bool { return x == r })
	s.w.unhost(r)
}

// release frees a seat; from now on its ticket opens nothing.
func (s *server) release(r *room, id model.SeatID) {
	i := r.numbered(id)
	if i < 0 {
		return
	}
	s.released[id] = r.ref
	r.released = append(r.released, id)
	r.seats = slices.Delete(r.seats, i, i+1)
	s.w.rules.released(s, id)
	s.changed(r)
	if len(r.seats) == 0 {
		s.linger(r)
	}
}

// depart takes a session off the server that lives elsewhere or is over by the control plane's word.
func (s *server) depart(ref model.SessionRef, gen model.Generation) *room {
	r := s.rooms[ref]
	until := s.node.now().Add(ticketMemory)
	if r != nil {
		gen = max(gen, r.gen)
		s.drop(r)
	}
	s.departed[ref] = departure{max(gen, s.departed[ref].gen), until}
	return r
}

// linger ends an empty session if nobody comes for a while, as the built-in room server does.
func (s *server) linger(r *room) {
	r.emptied++
	times := r.emptied
	s.node.after(lingerFor, func() {
		if r.over || r.frozen || len(r.seats) > 0 || r.emptied != times {
			return
		}
		s.w.note("lingered out", string(r.ref.Key), string(s.instance.ID), uint64(r.gen))
		s.end(r)
	})
}

// end takes a session off the server that ended on its own.
func (s *server) end(r *room) {
	s.drop(r)
	s.ended[r.ref] = r.gen
	s.unsaid = append(s.unsaid, r.ref)
	s.changed(nil)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
