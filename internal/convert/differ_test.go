package convert

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

func TestDifferences(t *testing.T) {
	yours := model.Route{Fleets: []model.FleetWeight{{Fleet: "old", Weight: 900_000}, {Fleet: "new", Weight: 100_000}}, MaxWait: time.Minute}
	there := model.Route{Fleets: []model.FleetWeight{{Fleet: "old", Weight: 500_000}, {Fleet: "new", Weight: 500_000}}, RegionSlack: time.Second}
	want := "weights: yours old=900000,new=100000; there now old=500000,new=500000. " +
		"queue: yours {max_wait=1m0s}; there now not set. region_slack: yours not set; there now 1s"
	if got := Differences(RouteProto(yours).GetSpec(), RouteProto(there).GetSpec()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := Differences(RouteProto(yours).GetSpec(), RouteProto(yours).GetSpec()); got != "" {
		t.Errorf("equal ones differ: %s", got)
	}
	a := model.RolloutSpec{Pause: true, Gates: []model.Gate{{Crashes: &model.CrashGate{Max: 1}, MinSamples: 2}}}
	b := model.RolloutSpec{Patience: time.Hour}
	want = "gates: yours {crashes={max=1} min_samples=2}; there now not set. " +
		"on_failure: yours FAILURE_ACTION_PAUSE; there now not set. patience: yours not set; there now 1h0m0s"
	if got := Differences(RolloutSpecProto(a), RolloutSpecProto(b)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
