package scale

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

func TestShare(t *testing.T) {
	split := []model.FleetWeight{{Fleet: "old", Weight: 999_900}, {Fleet: "canary", Weight: 100}, {Fleet: "off", Weight: 0}}
	for _, c := range []struct {
		waiting int
		fleet   model.FleetName
		want    int
	}{
		{0, "old", 0},
		{1, "old", 1},
		{1, "canary", 1}, // rounded up
		{20_000, "old", 19_998},
		{20_000, "canary", 2},
		{20_000, "off", 0},
		{20_000, "other", 0},
	} {
		if got := Share(c.waiting, split, c.fleet); got != c.want {
			t.Errorf("%d waiting, %s: %d, want %d", c.waiting, c.fleet, got, c.want)
		}
	}
}
