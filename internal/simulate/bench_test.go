package simulate

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// BenchmarkMillionSessions is a day of a million sessions and three million joins, on up to 900 servers.
func BenchmarkMillionSessions(b *testing.B) {
	in := house(func(s *model.FleetSpec) { s.Capacity.Sessions = 100 })
	in.Trace = generated(b, "voice-day", trace.Options{Seed: 1, Scale: 1_000_000})
	in.LeadIn = time.Hour
	for b.Loop() {
		r := run(b, in, Own)
		b.ReportMetric(float64(r.Joins), "joins")
		b.ReportMetric(float64(r.Sessions), "sessions")
		b.ReportMetric(float64(r.Peak), "servers")
		b.ReportMetric(float64(r.Happened), "events")
		b.ReportMetric(r.Ratio(), "ratio")
		b.ReportMetric(float64(r.Failed), "failed")
	}
}

// BenchmarkBusyHour is the busiest hour of that day, after an hour of lead-in.
func BenchmarkBusyHour(b *testing.B) {
	in := house(func(s *model.FleetSpec) { s.Capacity.Sessions = 100 })
	in.Trace = generated(b, "voice-day", trace.Options{Seed: 1, Scale: 1_000_000, Start: noon.Add(9 * time.Hour)})
	in.Trace.Rows = in.Trace.Rows[:60]
	in.LeadIn = time.Hour
	for b.Loop() {
		r := run(b, in, Own)
		b.ReportMetric(float64(r.Joins), "joins")
		b.ReportMetric(float64(r.Peak), "servers")
		b.ReportMetric(float64(r.Happened), "events")
	}
}
