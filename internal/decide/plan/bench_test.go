package plan

import (
	"fmt"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// BenchmarkMake1000Servers is a plan for a fleet of 1,000 servers with a policy of every kind, an event, and nothing to do.
func BenchmarkMake1000Servers(b *testing.B) {
	now := time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	night := model.Window{Cron: "0 3 * * *", Duration: 3 * time.Hour, TimeZone: "Asia/Tokyo"}
	in := Input{Fleet: model.Fleet{Name: "plaza", Spec: model.FleetSpec{
		Capacity: model.Capacity{Sessions: 20, SeatsPerSession: 10}, Max: 2000, DoubtAfter: 1000 * time.Hour,
		Scaling: model.Scaling{
			Policies: []model.Policy{
				{Trend: &model.TrendPolicy{}},
				{Forecast: &model.ForecastPolicy{}},
				{Buffer: &model.BufferPolicy{FreePercent: 2}},
				{Occupancy: &model.OccupancyPolicy{Target: 0.95}},
				{ActiveSessions: &model.ActiveSessionsPolicy{Target: 0.95}},
				{Load: &model.LoadPolicy{CPUTarget: 0.7, NetworkTarget: 1e8}},
				{Schedule: &model.SchedulePolicy{Window: night, Servers: 10}},
				{External: &model.ExternalPolicy{Signal: "lobby", Target: 100, MaxAge: 1000 * time.Hour}},
			},
			MaxStartsPerMinute: 1000, MaxStopsPerMinute: 1000, Stabilization: 5 * time.Minute,
			ScaleInWindows: []model.Window{night}, Budgets: []model.Budget{{Servers: "10%"}, {Servers: "5", Window: &night}},
		},
	}.WithDefaults()}}
	for i := range 1000 {
		id := model.ServerID(fmt.Sprintf("plaza-%05d", i))
		used := min(20, 15+i%8)
		in.Servers = append(in.Servers, model.Server{
			ID: id, Fleet: "plaza", State: model.ServerOpen, SessionCapacity: 20, SeatCapacity: 200, SeatsPerSession: 10, Linked: true,
			ReportedAt: now, CreatedAt: now.Add(-time.Hour), Sessions: used, SessionsActive: used, SeatsClaimed: 4 * used,
			Load: &model.Load{At: now.Add(1000 * time.Hour), CPU: 0.5, CPULimit: 1, Sent: 1e6},
		})
		in.Instances = append(in.Instances, Instance{ID: id, Running: true})
	}
	in.Outlook = scale.Outlook{
		Signals:  map[string]scale.Signal{"lobby": {Value: 5000, At: now}},
		Expected: []scale.Expectation{{At: now.Add(-time.Hour), Sessions: 1000}, {At: now.Add(1000 * time.Hour), Sessions: 1200}},
		Events:   []scale.Event{{Name: "gala", Sessions: 100, DoorsAt: now.Add(time.Hour), EndsAt: now.Add(1000 * time.Hour), Ramp: time.Hour}},
	}
	in.Now = now
	b.ReportAllocs()
	for b.Loop() {
		in.Now = in.Now.Add(time.Second)
		in.Outlook.Begun += 8
		p, state := Make(in)
		if len(p.Actions) > 0 {
			b.Fatalf("does %+v", p.Actions)
		}
		in.State = state
	}
}
