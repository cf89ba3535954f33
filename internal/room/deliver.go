package room

import (
	"slices"

	"greenroom.dev/greenroom/internal/room/wire"
)

// change is a door's own change, waiting for the end of the tick.
type change struct {
	link *Link
	what any
}

// deliver gives every connection the tick: the batch to those who are in, then Welcome and Snapshot to those who came,
// then what the doors changed, then the acknowledgements.
func (r *Room) deliver() {
	r.cfg.Counters.Ticks.Add(1)
	r.batch.Now = r.now
	r.observe()
	if !r.batch.empty() || r.lagging > 0 || r.interest != nil {
		r.broadcast()
	}
	r.letIn()
	r.carryOutChanges()
	for _, m := range r.seats.all {
		if l := m.link; l != nil && !l.joining {
			if l.ack {
				l.ack = false
				l.join.Conn.Ack(max(l.acked, r.lastSeq(l)))
			}
			l.join.Conn.Flush()
		}
	}
	r.endTick()
}

// letIn welcomes those who joined. Where each is shown a view of its own, MaxWelcomes of them: a thousand who come back at
// once neither hold up the others nor take a thousand snapshots' memory together.
func (r *Room) letIn() {
	left := len(r.joiners)
	if r.interest != nil {
		left = MaxWelcomes
	}
	for i, l := range r.joiners {
		if left == 0 {
			r.joiners = slices.Delete(r.joiners, 0, i)
			return
		}
		if l.live() {
			r.welcome(l)
			left--
		}
	}
	clear(r.joiners)
	r.joiners = r.joiners[:0]
}

// carryOutChanges does what the doors changed; those of a link that was not welcomed wait for that.
func (r *Room) carryOutChanges() {
	wait := r.changes[:0]
	for _, c := range r.changes {
		switch {
		case !c.link.live():
		case c.link.joining:
			wait = append(wait, c)
		default:
			if enc := c.link.join.Conn.Change(c.what); enc != nil {
				r.grant(c.link, r.snapshot(c.link, enc))
			}
		}
	}
	clear(r.changes[len(wait):])
	r.changes = wait
}

func (r *Room) endTick() {
	r.batch.reset()
	r.classes.reset()
	r.snapshots.reset()
	r.view = nil
	for _, m := range r.moved {
		m.at.moved, m.at.first = false, false
	}
	clear(r.moved)
	r.moved = r.moved[:0]
	if r.interest != nil {
		r.interest.reset()
	}
}

// observe makes of the tick's moves what is told of them: to everybody, or by sight.
func (r *Room) observe() {
	if r.interest == nil {
		r.tellPositions()
		return
	}
	r.lookAround()
	r.gather()
	r.batch.Occupancy = r.interest.occupancy(r.now, r.seats.len())
}

func (r *Room) lastSeq(l *Link) uint64 {
	if l.join.Numbered {
		return l.member.lastSeq
	}
	return 0
}

func (r *Room) broadcast() {
	var delivered, sent uint64
	for _, m := range r.seats.all {
		l := m.link
		switch {
		case l == nil || l.joining && !l.heir:
		case l.lagging:
			r.catchUp(l)
		default:
			for _, s := range [...]*Shared{r.shared(l.join.Conn.Encoder()), r.seen(l)} {
				if s == nil {
					continue
				}
				if !l.join.Conn.Share(s, r.now) {
					r.overflow(l)
					break
				}
				delivered += uint64(s.Messages)
				sent += uint64(len(s.Bytes))
			}
		}
	}
	r.cfg.Counters.Delivered.Add(delivered)
	r.cfg.Counters.SentBytes.Add(sent)
}

// shared is the tick's bytes for a class, encoded at its first member.
func (r *Room) shared(enc Encoder) *Shared {
	if r.batch.empty() {
		return nil
	}
	return r.classes.get(enc.Key(), func() *Shared {
		r.cfg.Counters.Encodings.Add(1)
		return enc.Batch(&r.batch.Batch)
	})
}

func (r *Room) grant(l *Link, s *Shared) {
	if s != nil {
		l.join.Conn.Grant(s)
	}
}

// welcome lets a member in: Welcome, Snapshot, the events it missed, what others told it meanwhile.
func (r *Room) welcome(l *Link) {
	c, j := l.join.Conn, &l.join
	w := wire.Welcome{
		Member: l.member.id, Epoch: r.epoch, Offset: r.offset, LastSeq: l.member.lastSeq,
		Tick: r.cfg.Settings.Tick, MaxMessageBytes: r.cfg.Settings.MaxMessageBytes,
		Route: string(r.cfg.Session.Route), Key: string(r.cfg.Session.Key), Player: l.member.player,
		PositionStep: positionStep(r.cfg.Settings.PositionStep), Interest: r.interest != nil,
	}
	if r.interest != nil && r.interest.reach.far > 0 {
		w.FarEvery = r.cfg.Settings.Interest.FarEvery
	}
	var missed []Event
	if j.Resume && j.Epoch == r.epoch {
		missed, w.Recovered = r.ring.since(j.Offset, r.offset)
	}
	if w.Recovered {
		w.Offset = j.Offset
	} else if j.Resume {
		r.cfg.Counters.Unrecovered.Add(1)
	}
	c.Welcome(w)
	r.lookAnew(l)
	r.grant(l, r.snapshot(l, c.Encoder()))
	if len(missed) > 0 {
		r.grant(l, c.Encoder().Batch(&Batch{Now: r.now, Events: missed}))
	}
	l.joining = false
	for _, f := range l.early {
		f(c)
	}
	l.early = nil
	r.cfg.Counters.Joins.Add(1)
}

// overflow is a connection that did not take its bytes in time: what waits is dropped, and a snapshot follows once it has
// taken the rest. The second one within SlowWindow closes it.
func (r *Room) overflow(l *Link) {
	r.cfg.Counters.DroppedBytes.Add(uint64(l.join.Conn.Drop()))
	if !l.overflowAt.IsZero() && r.now.Sub(l.overflowAt) <= SlowWindow {
		r.closeSlow(l)
		return
	}
	l.overflowAt, l.lagSince = r.now, r.now
	l.lagging = true
	l.sight = sightline{}
	r.lagging++
}

func (r *Room) catchUp(l *Link) {
	switch {
	case l.join.Conn.Idle():
		l.lagging = false
		r.lagging--
		r.cfg.Counters.Resyncs.Add(1)
		l.join.Conn.Resync("the connection was too slow")
		r.lookAnew(l)
		r.grant(l, r.snapshot(l, l.join.Conn.Encoder()))
	case r.now.Sub(l.lagSince) > SlowWindow:
		r.closeSlow(l)
	}
}

// closeSlow has the link closed before the next tick is told: a will that comes of it belongs to that one.
func (r *Room) closeSlow(l *Link) {
	if !slices.Contains(r.tooSlow, l) {
		r.tooSlow = append(r.tooSlow, l)
	}
}

func (r *Room) closeTooSlow() {
	for _, l := range r.tooSlow {
		if l.live() {
			r.cfg.Counters.SlowCloses.Add(1)
			r.tellLost(l.member)
			r.close(l, wire.CloseTooSlow, "the connection was too slow twice within 10 s")
		}
	}
	clear(r.tooSlow)
	r.tooSlow = r.tooSlow[:0]
}
