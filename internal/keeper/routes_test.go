package keeper

import (
	"reflect"
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

// A fleet's sessions stay on it where they can; one that was rolled back, or that the route does not name any more, gives
// them to the others.
func TestDestinations(t *testing.T) {
	for _, c := range []struct {
		weights []model.FleetWeight
		want    []model.FleetName
	}{
		{[]model.FleetWeight{{Fleet: "old", Weight: 600_000}, {Fleet: "new", Weight: 400_000}}, []model.FleetName{"new", "old"}},
		{[]model.FleetWeight{{Fleet: "old", Weight: 600_000}, {Fleet: "third", Weight: 400_000}, {Fleet: "new"}}, []model.FleetName{"old", "third", "new"}},
		{[]model.FleetWeight{{Fleet: "old", Weight: 1_000_000}, {Fleet: "third"}}, []model.FleetName{"old", "new"}},
		{[]model.FleetWeight{{Fleet: "new", Weight: 1_000_000}}, []model.FleetName{"new"}},
	} {
		if got := destinations(c.weights, "new"); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %v, want %v", c.weights, got, c.want)
		}
	}
}
