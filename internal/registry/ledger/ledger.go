// Package ledger owns what is known of servers without a link over a restart of the control plane. Nobody else could tell
// the next one which sessions are on them, and a session that is not known would be begun a second time elsewhere (rules I1
// and I10). Each change of such a session is written down before it is answered, by one append to a file: the file survives
// the death of this process, not that of the machine, with which the players' connections end too.
package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Ledger is a registry that keeps what it is told of static servers without a link. Its methods are safe for concurrent use.
type Ledger struct {
	registry.Registry
	log *slog.Logger

	mu      sync.Mutex
	book    *book
	servers map[model.ServerID]*server
}

// server is what is written down of one server.
type server struct {
	State    model.ServerState
	Drain    *model.Drain // nil: none, or not known
	Sessions map[model.SessionRef]*session
}

type session struct {
	Generation model.Generation
	Capacity   int
	Seats      []model.Seat // ID and Player
}

// Open reads what an earlier control plane wrote at path, and keeps inner's. The error says what is wrong with the file.
func Open(inner registry.Registry, path string, logger *slog.Logger) (*Ledger, error) {
	if logger == nil {
		logger = slog.Default()
	}
	l := &Ledger{Registry: inner, log: logger, servers: map[model.ServerID]*server{}}
	var err error
	if l.book, err = openBook(path, l.apply); err != nil {
		return nil, fmt.Errorf("ledger of servers without a link: %w", err)
	}
	return l, nil
}

// Close closes the file.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.close()
}

// Recall answers what is written down of a server, as a Hello says it; false if nothing is.
func (l *Ledger) Recall(id model.ServerID) (registry.Hello, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.servers[id]
	if s == nil || s.State == model.ServerStateUnknown {
		return registry.Hello{}, false
	}
	h := registry.Hello{Server: id, State: s.State, Drain: s.Drain, Linkless: true}
	for ref, x := range s.Sessions {
		h.Sessions = append(h.Sessions, registry.SessionReport{
			Session: ref, Generation: x.Generation, Capacity: x.Capacity, Claimed: slices.Clone(x.Seats),
		})
	}
	return h, true
}

// Reserve implements registry.Joins. A seat on a server without a link is given once it is written down; if it cannot be,
// the seat is given all the same: nobody is turned away for what may never be needed.
func (l *Ledger) Reserve(ctx context.Context, req registry.Reserve) (registry.Reservation, error) {
	r, err := l.Registry.Reserve(ctx, req)
	if err == nil && r.Linkless && keeps(r.Server) {
		l.noteSeats(ctx, r)
	}
	return r, err
}

// noteSeats writes down the seats of a reservation that are still there: what ended one meanwhile may have been written
// before.
func (l *Ledger) noteSeats(ctx context.Context, r registry.Reservation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, err := l.Registry.GetSession(ctx, r.Session)
	if err != nil || now.Generation != r.Generation || now.Server != r.Server {
		return
	}
	e := entry{Server: r.Server, Route: r.Session.Route, Key: r.Session.Key, Generation: r.Generation, Capacity: r.SessionCapacity}
	for _, s := range r.Seats {
		if slices.ContainsFunc(now.Seats, func(has model.Seat) bool { return has.ID == s.ID }) {
			e.Seats = append(e.Seats, seat{s.ID, s.Player})
		}
	}
	l.write(e)
}

// Leave implements registry.Joins.
func (l *Ledger) Leave(ctx context.Context, ref model.SessionRef, player model.PlayerID, now time.Time) (model.Seat, error) {
	left, err := l.Registry.Leave(ctx, ref, player, now)
	if err == nil {
		l.note(entry{Route: ref.Route, Key: ref.Key, Left: left.ID})
	}
	return left, err
}

