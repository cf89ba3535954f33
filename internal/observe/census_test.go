package observe

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

func TestCensusKnowsWhatIsSpecifiedAndWanted(t *testing.T) {
	planned := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	route := model.Route{Fleets: []model.FleetWeight{{Fleet: "rooms", Weight: 900_000}, {Fleet: "asleep", Weight: 100_000}}}
	c := NewCensus(Sources{
		Registry: someFacts(),
		Specs: func() *store.Specs {
			return &store.Specs{
				Fleets: map[model.FleetName]model.Fleet{
					"rooms":  {Spec: model.FleetSpec{Max: 9, Price: model.Price{PerServerHour: 0.5}}},
					"asleep": {Spec: model.FleetSpec{Max: 2}},
				},
				Routes: map[model.RouteName]model.Route{"plaza": route, "empty": route},
			}
		},
		Size: func(name model.FleetName) (plan.Size, time.Time) {
			if name == "rooms" {
				return plan.Size{Known: true, Wanted: 3, Desired: 4}, planned
			}
			return plan.Size{}, time.Time{}
		},
		Waiting: func(name model.RouteName) int { return map[model.RouteName]int{"plaza": 10}[name] },
		Now:     func() time.Time { return planned },
	})
	if err := c.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := c.Count()
	rooms, asleep := now.Fleets["rooms"], now.Fleets["asleep"]
	if !rooms.Planned || rooms.Wanted != 3 || rooms.Desired != 4 || rooms.PlannedAt != planned || rooms.Max != 9 || rooms.Price != 0.5 {
		t.Errorf("rooms %+v", rooms)
	}
	if rooms.Waiting != 9 || asleep.Waiting != 1 || now.Routes["plaza"].Waiting != 10 || now.Routes["empty"].Waiting != 0 {
		t.Errorf("waiting: rooms %d, asleep %d, routes %+v", rooms.Waiting, asleep.Waiting, now.Routes)
	}
	if asleep.Planned || asleep.Max != 2 || asleep.Occupancy() != 0 || asleep.ActiveRate() != 0 {
		t.Errorf("a fleet without a server or a plan: %+v", asleep)
	}
	if rooms.Living() != 2 || rooms.Players() != 7 || rooms.Occupancy() != 0.25 || rooms.ActiveRate() != 0.75 {
		t.Errorf("living %d, players %d, occupancy %v, active rate %v", rooms.Living(), rooms.Players(), rooms.Occupancy(), rooms.ActiveRate())
	}
}
