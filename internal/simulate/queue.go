package simulate

import (
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/router"
)

// How often the router looks at the joins that wait while the registry changes. The real one looks after router.Pace,
// which changes no wait that anybody would notice, and costs much in a crowd.
const lookEvery = 50 * time.Millisecond

var errTurnedAway = errors.New("turned away at the server's door")

// queued is a visitor whose join waits.
type queued struct {
	visitor *visitor
	waiting *router.Waiting
	since   time.Time
	over    bool
}

// queue keeps a join that waits until it is answered or has waited for as long as it may.
func (w *World) queue(v *visitor, waiting *router.Waiting) {
	q := &queued{visitor: v, waiting: waiting, since: w.loop.Now()}
	if len(w.waiting) == 0 {
		w.registryChanged() // before this; it is looked at in any case
	}
	w.waiting = append(w.waiting, q)
	w.loop.At(waiting.Deadline(), func() {
		if q.over {
			return
		}
		if err := waiting.GiveUp(nil); err != nil {
			q.over = true
			w.fail(v, w.loop.Now().Sub(q.since), err)
			return
		}
		w.answer(q)
	})
	w.hurry()
	w.lookSoon(0)
}

// lookSoon has the router look at its queues, once lookEvery has passed since it last did.
func (w *World) lookSoon(after time.Duration) {
	at := w.loop.Now().Add(after)
	if next := w.lastLook.Add(lookEvery); at.Before(next) {
		at = next
	}
	if !w.nextLook.IsZero() && !at.Before(w.nextLook) {
		return
	}
	w.nextLook = at
	w.loop.At(at, func() {
		if w.nextLook.Equal(at) {
			w.look()
		}
	})
}

// look has the router look at its queues, and takes its answers.
func (w *World) look() {
	w.nextLook, w.lastLook = time.Time{}, w.loop.Now()
	if len(w.waiting) == 0 {
		return
	}
	w.router.Tick(w.ctx)
	left := w.waiting[:0]
	for _, q := range w.waiting {
		if !q.over {
			w.answer(q)
		}
		if !q.over {
			left = append(left, q)
		}
	}
	clear(w.waiting[len(left):])
	w.waiting = left
	if len(left) > 0 {
		w.lookSoon(router.Patience)
	}
}

// answer seats a visitor whose join was answered.
func (w *World) answer(q *queued) {
	p, ok, err := q.waiting.Answer()
	if !ok {
		return
	}
	q.over = true
	waited := w.loop.Now().Sub(q.since)
	if err != nil {
		w.fail(q.visitor, waited, err)
		return
	}
	w.seat(q.visitor, p, waited)
}
