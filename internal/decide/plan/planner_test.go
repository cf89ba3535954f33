package plan

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// TestSessionsWithPlayersAreCountedAsTheyAre: many players in one session do not make the empty ones beside it active.
func TestSessionsWithPlayersAreCountedAsTheyAre(t *testing.T) {
	now := time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	in := Input{
		Now: now,
		Fleet: model.Fleet{Name: "plaza", Spec: model.FleetSpec{
			Capacity: model.Capacity{Sessions: 10, SeatsPerSession: 40}, Max: 10,
			Scaling: model.Scaling{Policies: []model.Policy{{Name: "active", ActiveSessions: &model.ActiveSessionsPolicy{Target: 0.5}}}},
		}.WithDefaults(), Generation: 1},
		Servers: []model.Server{{
			ID: "plaza-1", Fleet: "plaza", State: model.ServerOpen, Linked: true, Generation: 1, ReportedAt: now,
			CreatedAt: now.Add(-time.Hour), StateSince: now.Add(-time.Hour), SessionCapacity: 10, SeatsPerSession: 40, SeatCapacity: 400,
			Sessions: 10, SessionsActive: 1, SeatsClaimed: 40,
		}},
		Instances: []Instance{{ID: "plaza-1", Running: true}},
	}
	p, _ := Make(in)
	for _, a := range p.Answers {
		if a.Name == "active" && a.Servers != 1 {
			t.Errorf("%d servers: %s", a.Servers, a.Reason)
		}
	}
	for _, a := range p.Actions {
		t.Errorf("%s %s: %s", a.Verb, a.Server, a.Reason)
	}
}
