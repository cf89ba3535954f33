package bot

import (
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/load"
)

// histogram is a load.Histogram that is safe for concurrent use.
type histogram struct {
	mu    sync.Mutex
	inner load.Histogram
}

func (h *histogram) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inner.Add(d)
}

func (h *histogram) quantile(q float64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inner.Quantile(q)
}

// summary is what a report says of a histogram.
func (h *histogram) summary() Quantiles {
	h.mu.Lock()
	defer h.mu.Unlock()
	return quantilesOf(&h.inner)
}

func quantilesOf(h *load.Histogram) Quantiles {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Quantiles{Count: h.Count(), P50: ms(h.Quantile(0.50)), P99: ms(h.Quantile(0.99)), Max: ms(h.Max())}
}
