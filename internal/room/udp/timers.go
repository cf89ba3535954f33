package udp

import (
	"math/bits"
	"time"
)

// timerGrain is how late a timer may be, so that those of many connections are seen to in one turn.
const timerGrain = 4 * time.Millisecond

// A wheel has wheelSlots slots; each slot of one is as long as a turn of the wheel before. Three of them are 17 minutes.
const (
	wheels     = 3
	wheelBits  = 6
	wheelSlots = 1 << wheelBits
	wheelMask  = wheelSlots - 1
	farthest   = 1<<(wheels*wheelBits) - 1 // grains; what is farther is looked at then, and goes round again
)

// timers are connections by when the sender is to come to them. To move one costs the same however many there are, so that a
// timer goes back with each datagram, and does not go off only to find that it is not due yet.
type timers struct {
	began time.Time
	at    uint64 // grains since began; what was due before is not here
	used  [wheels]uint64
	slots [wheels][wheelSlots]*conn // the first of each
}

func newTimers(now time.Time) timers { return timers{began: now, at: 1} }

// timer is a connection's place among the timers.
type timer struct {
	set           bool
	due           uint64 // grains
	wheel, slot   int
	before, after *conn
}

// set has c come up at due, and no more at an earlier or later time.
func (t *timers) set(c *conn, due time.Time) {
	grain := max(t.at, uint64(max(0, due.Sub(t.began)+timerGrain-1)/timerGrain))
	if c.timer.set && c.timer.due == grain {
		return
	}
	t.remove(c)
	c.timer.set, c.timer.due = true, grain
	t.place(c)
}

func (t *timers) place(c *conn) {
	due, wheel := c.timer.due, 0
	switch d := due - t.at; {
	case d > farthest:
		wheel, due = wheels-1, t.at+farthest
	default:
		wheel = max(0, bits.Len64(d)-1) / wheelBits
	}
	slot := int(due>>(wheel*wheelBits)) & wheelMask
	first := t.slots[wheel][slot]
	if first != nil {
		first.timer.before = c
	}
	c.timer.wheel, c.timer.slot, c.timer.before, c.timer.after = wheel, slot, nil, first
	t.slots[wheel][slot] = c
	t.used[wheel] |= 1 << slot
}

func (t *timers) remove(c *conn) {
	m := &c.timer
	if !m.set {
		return
	}
	if m.after != nil {
		m.after.timer.before = m.before
	}
	if m.before != nil {
		m.before.timer.after = m.after
	} else if t.slots[m.wheel][m.slot] = m.after; m.after == nil {
		t.used[m.wheel] &^= 1 << m.slot
	}
	*m = timer{}
}

// due takes out those whose time has come.
func (t *timers) due(now time.Time, all []*conn) []*conn {
	for end := uint64(max(0, now.Sub(t.began)) / timerGrain); t.at <= end; {
		for c := t.slots[0][t.at&wheelMask]; c != nil; c = t.slots[0][t.at&wheelMask] {
			t.remove(c)
			all = append(all, c)
		}
		if t.at++; t.used[0] == 0 {
			t.at = min(end+1, (t.at+wheelMask)&^wheelMask)
		}
		t.turn()
	}
	return all
}

// turn brings what is in the slots that begin now nearer.
func (t *timers) turn() {
	for wheel := wheels - 1; wheel > 0; wheel-- {
		if t.at&(1<<(wheel*wheelBits)-1) != 0 {
			continue
		}
		slot := int(t.at>>(wheel*wheelBits)) & wheelMask
		c := t.slots[wheel][slot]
		t.slots[wheel][slot] = nil
		t.used[wheel] &^= 1 << slot
		for c != nil {
			next := c.timer.after
			t.place(c)
			c = next
		}
	}
}

// next is when due is to be called, and the grain of it.
func (t *timers) next() (at time.Time, grain uint64) {
	for wheel, used := range t.used {
		if used == 0 {
			continue
		}
		from := t.at >> (wheel * wheelBits)
		if wheel > 0 {
			from++ // the slot that has begun is empty, or a whole turn away
		}
		ahead := bits.TrailingZeros64(bits.RotateLeft64(used, -int(from&wheelMask)))
		if begins := (from + uint64(ahead)) << (wheel * wheelBits); grain == 0 || begins < grain {
			grain = begins
		}
	}
	if grain == 0 {
		grain = t.at + farthest
	}
	return t.began.Add(time.Duration(grain) * timerGrain), grain
}
