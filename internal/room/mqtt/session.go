package mqtt

import (
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room"
)

// session is what MQTT calls a session's state: the subscriptions, the messages on their way to the client, and the
// identifiers of QoS 2 messages on their way from it. It belongs to one connection, or, while that is gone and the link is
// parked, to nobody: then it takes messages of QoS 1 and 2 until the player's next connection goes on with it. There
// is at most one for each seat.
type session struct {
	counters *Counters
	keep     bool // it outlives its connection: what is unacknowledged is kept to be sent again
	limit    int  // bytes of waiting and of what is kept

	mu      sync.Mutex
	owner   *conn        // whose it is; what others call does nothing
	out     *room.Outbox // the owner's; nil: there is nobody to send to
	level   byte
	max     int      // receive maximum: of flights
	largest int      // maximum packet size; 0: no limit
	aliases *aliases // nil: the client takes none

	last    uint16   // packet identifier
	flights []flight // sent, in order, not acknowledged
	again   []flight // to be sent again, in order, before anything that waits
	waiting []packet
	bytes   int // of waiting, those granted apart, and kept in flights

	exactly map[uint16]struct{} // QoS 2 identifiers of the client, from PUBLISH to PUBREL; nil: none yet

	// The room's.
	filters []filter
	lagging bool // too slow for a tick's bytes, and not resynchronised yet
	missed  bool // messages were dropped: the retained ones are due
}

// end says that the session is over, if it is c's.
func (s *session) end(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != c {
		return false
	}
	s.owner, s.out, s.flights, s.again, s.waiting, s.bytes = nil, nil, nil, nil, nil, 0
	return true
}

// conclude ends what c may do with the session; with park it takes messages from now on.
func (s *session) conclude(c *conn, park bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner == c && park {
		s.out = nil
	}
}

// pass hands the session from one connection to the next, which has it as a parked one until resume.
func (s *session) pass(from, to *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != from {
		return false
	}
	s.owner, s.out = to, nil
	s.again = append(s.flights, s.again...)
	s.flights = nil
	return true
}

// resume sends what is unacknowledged again, then what waits, to c, whose session it is.
func (s *session) resume(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out, s.max, s.largest, s.aliases = c.out, c.receiveMax, c.largest, c.outAliases
	s.advance(time.Now())
}

// owed is how many bytes the client has not taken, those granted too.
func (s *session) owed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return 0
	}
	n := s.out.Owed()
	for _, p := range s.waiting {
		n += len(p.b)
	}
	return n
}

// online tells whether there is somebody to send to.
func (s *session) online() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out != nil
}
