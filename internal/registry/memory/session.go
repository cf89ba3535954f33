package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// session is what is known of one session.
type session struct {
	ref        model.SessionRef // what is asked for first lies together
	server     *server          // nil after a crash
	generation model.Generation // see regenerate
	seats      seats
	promised   int64 // until when a seat's ticket may open it that went unclaimed, Unix nanoseconds; 0: there is none
	place      spot
	at         int32 // in server.sessions
	state      model.SessionState
	placed     bool // Moving, and on its new server already
	used       bool // a seat was claimed once: it is the server's to say that it ended
	found      bool // brought back by its server, and not placed by this registry
	frozen     bool // by what its server said last: its players wait to be told where it is
	ended      bool
	capacity   int
	on         *ladder[*session] // its route's on its fleet, for its server
	revision   uint64
	joined     int64 // last join, Unix nanoseconds; 0: none here
	fleet      *fleet
	route      *route
	created    int64             // Unix nanoseconds
	move       model.Generation  // the number of the last one that was begun
	left       []model.Departure // never changed in place
	refused    *refusal          // the last one of a join; never changed
}

func (x *session) spot() *spot { return &x.place }

func (x *session) free() int { return x.capacity - len(x.seats.list) }

// rank puts the session where it now belongs on its ladder.
func (x *session) rank() {
	rank := 0
	if x.server != nil && x.server.takes() && x.state == model.SessionLive && !x.ended {
		rank, _ = place.SessionRank(max(0, x.free()), max(0, x.server.freeSeats()))
	}
	x.on.put(x, rank)
}

func (x *session) model() model.Session {
	out := model.Session{
		SessionRef: x.ref, Fleet: x.fleet.name, State: x.state, Generation: x.generation, Move: x.move, Capacity: x.capacity,
		SeatsReserved: x.seats.reserved(), SeatsClaimed: x.seats.claimed, Left: x.left,
		CreatedAt: time.Unix(0, x.created), Revision: x.revision,
	}
	if x.joined != 0 {
		out.JoinedAt = time.Unix(0, x.joined)
	}
	if x.server != nil {
		out.Server = x.server.ID
	}
	return out
}

func (x *session) modelWithSeats() model.Session {
	out := x.model()
	out.Seats = x.seats.models()
	return out
}

// open makes a live session without seats on a server.
func (m *Memory) open(ref model.SessionRef, s *server, gen model.Generation, capacity int, now time.Time) *session {
	x := &session{ref: ref, capacity: capacity, created: now.UnixNano(), state: model.SessionLive}
	m.sessions[ref] = x
	m.regenerate(x, gen)
	x.route = m.route(ref.Route)
	x.route.count.Sessions++
	m.attach(x, s, now)
	return x
}

// regenerate gives a session a generation, by which find finds it.
func (m *Memory) regenerate(x *session, gen model.Generation) {
	by := &m.by.generation
	by.forget(uint64(x.generation), x)
	x.generation = gen
	if by.full(len(m.sessions)) {
		by.clear(len(m.sessions))
		for _, other := range m.sessions {
			by.put(uint64(other.generation), other)
		}
	}
	by.put(uint64(gen), x)
}

// find finds the session of a name, whose generation is probably gen; nil if there is none.
func (m *Memory) find(ref model.SessionRef, gen model.Generation) *session {
	if x := m.by.generation.find(uint64(gen)); x != nil && x.generation == gen && x.ref == ref {
		return x
	}
	return m.sessions[ref]
}

// attach puts a session, with its seats, on a server.
func (m *Memory) attach(x *session, s *server, now time.Time) {
	x.server, x.fleet, x.on, x.at = s, s.fleet, s.fleet.ladder(x.ref.Route, s.Avoided), int32(len(s.sessions))
	s.sessions = append(s.sessions, x)
	s.Sessions++
	s.FilledAt = now
	s.SessionsActive += x.active()
	s.SeatsReserved += x.seats.reserved()
	s.SeatsClaimed += x.seats.claimed
	s.largest = max(s.largest, x.capacity)
}

// detach takes a session off its server, if it has one.
func (m *Memory) detach(x *session) {
	s := x.server
	if s == nil {
		return
	}
	x.on.put(x, 0)
	last := len(s.sessions) - 1
	s.sessions[x.at] = s.sessions[last]
	s.sessions[x.at].at = x.at
	s.sessions[last] = nil
	s.sessions = s.sessions[:last]
	s.Sessions--
	s.SessionsActive -= x.active()
	s.SeatsReserved -= x.seats.reserved()
	s.SeatsClaimed -= x.seats.claimed
	s.Revision = m.nextRevision()
	x.server = nil
	s.seated(nil)
}

// end removes a session.
func (m *Memory) end(x *session) {
	m.seatsFreed(x, len(x.seats.list))
	m.detach(x)
	m.forgetLeft(x)
	x.ended = true
	delete(m.moving, x)
	m.uncountSession(x)
	m.by.generation.forget(uint64(x.generation), x)
	delete(m.sessions, x.ref)
}

