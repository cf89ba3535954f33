package observe

import (
	"fmt"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/decide/rollout"
)

// joinBounds are the upper ends of the buckets of joins: they take microseconds from memory, and up to the queue's wait when
// full.
func joinBounds() []time.Duration {
	return []time.Duration{
		100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
		10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, time.Minute,
	}
}

// bootBounds are those of what servers take to be ready: a process tenths of a second, a new machine minutes.
func bootBounds() []time.Duration {
	return []time.Duration{
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
		10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	}
}

// histogram counts durations in Prometheus' own form (le), which every scraper reads.
type histogram struct {
	bounds  []time.Duration
	buckets []atomic.Uint64 // one more than bounds
	sum     atomic.Int64    // nanoseconds
}

func newHistogram(bounds []time.Duration) *histogram {
	return &histogram{bounds: bounds, buckets: make([]atomic.Uint64, len(bounds)+1)}
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for i < len(h.bounds) && d > h.bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// counted is how many durations each bucket has.
func (h *histogram) counted() rollout.Latencies {
	out := rollout.Latencies{Bounds: h.bounds, Counts: make([]uint64, len(h.buckets))}
	for i := range h.buckets {
		out.Counts[i] = h.buckets[i].Load()
	}
	return out
}

// write adds the histogram to the page's family, whole or not at all; nothing for one that counted nothing.
func (h *histogram) write(p *page, labels string) {
	counts := make([]uint64, len(h.buckets))
	total := uint64(0)
	for i := range h.buckets {
		total += h.buckets[i].Load()
		counts[i] = total
	}
	if total == 0 || !p.take(len(counts)+2) {
		return
	}
	for i, n := range counts {
		le := "+Inf"
		if i < len(h.bounds) {
			le = fmt.Sprint(h.bounds[i].Seconds())
		}
		p.line("_bucket", labels, label("le", le), float64(n))
	}
	p.line("_sum", labels, "", time.Duration(h.sum.Load()).Seconds())
	p.line("_count", labels, "", float64(total))
}
