package router

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Bounds of waiting.
const (
	// MaxBound bounds the joins of a route that wait for their own session: while it moves, or is full. They are not
	// held against Route.MaxWaiting, since a drain makes many of them at once and none needs new room.
	MaxBound = 1 << 16
	// pace is the least time between two looks at the queues, so that joins waiting in a busy registry, which changes
	// all the time, cost little.
	pace = 2 * time.Millisecond
	// patience is the longest time between two looks while somebody waits: reservations end without a change.
	patience = 500 * time.Millisecond
)

// queue is the joins of one route that wait, in the order of their arrival. Those that wait for room let nobody behind
// them have any; those bound to a session that moves or is full stand in nobody's way.
type queue struct {
	line list.List // of *waiter
	room int       // how many of them wait for room
}

// waiter is one join that waits. Its fields but turn are guarded by the router's mu.
type waiter struct {
	ctx    context.Context
	req    Request
	place  *list.Element
	reason error
	answer registry.Reservation
	err    error
	ready  chan struct{} // closed once answer or err is there

	turn sync.Mutex // held while the registry is asked for it: it is not given up in the middle
	over bool       // guarded by turn: answered or given up
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
			if w := e.Value.(*waiter); !bound(w.reason) && !errors.Is(w.reason, ErrHeld) {
				n++
			}
		}
	}
	return n
}

// wait queues a join that was refused for reason.
func (r *Router) wait(ctx context.Context, req Request, route model.Route, reason error) (Placement, error) {
	longest := route.MaxWait
	if req.MaxWait != nil {
		longest = min(longest, *req.MaxWait)
	}
	if longest <= 0 {
		return Placement{}, r.full(&route, reason, 0)
	}
	w := &waiter{ctx: ctx, req: req, reason: reason, ready: make(chan struct{})}
	if !r.enqueue(w, &route) {
		return Placement{}, r.full(&route, reason, 0)
	}
	since := r.cfg.Now()
	timer := time.NewTimer(longest)
	defer timer.Stop()
	var err error
	select {
	case <-w.ready:
	case <-timer.C:
		err = r.giveUp(w, func() error { return r.full(&route, w.reason, r.cfg.Now().Sub(since)) })
	case <-ctx.Done():
		err = r.giveUp(w, ctx.Err)
	}
	switch {
	case err != nil:
		return Placement{}, err
	case w.err != nil:
		return Placement{}, w.err
	default:
		return r.placement(w.answer), nil
	}
}

// enqueue puts a join at the end of its route's queue, if that is not too long, and has the queue looked at: room may
// have come since the join was refused.
func (r *Router) enqueue(w *waiter, route *model.Route) bool {
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

// giveUp takes a join out of the queue and answers why; nil if it was answered just before.
func (r *Router) giveUp(w *waiter, why func() error) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.over {
		return nil
	}
	w.over = true
	r.dequeue(w)
	return why()
}

func (r *Router) dequeue(w *waiter) {
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

// blame notes why a join still waits.
func (r *Router) blame(w *waiter, reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch q, was, is := r.queues[w.req.Route], bound(w.reason), bound(reason); {
	case was && !is:
		q.room++
	case !was && is:
		q.room--
	}
	w.reason = reason
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
