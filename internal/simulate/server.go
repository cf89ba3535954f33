package simulate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	roomserver "greenroom.dev/greenroom/internal/room"
)

// reportWait is how long a server gathers changes before it reports them, as those of sdk/go/server do.
const reportWait = 50 * time.Millisecond

// server is a virtual server: an instance, and what a server of sdk/go/server with the built-in rooms would keep and say.
type server struct {
	world     *World // once it has greeted
	greeted   bool
	used      bool  // had a session
	reporting bool  // a report is due
	heard     int64 // when it last reported, Unix nanoseconds
	dirty     []*room
	ended     []registry.EndedSession
	rooms     []*room // in no order
	stream    uint64
	instance  provider.Instance

	paidSince time.Time // since when its time has not been accounted for
}

// greet makes a booted server known to the registry.
func (w *World) greet(s *server) {
	w.pay(s)
	s.world, s.greeted, s.heard = w, true, w.loop.now

	_, err := w.registry.Greet(w.ctx, registry.Hello{Server: s.instance.ID, Stream: s.stream, Version: "virtual", Now: w.loop.Now()})
	w.must("greet", err)
	w.machine.note("greeted", s)
	w.hurry()
}

// claim is a player at the door of a server with a ticket. A session that the server does not have is opened by it.
//
// It answers false where a real one turns the player away.
func (w *World) claim(s *server, v *visitor) bool {
	if s == nil || !s.instance.Running || !s.greeted {
		return false
	}
	r := w.rooms.on(s, v.at)
	if r == nil {
		r = w.open(s, model.SessionRef{Route: v.route, Key: v.key}, v.gen, int(v.capacity))
	}
	if r.gen != v.gen || len(r.seats) >= int(r.capacity) {
		return false
	}
	v.room = r
	r.seats = append(r.seats, inside{v.seat, v.party[0]})
	w.changed(s, r)
	return true
}

func (w *World) open(s *server, ref model.SessionRef, gen model.Generation, capacity int) *room {
	w.meter.began(s, w.loop.Now(), w.slots(s))
	s.ended = slices.DeleteFunc(s.ended, func(e registry.EndedSession) bool { return e.Session == ref })
	r := &room{server: s, ref: ref, session: numberOf(ref.Key), gen: gen, capacity: int32(capacity)}
	r.seats, r.released = r.few[:0], r.fewer[:0]
	w.rooms.add(r)
	return r
}

// slots is how many sessions a server has room for.
func (w *World) slots(s *server) int {
	return max(1, w.fleets[s.instance.Fleet].Spec.Capacity.Sessions)
}

func (w *World) close(s *server, r *room) {
	w.meter.ended(s, w.loop.Now(), w.slots(s))
	r.over = true
	w.rooms.remove(r)
}

// release is a player who leaves.
func (w *World) release(s *server, r *room, seat model.SeatID) {
	if r.over {
		return
	}
	i := slices.IndexFunc(r.seats, func(x inside) bool { return x.seat == seat })
	if i < 0 {
		return
	}
	last := len(r.seats) - 1
	r.seats[i] = r.seats[last]
	r.seats = r.seats[:last]
	r.released = append(r.released, seat)
	w.changed(s, r)
	if last == 0 {
		w.linger(s, r)
	}
}

// linger ends an empty session if nobody comes for as long as the built-in room server waits.
func (w *World) linger(s *server, r *room) {
	r.emptied++
	times := r.emptied
	w.loop.After(roomserver.EmptyLinger, func() {
		if len(r.seats) > 0 || r.emptied != times || r.over {
			return
		}
		w.close(s, r)
		s.ended = append(s.ended, registry.EndedSession{Session: r.ref, Generation: r.gen})
		w.changed(s, nil)
	})
}

// changed has the server report soon.
func (w *World) changed(s *server, r *room) {
	if r != nil && !r.dirty {
		r.dirty = true
		s.dirty = append(s.dirty, r)
	}
	if !s.reporting {
		s.reporting = true
		w.loop.Due(reportWait, s)
	}
}

