package load

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestHistogramIsNear: a quantile is never below the exact one and at most 1/32 above it.
func TestHistogramIsNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.SliceOfN(rapid.Int64Range(0, 3_600_000_000), 1, 300).Draw(t, "µs")
		q := rapid.SampledFrom([]float64{0.01, 0.5, 0.9, 0.99, 1}).Draw(t, "q")
		var h Histogram
		for _, d := range us {
			h.Add(time.Duration(d) * time.Microsecond)
		}
		slices.Sort(us)
		rank := int(q * float64(len(us)))
		if float64(rank) == q*float64(len(us)) {
			rank--
		}
		exact := time.Duration(us[max(rank, 0)]) * time.Microsecond
		got := h.Quantile(q)
		if got < exact || got > exact+exact/32+time.Microsecond || got > h.max {
			t.Fatalf("quantile %v of %d is %v, exactly %v, max %v", q, len(us), got, exact, h.max)
		}
	})
}

func TestHistogramOfNothing(t *testing.T) {
	var h Histogram
	if h.Quantile(0.99) != 0 || h.Count() != 0 || h.Max() != 0 {
		t.Fatalf("p99 %v, %d counted, max %v", h.Quantile(0.99), h.Count(), h.Max())
	}
	h.Add(-time.Second)
	h.Add(1000 * time.Hour)
	if got := h.Quantile(1); got != 1000*time.Hour || h.n != 2 {
		t.Fatalf("quantile 1 is %v of %d", got, h.n)
	}
}

func TestHistogramsMerge(t *testing.T) {
	var a, b, both Histogram
	for i := range 1000 {
		d := time.Duration(i*i) * time.Microsecond
		both.Add(d)
		if i%3 == 0 {
			a.Add(d)
		} else {
			b.Add(d)
		}
	}
	a.Merge(&b)
	a.Merge(new(Histogram))
	if a != both {
		t.Fatal("two merged histograms differ from one of the same durations")
	}
}
