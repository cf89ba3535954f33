package router

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Waiting is a join that stands in its route's queue. It is answered by a Tick, or given up. Its methods are safe for
// concurrent use.
type Waiting struct {
	router   *Router
	ctx      context.Context
	req      Request
	route    model.Route // as it was when the join came
	since    time.Time
	deadline time.Time
	ready    chan struct{} // closed once answer or err is there

	order   []model.FleetName // in which its key tries the fleets, by those weights: worked out once for many looks
	ordered []model.FleetWeight

	place  *list.Element // guarded by the router's mu, like reason
	reason error         // why it waits

	turn   sync.Mutex // held while the registry is asked for it: it is not given up in the middle
	over   bool       // guarded by turn: answered or given up
	answer registry.Reservation
	err    error
}

// fleets are those of the route in the order in which the join's key tries them; its turn is held.
func (w *Waiting) fleets(route *model.Route) []model.FleetName {
	if w.order == nil || !slices.Equal(w.ordered, route.Fleets) {
		w.order, w.ordered = place.Order(string(w.req.Key), route.Fleets), slices.Clone(route.Fleets)
	}
	return w.order
}

// Deadline is when it has waited for as long as it may; whoever holds it is to give it up then.
func (w *Waiting) Deadline() time.Time { return w.deadline }

// Done gives a channel that is closed once there is an answer. It stays open when the join is given up.
func (w *Waiting) Done() <-chan struct{} { return w.ready }

// Answer is what Join would have answered; ok is false as long as there is no answer. The tickets of a seated join are
// signed anew by every call.
func (w *Waiting) Answer() (p Placement, ok bool, err error) {
	select {
	case <-w.ready:
	default:
		return Placement{}, false, nil
	}
	if w.err != nil {
		return Placement{}, true, w.err
	}
	return w.router.placement(w.answer), true, nil
}

// GiveUp takes the join out of its queue. It answers why there is no seat, which is a *FullError unless cause is given;
// nil if the join was answered just before.
func (w *Waiting) GiveUp(cause error) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.over {
		return nil
	}
	w.over = true
	w.router.dequeue(w)
	if cause != nil {
		return cause
	}
	return w.router.full(&w.route, w.reason, w.router.cfg.Now().Sub(w.since))
}

// wait queues a join that was refused for reason.
func (r *Router) wait(ctx context.Context, req Request, route model.Route, reason error) (*Waiting, error) {
	longest := route.MaxWait
	if req.MaxWait != nil {
		longest = min(longest, *req.MaxWait)
	}
	if longest <= 0 {
		return nil, r.full(&route, reason, 0)
	}
	since := r.cfg.Now()
	w := &Waiting{
		router: r, ctx: ctx, req: req, route: route, since: since, deadline: since.Add(longest),
		reason: reason, ready: make(chan struct{}),
	}
	if !r.enqueue(w, &route) {
		return nil, r.full(&route, reason, 0)
	}
	return w, nil
}

// await blocks until a join that waits is answered, has waited long enough, or ctx ends.
func (r *Router) await(ctx context.Context, w *Waiting) (Placement, error) {
	timer := time.NewTimer(w.deadline.Sub(w.since))
	defer timer.Stop()
	var err error
	select {
	case <-w.ready:
	case <-timer.C:
		err = w.GiveUp(nil)
	case <-ctx.Done():
		err = w.GiveUp(ctx.Err())
	}
	if err != nil {
		return Placement{}, err
	}
	p, _, err := w.Answer()
	p.Waited = max(r.cfg.Now().Sub(w.since), 1) // the shortest wait is one too
	return p, err
}
