package chaos

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/seatbook"
)

// room is a session on its server as a game there has it: who is connected, and the state. Which tickets are good and what is
// said of it is the server's book's, which is the real one; what is here is what the rules look at.
type room struct {
	server  *server
	ref     model.SessionRef
	held    *seatbook.Session
	gen     model.Generation
	seats   []seat // of those who were let in
	opening bool
	frozen  bool
	over    bool
	excused bool   // a registry that forgot everything could not hear of it in time: it may have begun anew elsewhere
	emptied uint64 // counts how often it became empty
	value   uint64 // the session's state: it grows while somebody plays
	copied  uint64 // the value that was copied last
	final   uint64 // the value it was frozen with
}

// seat is one that was let in.
type seat struct {
	id     model.SeatID
	player *client
	conn   uint64 // the client's connection; 0: lost, and it may come back
	losses uint64
}

func (r *room) accepts() bool { return !r.over && !r.opening && !r.frozen && r.server.node.up }

// holds tells whether a client is there with a connection.
func (r *room) holds(c *client, conn uint64) bool {
	return !r.over && r.server.node.up && slices.ContainsFunc(r.seats, func(x seat) bool { return x.player == c && x.conn == conn })
}

func (r *room) numbered(id model.SeatID) int {
	return slices.IndexFunc(r.seats, func(s seat) bool { return s.id == id })
}

// take takes a seat out of the room and answers it.
func (r *room) take(id model.SeatID) (x seat, was bool) {
	i := r.numbered(id)
	if i < 0 {
		return seat{}, false
	}
	x = r.seats[i]
	r.seats = slices.Delete(r.seats, i, i+1)
	r.server.w.rules.released(r.server, id)
	if len(r.seats) == 0 {
		r.server.linger(r, lingerFor)
	}
	return x, true
}

// begin makes the room of a session that is new on the server.
func (s *server) begin(held *seatbook.Session) *room {
	r := &room{server: s, ref: held.Ref, held: held, gen: held.Generation(), excused: s.excused}
	s.rooms[r.ref] = r
	s.list = append(s.list, r)
	s.w.hosts[r.ref] = append(s.w.hosts[r.ref], r)
	s.w.note("opened", string(r.ref.Key), string(s.instance.ID), uint64(r.gen))
	return r
}

// drop takes a room off the server.
func (s *server) drop(r *room) {
	r.over = true
	delete(s.rooms, r.ref)
	s.list = slices.DeleteFunc(s.list, func(x *room) bool { return x == r })
	s.w.unhost(r)
}

// linger ends an empty session if nobody comes for a while, as the built-in room server does.
func (s *server) linger(r *room, while time.Duration) {
	r.emptied++
	times := r.emptied
	s.node.after(while, func() {
		if r.over || r.frozen || len(r.seats) > 0 || r.emptied != times {
			return
		}
		s.w.note("lingered out", string(r.ref.Key), string(s.instance.ID), uint64(r.gen))
		s.drop(r)
		s.book.End(r.held, s.node.now())
		s.changed()
	})
}