// EndSession implements registry.Sessions.
func (l *Ledger) EndSession(ctx context.Context, ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error {
	err := l.Registry.EndSession(ctx, ref, gen, serverGen, now)
	if err == nil {
		l.note(entry{Route: ref.Route, Key: ref.Key, Ended: true})
	}
	return err
}

// SetState implements registry.Servers.
func (l *Ledger) SetState(ctx context.Context, id model.ServerID, gen model.Generation, change registry.StateChange) (model.Server, error) {
	s, err := l.Registry.SetState(ctx, id, gen, change)
	if err == nil && keeps(id) && s.Linkless {
		l.note(entry{Server: id, State: change.State, Drain: s.Drain})
	}
	return s, err
}

// Greet implements registry.Servers. A server that links tells everything itself from then on.
func (l *Ledger) Greet(ctx context.Context, hello registry.Hello) (registry.Greeting, error) {
	g, err := l.Registry.Greet(ctx, hello)
	if err == nil && keeps(hello.Server) && !hello.Linkless {
		l.note(entry{Server: hello.Server, State: model.ServerStopped})
	}
	return g, err
}

// keeps tells whether a server is one that is written down: those that speak the Agones SDK have a memory of their own.
func keeps(id model.ServerID) bool { return model.StaticName(id) != "" }

// note writes an entry down, unless it says nothing new.
func (l *Ledger) note(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(e)
}

// write is note; l.mu is held.
func (l *Ledger) write(e entry) {
	if !l.apply(e) {
		return
	}
	if err := l.book.append(e, l.all); err != nil {
		l.log.Error("what is on a server without a link could not be written down; a restart would not know it", "server", e.Server, "err", err)
	}
}

// apply makes an entry true, and tells whether it changed anything.
func (l *Ledger) apply(e entry) bool {
	switch {
	case e.State == model.ServerReady, e.State.Terminal(), e.State == model.ServerEmpty: // its sessions are over
		_, had := l.servers[e.Server]
		delete(l.servers, e.Server)
		return had
	case e.State != model.ServerStateUnknown:
		s := l.server(e.Server)
		changed := s.State != e.State || !reflect.DeepEqual(s.Drain, e.Drain)
		s.State, s.Drain = e.State, e.Drain
		return changed
	case e.Generation != 0:
		return l.server(e.Server).take(e)
	}
	return l.without(e)
}

func (l *Ledger) server(id model.ServerID) *server {
	s := l.servers[id]
	if s == nil {
		s = &server{Sessions: map[model.SessionRef]*session{}}
		l.servers[id] = s
	}
	return s
}

// take seats players.
func (s *server) take(e entry) (changed bool) {
	ref := model.SessionRef{Route: e.Route, Key: e.Key}
	x := s.Sessions[ref]
	if x == nil || x.Generation != e.Generation {
		x = &session{Generation: e.Generation, Capacity: e.Capacity}
		s.Sessions[ref], changed = x, true
	}
	for _, seat := range e.Seats {
		if !slices.ContainsFunc(x.Seats, func(has model.Seat) bool { return has.ID == seat.ID }) {
			x.Seats, changed = append(x.Seats, model.Seat{ID: seat.ID, Player: seat.Player}), true
		}
	}
	return changed
}

// without takes a seat or a whole session off, wherever it is.
func (l *Ledger) without(e entry) bool {
	ref := model.SessionRef{Route: e.Route, Key: e.Key}
	for _, s := range l.servers {
		x := s.Sessions[ref]
		switch {
		case x == nil:
			continue
		case e.Ended:
			delete(s.Sessions, ref)
			return true
		}
		had := len(x.Seats)
		x.Seats = slices.DeleteFunc(x.Seats, func(seat model.Seat) bool { return seat.ID == e.Left })
		return len(x.Seats) != had
	}
	return false
}

// all are the entries that make what is true now out of nothing.
func (l *Ledger) all() (out []entry) {
	for id, s := range l.servers {
		if s.State != model.ServerStateUnknown {
			out = append(out, entry{Server: id, State: s.State, Drain: s.Drain})
		}
		for ref, x := range s.Sessions {
			e := entry{Server: id, Route: ref.Route, Key: ref.Key, Generation: x.Generation, Capacity: x.Capacity}
			for _, has := range x.Seats {
				e.Seats = append(e.Seats, seat{has.ID, has.Player})
			}
			out = append(out, e)
		}
	}
	return out
}
