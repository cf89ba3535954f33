package room

import (
	"sync/atomic"
	"time"
)

// DurationBuckets is how many bounds Durations has: 0.1 ms, and each twice the one before, to 204.8 ms.
const DurationBuckets = 12

// DurationBound is the greatest duration of bucket i, 0 to DurationBuckets-1.
func DurationBound(i int) time.Duration { return 100 * time.Microsecond << i }

// Durations counts how often something took how long. Any goroutine may use it.
type Durations struct {
	counts [DurationBuckets + 1]atomic.Uint64 // the last is of all longer ones
	sum    atomic.Int64
}

// Observe counts one.
func (d *Durations) Observe(took time.Duration) {
	i := 0
	for i < DurationBuckets && took > DurationBound(i) {
		i++
	}
	d.counts[i].Add(1)
	d.sum.Add(int64(took))
}

// Read tells how many there were in each bucket and in those before it, the last being all, and their sum.
func (d *Durations) Read() (upTo [DurationBuckets + 1]uint64, sum time.Duration) {
	n := uint64(0)
	for i := range d.counts {
		n += d.counts[i].Load()
		upTo[i] = n
	}
	return upTo, time.Duration(d.sum.Load())
}
