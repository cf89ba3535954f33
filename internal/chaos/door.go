package chaos

import (
	"errors"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/seatbook"
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

// forgedSeat is added to a seat's number by a planted bug.
const forgedSeat = model.SeatID(1 << 41)

// knock is a client with a ticket on its way to a server's door.
type knock struct {
	client *client
	turn   uint64 // of the client's
	server *server
	conn   uint64
	ticket *ticket.Claims
	first  admission // memory for the door's answer
	came   bool
}

func (k *knock) doubt() {}
func (k *knock) lost()  {}
func (k *knock) arrive() {
	s := k.server
	if !s.welcomed {
		return
	}
	a := &k.first
	if k.came {
		a = &admission{}
	}
	k.came = true
	a.knock = k
	a.answer, a.room = s.claim(k.ticket, k.client, k.conn)
	s.w.net.post(s.node, k.client.node, a)
}

// admission is the door's answer on its way back.
type admission struct {
	knock  *knock
	answer answer
	room   *room
}

func (a *admission) in() bool { return a.answer == entered || a.answer == resumed }
func (a *admission) doubt()   {}
func (a *admission) lost() {
	if k := a.knock; a.in() {
		k.server.w.cover(claimAnswerLost)
		k.server.lostConn(k.client, k.conn, idleAfter)
	}
}

func (a *admission) arrive() {
	k := a.knock
	switch {
	case *k.client.turn == k.turn:
		k.client.admitted(a.answer, a.room, k.conn)
	case a.in(): // nobody is there any more
		k.server.lostConn(k.client, k.conn, 0)
	}
}

// goodbye is a client who leaves, on its way to the server.
type goodbye struct {
	client *client
	server *server
	conn   uint64
}

func (g *goodbye) doubt()  {}
func (g *goodbye) arrive() { g.server.leaves(g.client, g.conn) }
func (g *goodbye) lost()   { g.server.lostConn(g.client, g.conn, idleAfter) }

// claim is a client at the door with a ticket. The book is the last gate; the room has who came in.
func (s *server) claim(c *ticket.Claims, who *client, conn uint64) (answer, *room) {
	r := s.rooms[c.Session]
	if held := s.book.Session(c.Session); held != nil && held.Busy() != nil {
		return notReady, r
	}
	if s.refuses && (r == nil || r.numbered(c.Seat) < 0) && s.w.loop.Rand.Float64() < refusedShare {
		s.book.Connections.Refused++
		return refused, r
	}
	shown := s.shown(c)
	held, how, err := s.book.Claim(shown, s.node.now())
	if errors.Is(err, ticket.ErrReleased) && s.w.has(TicketTwice) {
		forged := *shown
		forged.Seat += forgedSeat
		shown = &forged
		held, how, err = s.book.Claim(shown, s.node.now())
	}
	s.changed()
	if err != nil {
		return s.turnedAway(err), r
	}
	if r == nil {
		r = s.begin(held)
	}
	r.gen = held.Generation()
	if s.w.has(TwoSeats) {
		how = seatbook.Entry{} // whoever comes again is somebody else
	}
	if how.Resumed {
		x := &r.seats[r.numbered(c.Seat)]
		s.cutOlder(x, conn)
		x.conn = conn
		return resumed, r
	}
	if i := r.numbered(how.Replaced); i >= 0 {
		s.w.cover(seatReplaced)
		s.cutOlder(&r.seats[i], conn)
		r.take(how.Replaced)
	}
	r.seats = append(r.seats, seat{id: shown.Seat, player: who, conn: conn})
	r.emptied++
	s.w.rules.claimed(r, c, who)
	return entered, r
}

// shown is the ticket as the book sees it.
func (s *server) shown(c *ticket.Claims) *ticket.Claims {
	if !s.w.has(Oversell) {
		return c
	}
	more := *c
	more.Capacity++
	return &more
}

// cutOlder closes the older connection of a seat or player who came again.
func (s *server) cutOlder(x *seat, conn uint64) {
	if who, older := x.player, x.conn; older != 0 && older != conn {
		s.tell(who, older, func() { who.cut(older) })
	}
}

// turnedAway is the answer to somebody whom the book refused.
func (s *server) turnedAway(why error) answer {
	switch {
	case errors.Is(why, ticket.ErrReleased):
		s.w.cover(releasedTicketRefused)
	case errors.Is(why, ticket.ErrExpired):
		s.w.cover(expiredTicketRefused)
	case errors.Is(why, seatbook.ErrGone):
		s.w.cover(departedTicketRefused)
	default:
		s.w.cover(doorRefused)
		return noRoom
	}
	return refused
}
