package simulate

import (
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/router"
)

// maxTries bounds how often a visitor joins again who was turned away at a server's door.
const maxTries = 3

// visitor is a player on their visit.
type visitor struct {
	visit visit
	name  model.PlayerID
	tries int
	began bool // was inside once

	at       model.SessionRef // where their seat is
	gen      model.Generation
	seat     model.SeatID
	capacity int
	server   model.ServerID
	inside   bool
}

// arrive is a visitor who joins.
func (w *World) arrive(v *visitor) {
	req := router.Request{Route: v.visit.route, Key: v.visit.key(), Players: []model.PlayerID{v.name}}
	w.meter.join(v)
	p, waiting, err := w.router.Offer(w.ctx, req)
	switch {
	case err != nil:
		w.fail(v, 0, err)
	case waiting != nil:
		w.loop.Note("waits", v.visit.player)
		w.queue(v, waiting)
	default:
		w.seat(v, p, 0)
	}
}

// seat is a visitor whose join was answered; they go to their server.
func (w *World) seat(v *visitor, p router.Placement, waited time.Duration) {
	w.meter.seated(v, waited)
	v.at, v.gen, v.seat, v.server = p.Session, p.Generation, p.Tickets[0].Seat, p.Server
	v.capacity = w.fleets[p.Fleet].Spec.Capacity.SeatsPerSession
	w.visitors[v.name] = v
	w.loop.Note("seated", v.visit.player, uint64(v.seat))
	w.loop.NoteText(string(v.server))
	w.loop.After(v.visit.connect, func() { w.enter(v) })
}

// enter is a visitor at the door of the server that their seat is on by now.
func (w *World) enter(v *visitor) {
	if v.inside || w.visitors[v.name] != v {
		return
	}
	s := w.machine.servers[v.server]
	if s == nil || !w.claim(s, v) {
		w.again(v)
		return
	}
	w.loop.Note("in", v.visit.player)
	v.inside = true
	w.meter.enter(w.loop.Now())
	if !v.began {
		v.began = true
		w.loop.After(v.visit.stay, func() { w.leave(v) })
	}
}

// again is a visitor who was turned away and joins once more.
func (w *World) again(v *visitor) {
	delete(w.visitors, v.name)
	if v.tries++; v.tries > maxTries {
		w.fail(v, 0, errTurnedAway)
		return
	}
	w.arrive(v)
}

// leave is the end of a visit.
func (w *World) leave(v *visitor) {
	if w.visitors[v.name] != v {
		return
	}
	delete(w.visitors, v.name)
	w.loop.Note("out", v.visit.player)
	if !v.inside {
		return // on the way to another server; the seat there is freed when nobody comes for it
	}
	w.meter.leave(w.loop.Now())
	if s := w.machine.servers[v.server]; s != nil {
		w.release(s, v.at, v.seat)
	}
}

// redirect sends a visitor on to where their session has moved.
func (w *World) redirect(t handover.PlayerTicket, to model.ServerID) {
	v := w.visitors[t.Player]
	if v == nil {
		return
	}
	s := w.machine.servers[to]
	v.seat, v.server, v.gen = t.Seat.ID, to, s.rooms[v.at].gen
	if v.inside {
		v.inside = false
		w.meter.leave(w.loop.Now())
		w.loop.After(v.visit.connect, func() { w.enter(v) })
	}
}

// cut is a visitor whose session was ended under them.
func (w *World) cut(name model.PlayerID) {
	v := w.visitors[name]
	if v == nil || !v.inside {
		return
	}
	delete(w.visitors, name)
	w.loop.Note("cut", v.visit.player)
	w.meter.cut++
	w.meter.leave(w.loop.Now())
}

// fail is a join that got no seat.
func (w *World) fail(v *visitor, waited time.Duration, err error) {
	w.loop.Note("failed", v.visit.player)
	w.loop.NoteText(err.Error())
	w.meter.failed(v, waited)
}
