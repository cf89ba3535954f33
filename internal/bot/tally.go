package bot

import (
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/load"
)

// tally is what the players of a curve add to as they come and go.
type tally struct {
	measured
	delivered atomic.Uint64

	windows []Window

	mu     sync.Mutex
	all    joins
	within []joins        // by windows
	recent joins          // since the last sample
	late   load.Histogram // how much later players came than they were to
	in     int
}

// joins are some joins, summed up.
type joins struct {
	failed, waited uint64
	longest        time.Duration  // that one waited
	call, enter    load.Histogram // of those that succeeded: until the API's answer, and until the room's state was there
}

func newTally(windows []Window) tally {
	return tally{windows: windows, within: make([]joins, len(windows))}
}

// seated counts a player who got in: joined at so long after the start, answered by the API after call, in the room after
// enter, having waited in the queue.
func (t *tally) seated(at, call, enter, waited time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.joined.Add(1)
	t.in++
	for _, j := range t.of(at) {
		j.call.Add(call)
		j.enter.Add(enter)
		if waited > 0 {
			j.waited++
			j.longest = max(j.longest, waited)
		}
	}
}

// refused counts a player who did not get in.
func (t *tally) refused(at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, j := range t.of(at) {
		j.failed++
	}
}

func (t *tally) left() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.in--
}

func (t *tally) came(late time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.late.Add(late)
}

// of answers what a join at some time counts for.
func (t *tally) of(at time.Duration) []*joins {
	sums := []*joins{&t.all, &t.recent}
	for i, w := range t.windows {
		if at >= w.From && at < w.To {
			sums = append(sums, &t.within[i])
		}
	}
	return sums
}

// take answers what came since it was last called, and how many are in.
func (t *tally) take() (recent joins, in int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	recent, t.recent = t.recent, joins{}
	return recent, t.in
}
