package room

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// join makes the link a member's; it is welcomed at the end of the tick.
func (r *Room) join(l *Link) {
	j := &l.join
	if _, gone := r.released[j.Seat]; gone {
		r.refuse(l, wire.CloseReleased, "the ticket's seat was released; join again for a new one")
		return
	}
	m := r.seats.byPlayer[j.Player]
	isNew := m == nil
	if isNew {
		if r.cfg.Capacity > 0 && r.seats.len() >= r.cfg.Capacity {
			r.refuse(l, wire.CloseFull, "the session is full")
			r.giveBack(j.Player, j.Seat)
			return
		}
		m = &member{id: r.seats.last + 1, player: j.Player, seat: j.Seat}
		r.seats.add(m)
	} else if r.now.Sub(m.returnedAt) >= ReturnEvery {
		m.returnedAt = r.now
		l.returned.Store(true)
	}
	if old := m.link; old != nil {
		r.succeed(l, old)
		r.close(old, wire.CloseReplaced, "the same seat connected again")
	}
	if m.seat != j.Seat {
		if m.seat != 0 {
			r.giveBack(m.player, m.seat)
		}
		m.seat = j.Seat
	}
	r.seats.attach(m, l)
	l.joining = true
	if isNew && !r.enter(m) {
		return
	}
	r.joiners = append(r.joiners, l)
}

// refuse closes a connection that never became a member's.
func (r *Room) refuse(l *Link, code wire.CloseCode, reason string) {
	r.cfg.Counters.JoinsRefused.Add(1)
	r.tellRefused(l.join.Player, l.join.Seat)
	l.join.Conn.Close(code, reason)
	l.join.Conn.Flush()
}

func (r *Room) tellRefused(player string, seat uint64) {
	if r.cfg.Hooks.Refused != nil {
		r.cfg.Hooks.Refused(player, seat)
	}
}

func (r *Room) tellLost(m *member) {
	if r.cfg.Hooks.Lost != nil {
		r.cfg.Hooks.Lost(m.player, m.seat)
	}
}

// close ends a member's connection; the seat is kept for the resume window.
func (r *Room) close(l *Link, code wire.CloseCode, reason string) {
	l.join.Conn.Close(code, reason)
	l.join.Conn.Flush()
	r.detach(l)
}

func (r *Room) detach(l *Link) {
	if l.lagging {
		l.lagging = false
		r.lagging--
	}
	r.seats.detach(l.member, r.now.Add(r.cfg.Settings.ResumeWindow))
	r.part(l)
}

// release gives a member's seat back: owned states go, and everybody is told.
func (r *Room) release(m *member) {
	r.vacate(m)
	if m.seat != 0 {
		r.giveBack(m.player, m.seat)
	}
}

// enter shows a new member to the others, if the room's game lets it in.
func (r *Room) enter(m *member) bool {
	refusal := r.game.admit(m)
	if r.interest != nil {
		r.interest.enter(m)
	}
	if refusal != nil {
		r.turnAway(m, refusal)
		return false
	}
	if r.interest == nil {
		r.batch.Presence = append(r.batch.Presence, Presence{Member: m.id, Player: m.player})
	}
	r.dirty = true
	return true
}

// turnAway takes a member out of the room of whom nobody was told.
func (r *Room) turnAway(m *member, why *Refusal) {
	r.cfg.Counters.JoinsRefused.Add(1)
	r.tellRefused(m.player, m.seat)
	if m.link != nil {
		m.link.join.Will = nil
		r.close(m.link, why.Code, why.Reason)
	}
	r.drop(m)
	if r.interest != nil {
		r.interest.leave(m)
	}
	r.giveBack(m.player, m.seat)
}

// vacate takes the member out of the room, whoever released the seat, and tells everybody.
func (r *Room) vacate(m *member) {
	was := m.info()
	r.drop(m)
	if r.interest != nil {
		r.interest.leave(m) // what it owned is not told: it goes with the sight of it
	} else {
		r.batch.Presence = append(r.batch.Presence, Presence{Member: m.id, Player: m.player, Left: true})
	}
	r.dirty = true
	r.game.left(was)
}

// drop takes the member and the states it owns out of the room.
func (r *Room) drop(m *member) {
	if m.link != nil {
		r.detach(m.link)
	}
	for _, e := range slices.Clone(r.states.owned[m.id]) {
		r.remove(e.Key)
	}
	r.seats.remove(m)
}

func (r *Room) giveBack(player string, seat uint64) {
	r.released[seat] = r.now
	if r.cfg.Hooks.Released != nil {
		r.cfg.Hooks.Released(player, seat)
	}
}

// Kick closes the connection of the seat, which is already released, with code "removed".
func (r *Room) Kick(seat uint64, reason string) error {
	return r.in.control(func(r *Room) {
		for _, m := range r.seats.all {
			if m.seat != seat {
				continue
			}
			if m.link != nil {
				r.close(m.link, wire.CloseRemoved, reason)
			}
			r.released[seat] = r.now
			r.vacate(m)
			return
		}
	})
}

// Redirect says where the members of a closed room go. A missing entry: they join again.
type Redirect struct {
	URLs          map[string]string // by the door's name
	Tickets       map[string]string // by player
	ConnectTokens map[string]string // by player, for the door "udp" instead of Tickets
}

// ticket is what a player shows at the door of that name there; "": it joins again.
func (to *Redirect) ticket(endpoint, player string) string {
	if endpoint == model.EndpointUDP {
		return to.ConnectTokens[player]
	}
	return to.Tickets[player]
}

// Close ends the room for good. With a redirect its members are told to reconnect there, each ReconnectPace
// after the other and all within ReconnectSpread, and closed with "moved"; else they are closed with code. What the room has not taken yet is
// dropped without an answer. No hook is called.
func (r *Room) Close(code wire.CloseCode, reason string, to *Redirect) error {
	return r.in.control(func(r *Room) { r.end(code, reason, to) })
}

// end closes every connection, those waiting to join too.
func (r *Room) end(code wire.CloseCode, reason string, to *Redirect) {
	r.over = true
	var links []*Link
	for _, m := range r.seats.all {
		if m.link != nil {
			links = append(links, m.link)
		}
	}
	r.dismiss(links, code, reason, to) // before the inbox closes: a reader that finds it closed says goodbye without the redirect
	links = links[:0]
	for _, in := range r.in.close() {
		if in.kind == inputJoin {
			links = append(links, in.link)
		}
	}
	r.dismiss(links, code, reason, to)
	r.game.ended(to != nil)
}

func (r *Room) dismiss(links []*Link, code wire.CloseCode, reason string, to *Redirect) {
	for i, l := range links {
		c := l.join.Conn
		if to != nil {
			c.Reconnect(wire.Reconnect{
				After: min(ReconnectPace, ReconnectSpread/time.Duration(len(links))) * time.Duration(i),
				URL:   to.URLs[c.Endpoint()], Ticket: to.ticket(c.Endpoint(), l.join.Player), Reason: reason,
			})
			code = wire.CloseMoved
		}
		c.Close(code, reason)
		c.Flush()
	}
}
