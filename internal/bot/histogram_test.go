package bot

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
		var h histogram
		for _, d := range us {
			h.add(time.Duration(d) * time.Microsecond)
		}
		slices.Sort(us)
		rank := int(q * float64(len(us)))
		if float64(rank) == q*float64(len(us)) {
			rank--
		}
		exact := time.Duration(us[max(rank, 0)]) * time.Microsecond
		got := h.quantile(q)
		if got < exact || got > exact+exact/32+time.Microsecond || got > h.max {
			t.Fatalf("quantile %v of %d is %v, exactly %v, max %v", q, len(us), got, exact, h.max)
		}
	})
}

func TestHistogramOfNothing(t *testing.T) {
	var h histogram
	if got := h.summary(); got != (Quantiles{}) {
		t.Fatalf("%+v", got)
	}
	h.add(-time.Second)
	h.add(1000 * time.Hour)
	if got := h.quantile(1); got != 1000*time.Hour && h.n != 2 {
		t.Fatalf("quantile 1 is %v of %d", got, h.n)
	}
}
