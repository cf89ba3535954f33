package memory

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// maxRequests bounds the answers remembered in each of the two maps. Up to maxRequests joins with a request id in
// model.RequestMemory (35,000 a second) every answer is remembered that long, above that for maxRequests joins; at
// about 200 bytes each the two maps take at most 400 MiB.
const maxRequests = 1 << 20

// answer is what a join was answered.
type answer struct {
	session    *session
	generation model.Generation
	created    bool
	seats      []model.Seat
}

// requests remembers answers by request id for model.RequestMemory to twice that: in two maps that take turns.
type requests struct {
	bound      int // of each map
	young, old map[string]answer
	since      time.Time // the young one's start
}

func (r *requests) find(id string) (answer, bool) {
	if a, ok := r.young[id]; ok {
		return a, true
	}
	a, ok := r.old[id]
	return a, ok
}

func (r *requests) remember(id string, a answer) { r.young[id] = a }

// turn forgets what is old enough.
func (r *requests) turn(now time.Time) {
	age := now.Sub(r.since)
	if r.young != nil && age < model.RequestMemory && len(r.young) < r.bound {
		return
	}
	r.old, r.young, r.since = r.young, map[string]answer{}, now
	if age >= 2*model.RequestMemory {
		r.old = nil
	}
}
