package room

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Run ticks the room until it is over. When ctx ends it closes every connection with "going away". An idle room sleeps:
// the first input after a pause is delivered a tick after the last tick, at the latest a tick after itself; a join, a leave
// or a subscription hurries the tick to model.MinTick after the last.
func (r *Room) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer r.game.rest()
	members := 0 // counted so far
	due := time.Now()
	defer func() { r.cfg.Counters.Members.Add(-int64(members)) }()
	for {
		began := time.Now()
		next, done := r.Tick(began)
		r.cfg.Counters.TickTime.Observe(time.Since(began))
		if done {
			return
		}
		if n := r.seats.len(); n != members {
			r.cfg.Counters.Members.Add(int64(n - members))
			members = n
		}
		last := due // not began: a tick's distance is not longer by what timers are late
		if began.Sub(due) > lateAfter {
			last = began
		}
		var ok bool
		if due, ok = r.wait(ctx, timer, last, next); !ok {
			r.end(wire.CloseGoingAway, "the server is going away", nil)
			return
		}
		if time.Since(due) > lateAfter {
			r.cfg.Counters.LateTicks.Add(1)
		}
	}
}

// lateAfter is how long after it was due a tick begins late: half of the shortest.
const lateAfter = model.MinTick / 2

// wait returns when the next tick is due, and since when; false: ctx ended.
func (r *Room) wait(ctx context.Context, timer *time.Timer, last, next time.Time) (due time.Time, ok bool) {
	var sleep <-chan time.Time
	if !next.IsZero() {
		timer.Reset(time.Until(next))
		sleep = timer.C
	}
	select {
	case <-ctx.Done():
		return time.Time{}, false
	case <-sleep:
		return next, true
	case <-r.in.wake:
	}
	woken := time.Now()
	for {
		due := last.Add(r.cfg.Settings.Tick)
		if r.in.isUrgent() {
			due = last.Add(min(model.MinTick, r.cfg.Settings.Tick))
		}
		if woken.After(due) { // after a pause
			due = woken
		}
		d := time.Until(due)
		if d <= 0 {
			return due, true
		}
		timer.Reset(d)
		select {
		case <-ctx.Done():
			return time.Time{}, false
		case <-timer.C:
			return due, true
		case <-r.in.wake: // it may be urgent now
			woken = time.Now()
		}
	}
}
