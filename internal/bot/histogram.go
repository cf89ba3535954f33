package bot

import (
	"math/bits"
	"sync"
	"time"
)

// histogram counts durations in buckets that are 1/32 of their value wide, from 1 µs to over an hour: 3 % off at most, in
// 8 KiB, whatever is counted. It is safe for concurrent use.
type histogram struct {
	mu     sync.Mutex
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
	return min(double*perDouble+int(us>>double), len(histogram{}.counts)-1)
}

// upper is the highest number of µs that falls into a bucket.
func upper(bucket int) uint64 {
	if bucket < 2*perDouble {
		return uint64(bucket)
	}
	double := bucket/perDouble - 1
	return uint64(bucket-double*perDouble+1)<<double - 1
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[bucketOf(uint64(d.Microseconds()))]++
	h.n++
	h.max = max(h.max, d)
}

// quantile is the upper edge of the bucket that holds the q-th part, 0 < q ≤ 1, and at most the maximum; 0 if nothing
// was counted.
func (h *histogram) quantile(q float64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := uint64(q * float64(h.n))
	if float64(left) < q*float64(h.n) {
		left++
	}
	for bucket, count := range h.counts {
		if count >= left && count > 0 {
			return min(time.Duration(upper(bucket))*time.Microsecond, h.max)
		}
		left -= count
	}
	return h.max
}

// summary is what a report says of a histogram.
func (h *histogram) summary() Quantiles {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	p50, p99 := h.quantile(0.50), h.quantile(0.99)
	h.mu.Lock()
	defer h.mu.Unlock()
	return Quantiles{Count: h.n, P50: ms(p50), P99: ms(p99), Max: ms(h.max)}
}
