package room

import "time"

// Will is what the room does in a member's name when its connection ends otherwise than by Leave.
type Will struct {
	Message Message       // checked by the door; neither acknowledged nor rejected
	After   time.Duration // while the link is parked; 0: as soon as the connection ends
}

// Loss says what stays when a connection ends.
type Loss struct {
	Seat time.Duration // the seat is kept so long for the player to come back, at most the resume window; 0: that window
	Park time.Duration // the Conn goes on taking what the room gives it, so long at most and no longer than the seat is kept
	Will bool          // what the join left is done
}

// Heir is a Conn that can go on with what the player's earlier connection had.
type Heir interface {
	// Inherit is called before Welcome, and before the earlier Conn is closed. True: bytes of the tick may come before
	// Welcome, to be sent after it. False: it began anew; what the earlier one left to be done is not put off any longer.
	Inherit(earlier Conn) bool
}

// Parter is a Conn that hears of its end as a member's.
type Parter interface {
	// Parted is the last call but Close and Flush.
	Parted()
}

// Lose says that the connection is gone.
func (l *Link) Lose(loss Loss) { _ = l.room.in.put(input{kind: inputLost, link: l, change: loss}) }

// parked is what a link waits for after its connection is gone.
type parked struct {
	until  time.Time // zero: the link is not parked
	willAt time.Time // zero: no will
	seat   time.Time // the seat is kept until
}

// lose ends the link, or parks it.
func (r *Room) lose(l *Link, loss Loss) {
	r.tellLost(l.member)
	window := r.cfg.Settings.ResumeWindow
	if loss.Seat <= 0 || loss.Seat > window {
		loss.Seat = window
	}
	if !loss.Will {
		l.join.Will = nil
	}
	if loss.Park <= 0 {
		r.detach(l)
		l.member.awayUntil = r.now.Add(loss.Seat)
		return
	}
	l.parked = parked{until: r.now.Add(min(loss.Park, loss.Seat)), seat: r.now.Add(loss.Seat)}
	if w := l.join.Will; w != nil {
		l.parked.willAt = r.now.Add(w.After)
	}
	r.attend()
}

// attend does what parked links wait for, and notes when it has to be done again.
func (r *Room) attend() {
	r.attendAt = time.Time{} // with no link parked: never
	for _, m := range r.seats.all {
		l := m.link
		if l == nil || l.parked.until.IsZero() {
			continue
		}
		p := &l.parked
		if !r.now.Before(p.until) {
			seat := p.seat
			r.detach(l)
			m.awayUntil = seat
			continue
		}
		next := p.until
		if !p.willAt.IsZero() {
			if !r.now.Before(p.willAt) {
				r.testify(l)
			} else {
				next = earlier(next, p.willAt)
			}
		}
		r.attendAt = earlier(next, r.attendAt)
	}
}

// testify carries out the will, once.
func (r *Room) testify(l *Link) {
	w := l.join.Will
	l.join.Will, l.parked.willAt = nil, time.Time{}
	if w == nil {
		return
	}
	if code, _ := r.carryOut(l.member, &w.Message); code != 0 {
		r.cfg.Counters.reject(code)
	}
}

// succeed lets the player's new link have what the earlier one leaves.
func (r *Room) succeed(l, earlier *Link) {
	heir, ok := l.join.Conn.(Heir)
	if !ok || !heir.Inherit(earlier.join.Conn) {
		return
	}
	l.heir = true
	if w := earlier.join.Will; w != nil && w.After > 0 {
		earlier.join.Will = nil // it is back in time
	}
}

// part ends what the link is to its member. Its connection may have ended long before.
func (r *Room) part(l *Link) {
	r.testify(l)
	l.parked = parked{}
	if p, ok := l.join.Conn.(Parter); ok {
		p.Parted()
	}
}

// Decline gives back a seat that was claimed for a connection that does not join, unless a member has it.
func (r *Room) Decline(player string, seat uint64) error {
	return r.in.control(func(r *Room) {
		if m := r.seats.byPlayer[player]; m == nil || m.seat != seat {
			r.giveBack(player, seat)
		}
	})
}
