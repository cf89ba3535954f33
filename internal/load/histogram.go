package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that are 1/32 of their value wide, from 1 µs to over an hour: 3 % off at most, in
// 8 KiB, whatever is counted. The zero value is empty. It is for one goroutine at a time.
type Histogram struct {
	counts [1024]uint64
	n      uint64
	max    time.Duration
}

// Within a power of two there are perDouble buckets.
const (
	perDoubleBits = 5
	perDouble     = 1 << perDoubleBits
)

func bucketOf(us uint64) int {
	if us < perDouble {
		return int(us)
	}
	double := bits.Len64(us) - 1 - perDoubleBits
	return min(double*perDouble+int(us>>double), len(Histogram{}.counts)-1)
}

// upper is the highest number of µs that falls into a bucket.
func upper(bucket int) uint64 {
	if bucket < 2*perDouble {
		return uint64(bucket)
	}
	double := bucket/perDouble - 1
	return uint64(bucket-double*perDouble+1)<<double - 1
}

// Add counts a duration; a negative one as 0.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(uint64(d.Microseconds()))]++
	h.n++
	h.max = max(h.max, d)
}

// Merge adds what other counted.
func (h *Histogram) Merge(other *Histogram) {
	if other.n == 0 {
		return
	}
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// Count is how many durations were counted.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the longest one, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is the upper edge of the bucket that holds the q-th part, 0 < q ≤ 1, and at most the maximum; 0 if nothing
// was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	left := uint64(q * float64(h.n))
	if float64(left) < q*float64(h.n) {
		left++
	}
	for bucket, count := range h.counts[:len(h.counts)-1] { // the last one has no upper edge
		if count >= left && count > 0 {
			return min(time.Duration(upper(bucket))*time.Microsecond, h.max)
		}
		left -= count
	}
	return h.max
}
