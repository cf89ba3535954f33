package plan

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// TestAReservedServerStaysReserved: a server that speaks the Agones SDK was cordoned by its own Reserve, not by doubt, so
// that it is well is no reason to open it.
func TestAReservedServerStaysReserved(t *testing.T) {
	now := time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	in := Input{
		Now:   now,
		Fleet: model.Fleet{Name: "arena", Spec: model.FleetSpec{Min: 1}.WithDefaults(), Generation: 1},
		Servers: []model.Server{{
			ID: "arena-1", Fleet: "arena", State: model.ServerCordoned, Reason: "reserved for 1m0s", Linkless: true, Generation: 3,
			SessionCapacity: 1, SeatCapacity: 10, CreatedAt: now.Add(-time.Minute), StateSince: now.Add(-time.Second), ReportedAt: now,
		}},
		Instances: []Instance{{ID: "arena-1", Running: true}},
	}
	plan, _ := Make(in)
	for _, a := range plan.Actions {
		if a.Server == "arena-1" {
			t.Errorf("%s %s: %s", a.Verb, a.Server, a.Reason)
		}
	}
}
