package simulate

import (
	"math/rand/v2"
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

// BenchmarkAgenda is one thing taken and another put down, of 500 that are there: most of it is due in a millisecond or so, as letters
// are, some soon, and the rest in seconds.
func BenchmarkAgenda(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var ahead [1 << 12]int64
	for i := range ahead {
		unit := []time.Duration{time.Millisecond, 50 * time.Millisecond, time.Second, 9 * time.Second}[min(3, r.IntN(6)/2)]
		if i%2 == 0 {
			unit = time.Millisecond
		}
		ahead[i] = int64(unit) + r.Int64N(int64(unit))
	}
	a := newAgenda[Happening](0)
	for i := range 500 {
		a.put(ahead[i%len(ahead)], call(func() {}))
	}
	i := 0
	for b.Loop() {
		at, what, _ := a.take(1 << 62)
		a.put(at+ahead[i%len(ahead)], what)
		i++
	}
}
