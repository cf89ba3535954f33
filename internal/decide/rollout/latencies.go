package rollout

import (
	"slices"
	"time"
)

// Latencies counts durations in buckets: Counts[i] are above Bounds[i-1] and at most Bounds[i], the last of Counts above
// all of Bounds. The zero value has seen none.
type Latencies struct {
	Bounds []time.Duration // rising, shared
	Counts []uint64        // one more than Bounds
}

// Total is how many were counted.
func (l Latencies) Total() (n uint64) {
	for _, c := range l.Counts {
		n += c
	}
	return n
}

// Since is what was counted after earlier, a count of the same histogram. One that is larger than now is no earlier count,
// and nothing is taken off.
func (l Latencies) Since(earlier Latencies) Latencies {
	out := Latencies{Bounds: l.Bounds, Counts: slices.Clone(l.Counts)}
	if len(earlier.Counts) != len(l.Counts) {
		return out
	}
	for i, c := range earlier.Counts {
		if c > l.Counts[i] {
			return Latencies{Bounds: l.Bounds, Counts: slices.Clone(l.Counts)}
		}
		out.Counts[i] -= c
	}
	return out
}

// Quantile is the duration that a share q of all is at most, as if each bucket's were spread evenly over it. Those above the
// last bound count as that bound. 0 for none.
func (l Latencies) Quantile(q float64) time.Duration {
	rank, below := q*float64(l.Total()), 0.0
	if rank == 0 {
		return 0
	}
	for i, c := range l.Counts {
		if c > 0 && below+float64(c) >= rank {
			low, high := l.bucket(i)
			return low + time.Duration(float64(high-low)*(rank-below)/float64(c))
		}
		below += float64(c)
	}
	return l.Bounds[len(l.Bounds)-1]
}

// Above is how many were above d, likewise.
func (l Latencies) Above(d time.Duration) float64 {
	n := 0.0
	for i, c := range l.Counts {
		switch low, high := l.bucket(i); {
		case low >= d:
			n += float64(c)
		case high > d:
			n += float64(c) * float64(high-d) / float64(high-low)
		}
	}
	return n
}

// bucket is what a bucket spans; the last one nothing, at its bound.
func (l Latencies) bucket(i int) (low, high time.Duration) {
	if i > 0 {
		low = l.Bounds[i-1]
	}
	if i == len(l.Bounds) {
		return low, low
	}
	return low, l.Bounds[i]
}
