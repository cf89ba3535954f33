package simulate

import (
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/router"
)

// A visitor who was turned away at a server's door, or lost it, joins again after a pause that doubles, maxTries times.
const (
	maxTries   = 5
	firstPause = 250 * time.Millisecond
)

// visitor is a player on their visit.
type visitor struct {
	world  *World
	server *server // where their seat is
	room   *room   // nil: not inside
	seat   model.SeatID
	gen    model.Generation // of the session of their seat; what it is follows
	at     number
	key    model.SessionKey

	player   uint64            // from 1
	party    [1]model.PlayerID // who joins: they alone
	route    model.RouteName
	session  number        // that they want; 0: any
	connect  time.Duration // from a join's answer to the server
	stay     time.Duration // from then on
	capacity int32         // of the session of their seat
	tries    uint8
	began    bool // was inside once
	gone     bool
}

func (w *World) visitorOf(v *visit) *visitor {
	return &visitor{
		world: w, player: v.player, party: [1]model.PlayerID{v.name()}, route: v.route, session: number(v.session), connect: v.connect, stay: v.stay,
	}
}

// What a visitor does next, as it happens on the loop.
type (
	arriving visitor
	entering visitor
	leaving  visitor
)

func (v *arriving) Happen() { v.world.arrive((*visitor)(v)) }
func (v *entering) Happen() { v.world.enter((*visitor)(v)) }
func (v *leaving) Happen()  { v.world.leave((*visitor)(v)) }

// arrive is a visitor who joins.
func (w *World) arrive(v *visitor) {
	req := router.Request{Route: v.route, Key: v.session.key(), Players: v.party[:]}
	w.meter.join(v)
	p, waiting, err := w.router.Offer(w.ctx, req)
	switch {
	case err != nil:
		w.fail(v, 0, err)
	case waiting != nil:
		w.loop.Note("waits", v.player)
		w.queue(v, waiting)
	default:
		w.seat(v, p, 0)
	}
}

// seat is a visitor whose join was answered; they go to their server, unless their visit has ended while they waited.
func (w *World) seat(v *visitor, p router.Placement, waited time.Duration) {
	w.meter.seated(v, waited)
	if v.gone {
		return // nobody comes for the seat
	}
	v.key, v.gen, v.seat, v.server = p.Session.Key, p.Generation, p.Tickets[0].Seat, w.machine.servers[p.Server]
	if v.at = v.session; v.at == 0 {
		v.at = numberOf(v.key)
	}
	v.capacity = int32(w.fleets[p.Fleet].Spec.Capacity.SeatsPerSession)
	w.note(v)
	w.loop.Note("seated", v.player, uint64(v.seat))
	w.loop.NoteText(string(p.Server))
	w.loop.Due(v.connect, (*entering)(v))
}

// note keeps a visitor who has a seat.
func (w *World) note(v *visitor) {
	for uint64(len(w.visitors)) <= v.player {
		w.visitors = append(w.visitors, nil)
	}
	w.visitors[v.player] = v
}

// visitor is the one of a name, if they have a seat.
func (w *World) visitor(name model.PlayerID) *visitor {
	if n := playerOf(name); n < uint64(len(w.visitors)) {
		return w.visitors[n]
	}
	return nil
}

// enter is a visitor at the door of the server that their seat is on by now.
func (w *World) enter(v *visitor) {
	if v.room != nil || v.gone {
		return
	}
	if !w.claim(v.server, v) {
		w.again(v)
		return
	}
	w.loop.Note("in", v.player)
	w.meter.enter(w.loop.Now())
	if !v.began {
		v.began = true
		w.loop.Due(v.stay, (*leaving)(v))
	}
}

// again is a visitor who was turned away, or whose server is gone, and who joins once more.
func (w *World) again(v *visitor) {
	w.visitors[v.player] = nil
	if v.tries++; v.tries > maxTries {
		w.fail(v, 0, errTurnedAway)
		return
	}
	w.loop.After(firstPause<<(v.tries-1), func() {
		if !v.gone {
			w.arrive(v)
		}
	})
}

// leave is the end of a visit.
func (w *World) leave(v *visitor) {
	if v.gone {
		return
	}
	w.bye(v)
	w.loop.Note("out", v.player)
	if v.room == nil {
		return // on the way to another server; the seat there is freed when nobody comes for it
	}
	w.meter.leave(w.loop.Now())
	w.release(v.server, v.room, v.seat)
}

// bye is a visitor of whom nothing more is heard.
func (w *World) bye(v *visitor) {
	v.gone = true
	w.visitors[v.player] = nil
}

// redirect sends a visitor on to where their session has moved.
func (w *World) redirect(t handover.PlayerTicket, to model.ServerID) {
	v := w.visitor(t.Player)
	if v == nil {
		return
	}
	v.seat, v.server = t.Seat.ID, w.machine.servers[to]
	v.gen = w.rooms.on(v.server, v.at).gen
	if v.room != nil {
		v.room = nil
		w.meter.leave(w.loop.Now())
		w.loop.Due(v.connect, (*entering)(v))
	}
}

// lost is a visitor whose server is gone; they notice, and join again.
func (w *World) lost(name model.PlayerID) {
	v := w.visitor(name)
	if v == nil || v.room == nil {
		return
	}
	w.loop.Note("lost", v.player)
	v.room = nil
	w.meter.leave(w.loop.Now())
	w.again(v)
}

// cut is a visitor whose session was ended under them.
func (w *World) cut(name model.PlayerID) {
	v := w.visitor(name)
	if v == nil || v.room == nil {
		return
	}
	w.bye(v)
	w.loop.Note("cut", v.player)
	w.meter.cut++
	w.meter.leave(w.loop.Now())
}

// fail is a join that got no seat.
func (w *World) fail(v *visitor, waited time.Duration, err error) {
	w.loop.Note("failed", v.player)
	w.loop.NoteText(err.Error())
	w.meter.failed(v, waited)
}
