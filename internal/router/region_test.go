package router

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// A join that says how far regions are goes to the nearest with room, spills over while that has none, and comes back; a
// session that is there is joined wherever it is.
func TestJoinsGoToTheNearestRegionWithRoom(t *testing.T) {
	h := newHouse(t)
	h.route.Fleets = []model.FleetWeight{{Fleet: "a", Weight: 500_000}, {Fleet: "b", Weight: 500_000}}
	h.cfg.Region = func(f model.FleetName) model.RegionName {
		return map[model.FleetName]model.RegionName{"a": "tokyo", "b": "paris"}[f]
	}
	h.open("a-1", "a", 2, 4)
	h.open("b-1", "b", 20, 4)
	join := func(key model.SessionKey, tokyo, paris time.Duration) model.FleetName {
		t.Helper()
		no := time.Duration(0)
		p, err := h.Join(h.ctx, Request{
			Route: "plaza", Key: key, Players: []model.PlayerID{"ann"}, MaxWait: &no,
			Latencies: map[model.RegionName]time.Duration{"tokyo": tokyo, "paris": paris},
		})
		h.ok(err)
		return p.Fleet
	}
	const near, far = 5 * time.Millisecond, 200 * time.Millisecond
	for _, key := range []model.SessionKey{"k1", "k2"} {
		if got := join(key, near, far); got != "a" {
			t.Errorf("%s went to %s", key, got)
		}
	}
	if got := join("k3", near, far); got != "b" {
		t.Errorf("with the nearest full: %s", got)
	}
	if got := join("k1", far, near); got != "a" {
		t.Errorf("a session that is there was joined on %s", got)
	}
	h.open("a-2", "a", 2, 4)
	if got := join("k4", near, far); got != "a" {
		t.Errorf("with room again: %s", got)
	}
}
