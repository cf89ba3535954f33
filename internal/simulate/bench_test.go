package simulate

import (
	"runtime/debug"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// BenchmarkMillionSessions is a day of a million sessions, each joined once, on up to 900 servers.
func BenchmarkMillionSessions(b *testing.B) { benchmarkDay(b, 1) }

// BenchmarkMillionParties is that day with three players to a session.
func BenchmarkMillionParties(b *testing.B) { benchmarkDay(b, 3) }

func benchmarkDay(b *testing.B, players int) {
	defer debug.SetGCPercent(debug.SetGCPercent(GCPercent))
	in := house(func(s *model.FleetSpec) { s.Capacity.Sessions = 100 })
	in.Trace = generated(b, "voice-day", trace.Options{Seed: 1, Scale: 1_000_000})
	for i := range in.Trace.Rows {
		r := &in.Trace.Rows[i]
		r.Joins = players * r.Sessions
	}
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
