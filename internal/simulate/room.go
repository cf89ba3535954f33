package simulate

import (
	"strconv"
	"strings"

	"greenroom.dev/greenroom/internal/model"
)

// number is that of a session, whatever its route: from 1 for those of the trace, below 0 for those whose key the router
// made up; 0 is none.
type number int64

// madeUp begins the keys of sessions that began without one.
const madeUp = "any"

func (n number) key() model.SessionKey {
	switch {
	case n > 0:
		return model.SessionKey("s" + strconv.FormatInt(int64(n), 10))
	case n < 0:
		return model.SessionKey(madeUp + strconv.FormatInt(int64(-n), 10))
	}
	return ""
}

// numberOf is the number of the session with this key.
func numberOf(key model.SessionKey) number {
	if digits, ok := strings.CutPrefix(string(key), madeUp); ok {
		n, _ := strconv.ParseInt(digits, 10, 64) // it was made by key, like all others
		return number(-n)
	}
	n, _ := strconv.ParseInt(strings.TrimPrefix(string(key), "s"), 10, 64)
	return number(n)
}

// room is a session on its server.
type room struct {
	server   *server
	gen      model.Generation
	seats    []inside
	next     *room // of the same session: while it is handed over it has two
	released []model.SeatID
	emptied  uint64 // counts how often it became empty
	session  number
	capacity int32
	at       int32 // in server.rooms
	dirty    bool
	over     bool
	ref      model.SessionRef
	few      [roomy]inside // where the first seats lie
	fewer    [roomy / 2]model.SeatID
}

// roomy is for how many players a room has memory from the beginning.
const roomy = 4

// inside is a claimed seat.
type inside struct {
	seat   model.SeatID
	player model.PlayerID
}

// rooms is the rooms of all servers by their sessions' numbers. Sessions of one time have numbers that lie together, as do
// their rooms here; in a map they would not, and to find one would be to wait for memory.
type rooms struct{ keyed, unkeyed []*room }

// of is where the first room of a session is kept.
func (r *rooms) of(n number) **room {
	list := &r.keyed
	if n < 0 {
		list, n = &r.unkeyed, -n
	}
	for number(len(*list)) <= n {
		*list = append(*list, nil)
	}
	return &(*list)[n]
}

// on is a session's room on a server; nil if it has none there.
func (r *rooms) on(s *server, n number) *room {
	x := *r.of(n)
	for x != nil && x.server != s {
		x = x.next
	}
	return x
}

// add opens a room on its server.
func (r *rooms) add(x *room) {
	first := r.of(x.session)
	x.next, *first = *first, x
	x.at = int32(len(x.server.rooms))
	x.server.rooms = append(x.server.rooms, x)
}

// remove closes it.
func (r *rooms) remove(x *room) {
	at := r.of(x.session)
	for *at != x {
		at = &(*at).next
	}
	*at = x.next
	on := x.server.rooms
	last := len(on) - 1
	on[x.at] = on[last]
	on[x.at].at = x.at
	on[last] = nil
	x.server.rooms = on[:last]
}
