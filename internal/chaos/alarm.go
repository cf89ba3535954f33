package chaos

import "time"

// alarm is something that a node, or a client, does when its time has come, unless that life, or what the client was doing, is
// over by then. Alarms are used again.
type alarm struct {
	w      *World
	node   *node
	life   int
	client *client       // in place of a node
	turn   uint64        // of the client's
	now    *uint64       // where that is
	do     func()        // of the node
	step   func(*client) // of the client
}

// set sets an alarm.
func (w *World) set(d time.Duration, to alarm) {
	var a *alarm
	if last := len(w.alarms) - 1; last >= 0 {
		a, w.alarms = w.alarms[last], w.alarms[:last]
	} else {
		a = &alarm{}
	}
	to.w = w
	*a = to
	w.loop.Due(d, a)
}

// Happen implements simulate.Happening: the alarm rings.
func (a *alarm) Happen() {
	rang := *a
	a.w.alarms = append(a.w.alarms, a)
	switch {
	case rang.client == nil:
		rang.node.awake(rang.life, rang.do)
	case *rang.now == rang.turn:
		rang.step(rang.client)
	}
}