// turnTo changes a session's state.
func (m *Memory) turnTo(x *session, state model.SessionState) {
	x.state = state
	if state == model.SessionMoving {
		m.moving[x] = struct{}{}
	} else if len(x.left) == 0 {
		delete(m.moving, x)
	}
}

// settle is called after the seats of a session changed: it ends one that nobody used or can use any more.
func (m *Memory) settle(x *session) {
	if len(x.seats.list) == 0 && !x.used && x.promised == 0 {
		m.end(x)
		return
	}
	x.revision = m.nextRevision()
	if x.server != nil {
		x.server.Revision = x.revision
		x.server.seated(x)
	}
}

// addSeat adds a seat, without settling.
func (m *Memory) addSeat(x *session, s seat) {
	x.seats.add(s, x.capacity)
	m.seatsChanged(x, 1)
	switch {
	case s.expires == 0:
		x.used = true
		m.count(x, 0, 1)
	default:
		m.due.push(due{at: s.expires, session: x, seat: s.id})
		m.count(x, 1, 0)
	}
}

// claimSeat makes the i-th seat a claimed one, without settling. Where its player has one of another number on the server, the
// ticket of what was reserved is good all the same.
func (m *Memory) claimSeat(x *session, i int, id model.SeatID) {
	if x.seats.list[i].id != id {
		x.promise(i)
	}
	if x.seats.list[i].expires != 0 {
		m.count(x, -1, 1)
	}
	x.seats.claim(i, id)
	x.used = true
}

// promise notes that the ticket of the i-th seat, which goes, may open the session all the same, if nobody came with it.
func (x *session) promise(i int) { x.promised = max(x.promised, x.seats.list[i].expires) }

// unseat removes the i-th seat, without settling.
func (m *Memory) unseat(x *session, i int) {
	m.seatsFreed(x, 1)
	if x.seats.list[i].expires == 0 {
		m.count(x, 0, -1)
	} else {
		m.count(x, -1, 0)
	}
	x.seats.remove(i)
	m.seatsChanged(x, -1)
}

func (m *Memory) count(x *session, reserved, claimed int) {
	if x.server != nil {
		x.server.SeatsReserved += reserved
		x.server.SeatsClaimed += claimed
	}
}

// sessionAt finds a session whose generation is gen.
func (m *Memory) sessionAt(ref model.SessionRef, gen model.Generation) (*session, error) {
	x := m.find(ref, gen)
	if x == nil {
		return nil, fmt.Errorf("session %s: %w", ref, registry.ErrNotFound)
	}
	if x.generation != gen {
		return nil, fmt.Errorf("session %s is at %d, not %d: %w", ref, x.generation, gen, registry.ErrStale)
	}
	return x, nil
}

// GetSession implements registry.Sessions.
func (m *Memory) GetSession(_ context.Context, ref model.SessionRef) (model.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.sessions[ref]
	if x == nil {
		return model.Session{}, fmt.Errorf("session %s: %w", ref, registry.ErrNotFound)
	}
	return x.modelWithSeats(), nil
}

// EndSession implements registry.Sessions.
func (m *Memory) EndSession(_ context.Context, ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, err := m.sessionAt(ref, gen)
	if err != nil {
		return err
	}
	if serverGen != 0 && (x.server == nil || x.server.Generation != serverGen) {
		return fmt.Errorf("session %s: its server is not at %d any more: %w", ref, serverGen, registry.ErrStale)
	}
	m.ends(x, now)
	m.end(x)
	m.changed()
	return nil
}

// ListSessions implements registry.Sessions. It sorts without holding the lock, so that a long list keeps no join
// waiting; a session that ends meanwhile is left out.
func (m *Memory) ListSessions(_ context.Context, f registry.SessionFilter) ([]model.Session, error) {
	found := m.filter(f)
	slices.SortFunc(found, func(a, b *session) int { return compareRefs(a.ref, b.ref) })
	if f.Limit == 0 {
		f.Limit = len(found)
	}
	out := make([]model.Session, 0, min(f.Limit, len(found)))
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range found {
		if len(out) == f.Limit {
			break
		}
		if !x.ended {
			out = append(out, x.model())
		}
	}
	return out, nil
}

func (m *Memory) filter(f registry.SessionFilter) (found []*session) {
	wanted := func(x *session) bool {
		return (!f.Moving || x.state == model.SessionMoving || len(x.left) > 0) && (f.Route == "" || x.ref.Route == f.Route) && (f.After == (model.SessionRef{}) || compareRefs(x.ref, f.After) > 0)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.Server != "" {
		if s := m.servers[f.Server]; s != nil {
			for _, x := range s.sessions {
				if wanted(x) {
					found = append(found, x)
				}
			}
		}
		return found
	}
	if f.Moving {
		for x := range m.moving {
			if wanted(x) {
				found = append(found, x)
			}
		}
		return found
	}
	for _, x := range m.sessions {
		if wanted(x) {
			found = append(found, x)
		}
	}
	return found
}

func compareRefs(a, b model.SessionRef) int {
	if c := strings.Compare(string(a.Route), string(b.Route)); c != 0 {
		return c
	}
	return strings.Compare(string(a.Key), string(b.Key))
}
