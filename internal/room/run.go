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
	for {
		last := time.Now()
		next, done := r.Tick(last)
		if done {
			return
		}
		if !r.wait(ctx, timer, last, next) {
			r.end(wire.CloseGoingAway, "the server is going away", nil)
			return
		}
	}
}

// wait returns when the next tick is due; false: ctx ended.
func (r *Room) wait(ctx context.Context, timer *time.Timer, last, next time.Time) bool {
	var sleep <-chan time.Time
	if !next.IsZero() {
		timer.Reset(time.Until(next))
		sleep = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-sleep:
		return true
	case <-r.in.wake:
	}
	for {
		due := last.Add(r.cfg.Settings.Tick)
		if r.in.isUrgent() {
			due = last.Add(min(model.MinTick, r.cfg.Settings.Tick))
		}
		d := time.Until(due)
		if d <= 0 {
			return true
		}
		timer.Reset(d)
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-r.in.wake:
		}
	}
}
