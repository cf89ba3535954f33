package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Reserve implements registry.Joins.
func (m *Memory) Reserve(_ context.Context, req registry.Reserve) (registry.Reservation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(req.Now)
	if req.RequestID != "" {
		m.requests.turn(req.Now)
		if a, ok := m.requests.find(req.RequestID); ok {
			if !a.answers(&req) {
				return registry.Reservation{}, fmt.Errorf("request id %s was used for another join: %w", req.RequestID, registry.ErrConflict)
			}
			if a.good() {
				return a.session.reservation(slices.Clone(a.seats), a.created), nil
			}
			if !a.session.ended { // it moved, or moves: the players' seats are where it is now
				req.Key = a.session.ref.Key
			}
		}
	}
	x, created, err := m.seek(&req)
	if err != nil {
		return registry.Reservation{}, err
	}
	seats := m.seatParty(x, &req)
	x.joined = req.Now.UnixNano()
	m.settle(x)
	m.changed()
	if req.RequestID != "" {
		m.requests.remember(req.RequestID, answer{session: x, generation: x.generation, created: created, seats: slices.Clone(seats)})
	}
	return x.reservation(seats, created), nil
}

// good tells whether the answer still leads to the session: it has neither ended nor moved since.
func (a *answer) good() bool {
	return !a.session.ended && a.session.generation == a.generation && a.session.state == model.SessionLive
}

// answers tells whether req is the join that was answered.
func (a *answer) answers(req *registry.Reserve) bool {
	ref := a.session.ref
	return ref.Route == req.Route && (req.Key == "" || req.Key == ref.Key) &&
		slices.EqualFunc(a.seats, req.Players, func(s model.Seat, p model.PlayerID) bool { return s.Player == p })
}

// seek finds or opens the session for a join, with room for all of its players.
func (m *Memory) seek(req *registry.Reserve) (x *session, created bool, err error) {
	n := len(req.Players)
	if n == 0 || n > model.MaxParty {
		return nil, false, fmt.Errorf("%d players: %w", n, registry.ErrTooLarge)
	}
	key := req.Key
	if key == "" {
		if x := m.fullest(req.Route, req.Fleets, n); x != nil {
			return x, false, nil
		}
		key = req.NewKey
	}
	ref := model.SessionRef{Route: req.Route, Key: key}
	if x := m.sessions[ref]; x != nil {
		if len(req.Fleets) == 0 && x.found && len(x.seats.list) == 0 {
			return nil, false, &refusal{ref: ref, reason: registry.ErrFull} // as if it were not there
		}
		return x, false, x.takes(req.Players)
	}
	if !m.over(ref, req.Now) {
		return nil, false, &refusal{ref: ref, reason: registry.ErrMoving, ending: true}
	}
	if s := m.best(req.Fleets, n, nil); s != nil {
		x := m.open(ref, s, m.nextGeneration(), s.SeatsPerSession, req.Now)
		m.sessionBegun(x)
		return x, true, nil
	}
	if m.tooLarge(req.Fleets, n) {
		return nil, false, fmt.Errorf("%d players for %s: %w", n, ref, registry.ErrTooLarge)
	}
	return nil, false, &refusal{ref: ref, reason: registry.ErrFull}
}

// fullest is the fullest session of the fleets in order with n seats to give; nil if there is none.
func (m *Memory) fullest(route model.RouteName, fleets []model.FleetName, n int) *session {
	for _, name := range fleets {
		if f := m.fleets[name]; f != nil {
			if l := f.sessions[route]; l != nil {
				if x, ok := l.from(n); ok {
					return x
				}
			}
		}
	}
	return nil
}

// best is the best server for a new session of n players that is also good (nil: any), of the first fleet that has one.
func (m *Memory) best(fleets []model.FleetName, n int, good func(*server) bool) *server {
	for _, name := range fleets {
		if f := m.fleets[name]; f != nil {
			if s := f.best(n, good); s != nil {
				return s
			}
		}
	}
	return nil
}

// tooLarge tells whether the fleets have servers and none could ever hold n players in one session.
func (m *Memory) tooLarge(fleets []model.FleetName, n int) bool {
	known := false
	for _, name := range fleets {
		if f := m.fleets[name]; f != nil {
			for size := range f.sizes {
				if size >= n {
					return false
				}
				known = true
			}
		}
	}
	return known
}

