package router

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Run serves the joins that wait, whenever the registry changes, until ctx ends.
func (r *Router) Run(ctx context.Context) error {
	changes := r.cfg.Registry.Watch(ctx)
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-changes:
			if !ok {
				return nil
			}
		case <-r.wake:
		case <-look.C:
		}
		began := time.Now()
		if r.Tick(ctx) == 0 {
			look.Stop()
			continue
		}
		// Somebody waits still: changes in the meantime are looked at together.
		if !sleep(ctx, max(Pace, rest*time.Since(began))) {
			return nil
		}
		look.Reset(Patience)
	}
}

// sleep waits for d; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Tick looks at every queue once, by the routes' names, and answers how many joins wait still. Calls must not overlap.
func (r *Router) Tick(ctx context.Context) (waiting int) {
	for _, name := range r.routes() {
		waiting += r.serve(ctx, name)
	}
	return waiting
}

// routes are those with joins that wait, by name. They stand in the tick's memory, like line's.
func (r *Router) routes() []model.RouteName {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tick.routes = slices.AppendSeq(r.tick.routes[:0], maps.Keys(r.queues))
	slices.Sort(r.tick.routes)
	return r.tick.routes
}

// line is the joins of a route that wait now, and why none may take room; nil if they may.
func (r *Router) line(route model.RouteName) (line []*Waiting, reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line = r.tick.line[:0]
	if q := r.queues[route]; q != nil {
		for e := q.line.Front(); e != nil; e = e.Next() {
			line = append(line, e.Value.(*Waiting))
		}
	}
	if r.held {
		reason = ErrHeld
	}
	r.tick.line = line
	return line, reason
}

// serve asks the registry for the joins of one route in the order of their arrival. From the first that finds no room
// on, the others are only looked up in sessions that are there.
func (r *Router) serve(ctx context.Context, name model.RouteName) (waiting int) {
	line, closed := r.line(name)
	for _, w := range line {
		if ctx.Err() != nil {
			break
		}
		route, ok := r.cfg.Routes(name) // as it is now, for each: a fleet rolled back gets no session of those who waited
		if !ok {
			r.resolve(w, registry.Reservation{}, fmt.Errorf("%s: %w", name, ErrNoRoute))
			continue
		}
		reason, own := r.attempt(w, &route, closed)
		if reason == nil {
			continue
		}
		waiting++
		if !own {
			closed = reason
		}
	}
	clear(line) // a join that is over is not kept in memory
	return waiting
}

// attempt tries to seat one join, in a session that is there if room is closed. It answers why it waits on, and whether that is
// for its own session; nil if it does not.
func (r *Router) attempt(w *Waiting, route *model.Route, closed error) (reason error, own bool) {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.over {
		return nil, false
	}
	reason = closed // which is of nobody's own session
	if closed == nil || w.req.Key != "" {
		var fleets []model.FleetName
		if closed == nil && w.req.Key != "" {
			fleets = w.fleets(route)
		}
		res, err := r.reserve(w.ctx, &w.req, route, fleets, closed == nil)
		if err == nil || !waits(err) {
			r.finish(w, res, err)
			return nil, false
		}
		if own = bound(err); own || closed == nil {
			reason = err
		}
	}
	r.blame(w, reason, own)
	return reason, own
}

// resolve answers a join, unless it was given up.
func (r *Router) resolve(w *Waiting, res registry.Reservation, err error) {
	w.turn.Lock()
	defer w.turn.Unlock()
	if !w.over {
		r.finish(w, res, err)
	}
}

// finish answers a join; its turn is held.
func (r *Router) finish(w *Waiting, res registry.Reservation, err error) {
	w.over, w.answer, w.err = true, res, err
	r.dequeue(w)
	close(w.ready)
}
