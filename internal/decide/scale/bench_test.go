package scale

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// everything is a scaling with a policy of each kind, windows, budgets and limits.
func everything() model.Scaling {
	night := model.Window{Cron: "0 3 * * *", Duration: 3 * time.Hour, TimeZone: "Asia/Tokyo"}
	return model.Scaling{
		Policies: []model.Policy{
			{Trend: &model.TrendPolicy{}},
			{Forecast: &model.ForecastPolicy{}},
			{Buffer: &model.BufferPolicy{FreePercent: 5}},
			{Occupancy: &model.OccupancyPolicy{Target: 0.9}},
			{ActiveSessions: &model.ActiveSessionsPolicy{Target: 0.9}},
			{Load: &model.LoadPolicy{CPUTarget: 0.7, NetworkTarget: 1e8}},
			{Schedule: &model.SchedulePolicy{Window: night, Servers: 10}},
			{External: &model.ExternalPolicy{Signal: "lobby", Target: 100}},
		},
		MaxStartsPerMinute: 1000, MaxStopsPerMinute: 1000, Stabilization: 5 * time.Minute,
		ScaleInWindows: []model.Window{night, {Cron: "0 * * * *", Duration: time.Hour}},
		Budgets:        []model.Budget{{Servers: "10%"}, {Servers: "5", Window: &night}},
	}
}

// busyFleet has n servers of 20 slots, most of them full, every tenth empty.
func busyFleet(n int, at time.Time) (out []Server) {
	for i := range n {
		used := 20
		switch {
		case i%10 == 0:
			used = 0
		case i%10 == 1:
			used = i % 20
		}
		out = append(out, Server{
			ID: model.ServerID(fmt.Sprintf("plaza-%05d", i)), Stage: Serving, FreeSlots: 20 - used, Slots: 20, Sessions: used,
			Active: used, Players: 4 * used, Seats: 200, Empty: used == 0, CreatedAt: at.Add(-time.Hour),
			Load: &model.Load{At: at, CPU: 0.5, CPULimit: 1, Received: 1e6, Sent: 1e6},
		})
	}
	return out
}

// BenchmarkDecide is a decision of every policy at once, with three events, a second after the last one.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 20, SeatsPerSession: 10}, Max: 20000, Scaling: everything()}.WithDefaults()
			in := Input{Spec: spec, Servers: busyFleet(n, now), Now: now, Outlook: Outlook{
				Signals:  map[string]Signal{"lobby": {Value: 5000, At: now.Add(24 * time.Hour)}},
				Expected: []Expectation{{now.Add(-time.Hour), float64(10 * n)}, {now.Add(24 * time.Hour), float64(12 * n)}},
			}}
			for i := range 3 {
				in.Outlook.Events = append(in.Outlook.Events, Event{
					Name: model.EventName(fmt.Sprint(i)), Sessions: n, DoorsAt: now.Add(time.Hour), EndsAt: now.Add(24 * time.Hour), Ramp: time.Hour,
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				in.Now = in.Now.Add(time.Second)
				in.Outlook.Begun += 3
				in.Memory = Decide(in).Memory
			}
		})
	}
}
