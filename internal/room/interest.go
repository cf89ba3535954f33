package room

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// occupancyEvery is the least time between two tellings of how many members there are: those who come and go are told to
// those who see them, so the number is for a display.
const occupancyEvery = time.Second

// interest is what a room with an area of interest has besides: who stands near whom, and who is told of whom. Members
// have slots, small numbers that are used again the tick after they left.
type interest struct {
	reach reach
	grid  *grid
	slots []*member // nil: free
	free  []int32
	left  []*member // in this tick; their slots are free after it

	looks, fars wheel
	dueLooks    int // the slots whose turn it is in this tick, see wheel; -1: none
	dueFars     int

	pending map[pendingKey]pendingAt // this tick's changes of owned states, see audience.go
	changed []*member                // those with such changes

	told   int // members, as last told
	toldAt time.Time

	scene   scene
	marks   []uint32 // by slot: who was seen in a look, who is
	mark    uint32
	near    []neighbour
	ranked  []candidate
	nowhere wire.Position // from where a member looks that has not said where it is
}

// sightline is what a connection is told of others: part of Link.
type sightline struct {
	seen  []int32 // slots in sight, its own first
	fresh int     // so many of seen, the last, came in this tick
	gone  []int32 // left the sight in this tick
	far   []int32 // told as far in this tick
}

// newInterest is nil if everybody sees everybody.
func newInterest(s *model.RoomSettings) *interest {
	if s.Interest.Radius <= 0 {
		return nil
	}
	reach := reachOf(s)
	return &interest{
		reach: reach, grid: newGrid(reach.radius * reach.keep), pending: map[pendingKey]pendingAt{},
		looks: newWheel(s.Interest.Refresh, s.Tick), fars: newWheel(s.Interest.FarEvery, s.Tick),
		scene: newScene(),
	}
}

// enter gives a member a slot.
func (it *interest) enter(m *member) {
	if n := len(it.free); n > 0 {
		m.slot, it.free = it.free[n-1], it.free[:n-1]
		it.slots[m.slot] = m
	} else {
		m.slot = int32(len(it.slots))
		it.slots = append(it.slots, m)
		it.marks = append(it.marks, 0)
	}
	if m.at.declared {
		it.grid.put(m.slot, &m.at.Position)
	}
	it.looks.again()
}

// leave takes a member out of everybody's sight.
func (it *interest) leave(m *member) {
	it.grid.remove(m.slot)
	it.left = append(it.left, m)
	it.looks.again()
	it.forgetChanges(m)
}

// move takes the new positions into the grid.
func (it *interest) move(moved []*member) {
	for _, m := range moved {
		if m.gone {
			continue
		}
		it.grid.put(m.slot, &m.at.Position)
		it.looks.again()
	}
}

// lookAround takes a tick's moves and leaves: what every member sees is worked out anew as far as it is its turn.
func (r *Room) lookAround() {
	it := r.interest
	it.move(r.moved)
	it.dueLooks, it.dueFars = it.looks.turn(r.now), it.fars.turn(r.now)
	for _, m := range r.seats.all {
		l := m.link
		if l == nil || l.joining || l.lagging {
			continue
		}
		if len(it.left) > 0 {
			it.loseLeft(l)
		}
		if it.looks.has(it.dueLooks, m.slot) || m.at.first {
			it.look(l) // who said for the first time where it is does not wait
		}
		if it.reach.far > 0 && it.fars.has(it.dueFars, m.slot) {
			it.lookFar(l)
		}
	}
}

// lookAnew is a look without a past, for a snapshot.
func (r *Room) lookAnew(l *Link) {
	if r.interest == nil {
		return
	}
	l.sight = sightline{}
	r.interest.look(l)
	l.sight.fresh = 0
}

// look works out whom l sees, and who came and went since the last time.
func (it *interest) look(l *Link) {
	v := &l.sight
	self := l.member.slot
	was, is := it.mark+1, it.mark+2
	it.mark = is
	for _, s := range v.seen {
		it.marks[s] = was
	}
	it.near = it.grid.near(it.near[:0], it.eye(l), it.reach.radius*it.reach.keep)
	it.ranked = it.reach.sighted(it.ranked[:0], it.near, self, func(id int32) bool { return it.marks[id] == was })
	picked := first(it.ranked, it.reach.nearest)

	came := 0 // picked[:came]
	for i, c := range picked {
		if it.marks[c.id] != was {
			picked[i], picked[came] = picked[came], c
			came++
		}
		it.marks[c.id] = is
	}
	it.marks[self] = is
	for _, s := range v.seen {
		if it.marks[s] == was {
			v.gone = append(v.gone, s)
		}
	}
	v.seen = append(v.seen[:0], self)
	for _, c := range picked[came:] {
		v.seen = append(v.seen, c.id)
	}
	for _, c := range picked[:came] {
		v.seen = append(v.seen, c.id)
	}
	v.fresh = came
}

// lookFar works out who is told to l as far: the nearest it does not see.
func (it *interest) lookFar(l *Link) {
	it.mark++
	for _, s := range l.sight.seen {
		it.marks[s] = it.mark
	}
	it.near = it.grid.near(it.near[:0], it.eye(l), it.reach.far)
	it.ranked = it.ranked[:0]
	for _, n := range it.near {
		if it.marks[n.id] != it.mark && n.id != l.member.slot {
			it.ranked = append(it.ranked, candidate{n.id, float64(n.d2)})
		}
	}
	for _, c := range first(it.ranked, it.reach.farMost) {
		l.sight.far = append(l.sight.far, c.id)
	}
}

// eye is where l looks from.
func (it *interest) eye(l *Link) *wire.Position {
	if l.member.at.declared {
		return &l.member.at.Position
	}
	return &it.nowhere
}

// loseLeft moves the members who left the room from those l sees to those that are gone.
func (it *interest) loseLeft(l *Link) {
	v := &l.sight
	kept := v.seen[:0]
	for _, s := range v.seen {
		if it.slots[s].gone {
			v.gone = append(v.gone, s)
		} else {
			kept = append(kept, s)
		}
	}
	v.seen = kept
}

// next is when something happens though nothing comes in; zero: nothing does.
func (it *interest) next(now time.Time, tick time.Duration, members int) time.Time {
	switch {
	case it.looks.restless(), it.reach.far > 0 && it.grid.n > 1:
		return now.Add(tick)
	case members > 0 && members != it.told:
		return it.toldAt.Add(occupancyEvery)
	}
	return time.Time{}
}

// occupancy is how many members there are, if it is to be told now.
func (it *interest) occupancy(now time.Time, members int) int {
	if members == it.told || now.Sub(it.toldAt) < occupancyEvery {
		return 0
	}
	it.told, it.toldAt = members, now
	return members
}

// show is how many members there are, for a snapshot. Those who are shown another number than was told are told the next one
// even if that was the last.
func (it *interest) show(members int) int {
	if members != it.told {
		it.told = 0
	}
	return members
}

// reset ends the tick.
func (it *interest) reset() {
	for _, m := range it.left {
		it.slots[m.slot] = nil
		it.free = append(it.free, m.slot)
	}
	clear(it.left)
	it.left = it.left[:0]
	it.resetChanges()
	it.scene.reset()
}
