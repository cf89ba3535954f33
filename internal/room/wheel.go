package room

import "time"

// wheel spreads over several ticks what is due for every slot once a period, so that no tick does all of it: each turn is
// that of the slots which leave the same rest when divided by places. It only turns with ticks; a room that slept has
// nothing to catch up on.
type wheel struct {
	places int
	every  time.Duration // between two turns
	slack  time.Duration // by which a tick may come early
	at     int           // of the last turn
	last   time.Time
	todo   int // turns until every slot had one since again
}

func newWheel(period, tick time.Duration) wheel {
	places := max(1, int(period/tick))
	return wheel{places: places, every: period / time.Duration(places), slack: tick / 2}
}

// again has every slot get another turn, though nothing comes in.
func (w *wheel) again() { w.todo = w.places }

func (w *wheel) restless() bool { return w.todo > 0 }

// turn answers the place whose turn it is; -1: it is too early for the next.
func (w *wheel) turn(now time.Time) int {
	if now.Sub(w.last) < w.every-w.slack {
		return -1
	}
	w.last = now
	w.at = (w.at + 1) % w.places
	w.todo = max(0, w.todo-1)
	return w.at
}

// has tells whether a slot is at the place that turn answered.
func (w *wheel) has(place int, slot int32) bool { return int(slot)%w.places == place }
