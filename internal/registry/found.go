package registry

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// FoundDrainTime is what the sessions of a draining server are given at least to be moved in, from the moment a restarted control
// plane finds it again: nobody could move them before. It is the drain's whole time where that is shorter.
const FoundDrainTime = 30 * time.Second

// FoundDrain is the drain of a server that is found again draining, by what it was last told; nil is for one that cannot say,
// whose sessions are handed over at once. A drain that began after now was timed by another clock, or the clock was put back: it
// begins now. One that would be over by now, or very soon, begins now too and has FoundDrainTime.
func FoundDrain(told *model.Drain, now time.Time) model.Drain {
	if told == nil {
		return model.Drain{
			StartedAt: now, HandOverAt: now, DeadlineAt: now.Add(model.DefaultDrainDeadline),
			Reason: "was draining when it was found again", Cause: model.DrainUnknown,
		}
	}
	d := *told
	if d.StartedAt.IsZero() {
		d.StartedAt = now
	}
	if ahead := d.StartedAt.Sub(now); ahead > 0 {
		d.StartedAt, d.HandOverAt, d.DeadlineAt = now, d.HandOverAt.Add(-ahead), d.DeadlineAt.Add(-ahead)
	}
	if d.HandOverAt.After(d.DeadlineAt) {
		d.HandOverAt = d.DeadlineAt
	}
	least := max(0, min(FoundDrainTime, d.DeadlineAt.Sub(d.StartedAt)))
	if d.DeadlineAt.Before(now.Add(least)) {
		d.StartedAt, d.HandOverAt, d.DeadlineAt = now, now, now.Add(least)
	}
	if d.Before != nil {
		before := FoundDrain(d.Before, now)
		d.Before = &before
	}
	return d
}
