package router

import (
	"container/list"
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Bounds of waiting.
const (
	// MaxBound bounds the joins of a route that wait for their own session: while it moves, or is full. They are not
	// held against Route.MaxWaiting, since a drain makes many of them at once and none needs new room.
	MaxBound = 1 << 16
	// Pace is the least time between two looks at the queues, so that joins waiting in a busy registry, which changes
	// all the time, cost little.
	Pace = 2 * time.Millisecond
	// rest is how many times as long as a look took there is none: thousands of joins that wait for full sessions leave the
	// registry, which is asked for each, to those who come.
	rest = 4
	// Patience is the longest time between two looks while somebody waits: reservations end without a change.
	Patience = 500 * time.Millisecond
)

// queue is the joins of one route that wait, in the order of their arrival. Those that wait for room let nobody behind
// them have any; those bound to a session that moves or is full stand in nobody's way.
type queue struct {
	line list.List // of *Waiting
	room int       // how many of them wait for room
}

// bound tells whether a join that was refused so waits for its own session, not for room.
func bound(reason error) bool {
	return errors.Is(reason, registry.ErrMoving) || errors.Is(reason, registry.ErrSessionFull)
}

// queued tells why a new join of the route may not take room now: nil if it may.
func (r *Router) queued(route model.RouteName) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held {
		return ErrHeld
	}
	if q := r.queues[route]; q != nil && q.room > 0 {
		return registry.ErrFull
	}
	return nil
}

// Waiting counts the joins of a route that wait for room: what more open servers would help.
func (r *Router) Waiting(route model.RouteName) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.queues[route]; q != nil {
		for e := q.line.Front(); e != nil; e = e.Next() {
			if w := e.Value.(*Waiting); !bound(w.reason) && !errors.Is(w.reason, ErrHeld) {
				n++
			}
		}
	}
	return n
}

// enqueue puts a join at the end of its route's queue, if that is not too long, and has the queue looked at: room may
// have come since the join was refused.
func (r *Router) enqueue(w *Waiting, route *model.Route) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queues[route.Name]
	if q == nil {
		q = &queue{}
		r.queues[route.Name] = q
	}
	if bound(w.reason) {
		if q.line.Len()-q.room >= MaxBound {
			return false
		}
	} else {
		if q.room >= route.MaxWaiting {
			return false
		}
		q.room++
	}
	w.place = q.line.PushBack(w)
	r.awake()
	return true
}

func (r *Router) dequeue(w *Waiting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queues[w.req.Route]
	q.line.Remove(w.place)
	if !bound(w.reason) {
		q.room--
	}
	if q.line.Len() == 0 {
		delete(r.queues, w.req.Route)
	}
	r.awake() // who stood behind it may go on
}

// blame notes why a join still waits: own is whether it is for its own session.
func (r *Router) blame(w *Waiting, reason error, own bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := bound(w.reason)
	w.reason = reason
	switch q := r.queues[w.req.Route]; {
	case was && !own:
		q.room++
	case !was && own:
		q.room--
	}
}

// full is the error of a join that got no seat.
func (r *Router) full(route *model.Route, reason error, waited time.Duration) *FullError {
	r.mu.Lock()
	defer r.mu.Unlock()
	retry := time.Second
	if q := r.queues[route.Name]; q != nil && route.MaxWaiting > 0 {
		retry += route.MaxWait * time.Duration(q.room) / time.Duration(route.MaxWaiting)
	}
	return &FullError{Route: route.Name, Reason: reason, Waited: waited, RetryAfter: retry}
}

// awake has Run look at the queues.
func (r *Router) awake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
