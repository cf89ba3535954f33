package chaos

import (
	"runtime/debug"
	"testing"
)

// BenchmarkWorld is one world after the other, each by a seed of its own: how long a seed takes one processor.
func BenchmarkWorld(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(GCPercent))
	var events uint64
	for seed := uint64(1); b.Loop(); seed++ {
		r, err := Run(b.Context(), seed, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if len(r.Broken) > 0 {
			b.Fatalf("seed %d: %v", seed, r.Broken)
		}
		events += r.Happened
	}
	b.ReportMetric(float64(events)/float64(b.N), "events/op")
}