// takes tells why the players cannot join the session by its key now; nil if they can.
func (x *session) takes(players []model.PlayerID) error {
	if x.state == model.SessionMoving || x.server == nil || x.server.State.Terminal() {
		return x.refuse(refusal{ref: x.ref, reason: registry.ErrMoving})
	}
	if len(players) > x.capacity {
		return fmt.Errorf("%d players for %s of %d seats: %w", len(players), x.ref, x.capacity, registry.ErrTooLarge)
	}
	more := 0
	for _, p := range players {
		if x.seats.of(p) < 0 {
			more++
		}
	}
	if more > min(x.free(), max(0, x.server.freeSeats())) {
		return x.refuse(refusal{ref: x.ref, reason: registry.ErrSessionFull, left: x.free(), wanted: more})
	}
	return nil
}

// refuse gives a refusal: the last one, where it is the same.
func (x *session) refuse(why refusal) error {
	if x.refused == nil || *x.refused != why {
		x.refused = new(why)
	}
	return x.refused
}

// refusal is why a join finds no seat for now. Joins that wait are refused again and again, and hardly ever does anybody
// read why: it is put into words only then.
type refusal struct {
	ref          model.SessionRef
	reason       error // registry.ErrFull, registry.ErrMoving or registry.ErrSessionFull
	left, wanted int   // seats, of a session that is full
	ending       bool  // it is over, and in the way
}

// Error says what was asked for and why it is not there.
func (r *refusal) Error() string {
	switch {
	case r.ending:
		return fmt.Sprintf("%s was ended, and its server has not heard of it yet: %v", r.ref, r.reason)
	case r.reason == registry.ErrFull:
		return fmt.Sprintf("no open server for %s: %v", r.ref, r.reason)
	case r.reason == registry.ErrSessionFull:
		return fmt.Sprintf("%s has %d seats left, %d wanted: %v", r.ref, r.left, r.wanted, r.reason)
	default:
		return fmt.Sprintf("%s: %v", r.ref, r.reason)
	}
}

// Unwrap gives the reason.
func (r *refusal) Unwrap() error { return r.reason }

// seatParty gives every player a seat of a session that has room: the one it holds, prolonged if it is only reserved,
// or a new one.
func (m *Memory) seatParty(x *session, req *registry.Reserve) []model.Seat {
	out := make([]model.Seat, len(req.Players))
	expires := req.ExpiresAt.UnixNano()
	if x.server.Linkless {
		expires = 0
	}
	for i, p := range req.Players {
		at := x.seats.of(p)
		if at < 0 {
			m.addSeat(x, seat{id: m.nextSeat(), player: p, expires: expires})
			m.seatTaken(x)
			at = len(x.seats.list) - 1
		} else if s := &x.seats.list[at]; s.expires != 0 {
			s.expires = max(s.expires, expires)
		}
		out[i] = x.seats.list[at].model()
	}
	return out
}

func (x *session) reservation(seats []model.Seat, created bool) registry.Reservation {
	return registry.Reservation{
		Session: x.ref, Generation: x.generation, SessionCapacity: x.capacity, Fleet: x.fleet.name,
		Server: x.server.ID, Endpoints: x.server.Endpoints, Seats: seats, Created: created, Linkless: x.server.Linkless,
	}
}

// Leave implements registry.Joins.
func (m *Memory) Leave(_ context.Context, ref model.SessionRef, player model.PlayerID, now time.Time) (model.Seat, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	x := m.sessions[ref]
	if x == nil {
		return model.Seat{}, fmt.Errorf("session %s: %w", ref, registry.ErrNotFound)
	}
	i := x.seats.of(player)
	if i < 0 {
		return model.Seat{}, fmt.Errorf("%s in %s: %w", player, ref, registry.ErrNotFound)
	}
	left := x.seats.list[i].model()
	if left.State == model.SeatClaimed && x.server != nil {
		x.server.oweSeat(ref)
	}
	x.promise(i)
	m.unseat(x, i)
	m.settle(x)
	m.changed()
	return left, nil
}
