package plan

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/model"
)

// TestConsolidationEndsNothing: a control plane that was away until after the deadline of a drain for consolidation takes the
// drain back; it ends no session for it.
func TestConsolidationEndsNothing(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	spec := model.FleetSpec{
		Capacity: model.Capacity{Sessions: 10}, Min: 1, Max: 5,
		Scaling: model.Scaling{Consolidation: &model.Consolidation{}, Policies: []model.Policy{{Buffer: &model.BufferPolicy{}}}},
	}.WithDefaults()
	server := func(id model.ServerID, state model.ServerState) model.Server {
		return model.Server{
			ID: id, Fleet: "plaza", State: state, Linked: true, SessionCapacity: 10, Sessions: 1,
			CreatedAt: now.Add(-time.Hour), StateSince: now.Add(-time.Hour), ReportedAt: now,
		}
	}
	open, merging := server("plaza-1", model.ServerOpen), server("plaza-2", model.ServerDraining)
	d := NewDrain(model.DrainPolicy{Deadline: time.Minute}, "consolidation", now.Add(-2*time.Minute))
	d.Cause = model.DrainConsolidation
	merging.Drain = &d
	in := Input{
		Now: now, Fleet: model.Fleet{Name: "plaza", Spec: spec}, Servers: []model.Server{open, merging},
		Instances: []Instance{{ID: "plaza-1", Running: true}, {ID: "plaza-2", Running: true}},
		Sessions:  map[model.ServerID][]drain.Session{"plaza-2": {{SessionRef: model.SessionRef{Route: "plaza", Key: "a"}, Generation: 1}}},
	}
	p, _ := Make(in)
	back := false
	for _, a := range p.Actions {
		if a.Verb == End {
			t.Errorf("%s %s: %s", a.Verb, a.Server, a.Reason)
		}
		back = back || a.Verb == Undrain && a.Server == "plaza-2"
	}
	if !back {
		t.Errorf("the drain is not taken back: %+v", p.Actions)
	}
}