// Happen implements Happening: a report is due.
func (s *server) Happen() { s.world.report(s) }

// report tells the registry what changed on a server, or that it is there.
func (w *World) report(s *server) {
	s.reporting = false
	if !s.instance.Running {
		return
	}
	out := registry.Report{Server: s.instance.ID, Stream: s.stream, Ended: s.ended, Now: w.loop.Now(), Sessions: w.said.sessions[:0]}
	w.said.seats = w.said.seats[:0]
	for _, r := range s.dirty {
		r.dirty = false
		if !r.over {
			out.Sessions = append(out.Sessions, registry.SessionReport{
				Session: r.ref, Generation: r.gen, Capacity: int(r.capacity), Claimed: w.said.claimed(r), Released: r.released,
			})
		}
	}
	w.must("report", w.registry.Report(w.ctx, out))
	for _, r := range s.dirty {
		r.released = r.released[:0]
	}
	w.said.sessions = out.Sessions
	s.dirty, s.ended, s.heard = s.dirty[:0], s.ended[:0], w.loop.now
}

// said is memory for what a report says; the next one writes over it.
type said struct {
	sessions []registry.SessionReport
	seats    []model.Seat
}

// claimed is a room's seats as a report says them.
func (m *said) claimed(r *room) []model.Seat {
	from := len(m.seats)
	for _, x := range r.seats {
		m.seats = append(m.seats, model.Seat{ID: x.seat, Player: x.player})
	}
	return m.seats[from:len(m.seats):len(m.seats)]
}

// links are the streams to the virtual servers, as a hand-over sees them. They answer at once.
type links struct{ *World }

var _ handover.Links = links{}

func (l links) find(id model.ServerID, ref model.SessionRef) (*server, *room, error) {
	s := l.machine.servers[id]
	if s == nil || !s.instance.Running || !s.greeted {
		return nil, nil, fmt.Errorf("server %s has no link", id)
	}
	return s, l.rooms.on(s, numberOf(ref.Key)), nil
}

// HandOver implements handover.Links. A session that nobody has entered yet has no state.
func (l links) HandOver(_ context.Context, id model.ServerID, ref model.SessionRef, _ model.Generation) ([]byte, error) {
	_, _, err := l.find(id, ref)
	return nil, err
}

// Resume implements handover.Links.
func (l links) Resume(_ context.Context, id model.ServerID, ref model.SessionRef, _ model.Generation) error {
	_, _, err := l.find(id, ref)
	return err
}

// Open implements handover.Links.
func (l links) Open(_ context.Context, id model.ServerID, o handover.Opening) error {
	s, r, err := l.find(id, o.Session)
	if err != nil {
		return err
	}
	if r == nil {
		r = l.open(s, o.Session, o.Generation, o.Capacity)
	}
	r.gen = o.Generation
	l.linger(s, r)
	l.changed(s, r)
	l.Note(s, "opened", o.Session)
	l.meter.moved++
	return nil
}

// Close implements handover.Links: with a redirect the players go to where it says, without it they are gone.
func (l links) Close(_ context.Context, id model.ServerID, ref model.SessionRef, _ model.Generation, _ string, to *handover.Redirect) error {
	s, r, err := l.find(id, ref)
	if err != nil {
		return err
	}
	l.Note(s, "closed", ref)
	var left []inside
	if r != nil {
		left = r.seats
		l.close(s, r)
	}
	if to == nil {
		for _, seat := range left {
			l.cut(seat.player)
		}
		return nil
	}
	for _, t := range to.Tickets {
		l.redirect(t, to.Server)
	}
	for _, seat := range left { // who has no ticket joins again
		l.lost(seat.player)
	}
	return nil
}

// LastCopy implements handover.Links: virtual sessions have no state.
func (l links) LastCopy(model.SessionRef) ([]byte, bool) { return nil, false }

// Note notes what happened to a session on a server.
func (w *World) Note(s *server, what string, ref model.SessionRef) {
	w.machine.note(what, s)
	w.loop.NoteText(string(ref.Route))
	w.loop.NoteText(string(ref.Key))
}
