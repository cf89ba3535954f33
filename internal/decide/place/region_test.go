package place

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// atlas is a route's fleets by region, and how far the regions are.
type atlas struct {
	fleets []model.FleetWeight
	in     map[model.FleetName]model.RegionName
	far    map[model.RegionName]time.Duration
	slack  time.Duration
}

func (a atlas) order(key string) []model.FleetName {
	return Nearest(Order(key, a.fleets), func(f model.FleetName) model.RegionName { return a.in[f] }, a.far, a.slack)
}

func drawAtlas(t *rapid.T) atlas {
	a := atlas{in: map[model.FleetName]model.RegionName{}, far: map[model.RegionName]time.Duration{}}
	a.fleets = fleets(drawWeights(t)...)
	for _, f := range a.fleets {
		a.in[f.Fleet] = model.RegionName(rapid.SampledFrom([]string{"", "tokyo", "osaka", "paris", "lima"}).Draw(t, "region"))
	}
	for _, r := range []model.RegionName{"tokyo", "osaka", "paris", "lima"} {
		if rapid.Bool().Draw(t, "measured") {
			a.far[r] = time.Duration(rapid.IntRange(0, 300).Draw(t, "ms")) * time.Millisecond
		}
	}
	a.slack = time.Duration(rapid.IntRange(0, 50).Draw(t, "slack")) * time.Millisecond
	return a
}

// known is how far a fleet is; false for one of which nobody knows.
func (a atlas) known(f model.FleetName) (time.Duration, bool) {
	d, ok := a.far[a.in[f]]
	return d, ok && a.in[f] != ""
}

func TestTheNearestRegionIsTriedFirst(t *testing.T) {
	a := atlas{
		fleets: fleets(250_000, 250_000, 250_000, 250_000), slack: 15 * time.Millisecond,
		in:  map[model.FleetName]model.RegionName{"fleet-0": "paris", "fleet-1": "osaka", "fleet-2": "tokyo", "fleet-3": ""},
		far: map[model.RegionName]time.Duration{"tokyo": 8 * time.Millisecond, "osaka": 20 * time.Millisecond, "paris": 230 * time.Millisecond},
	}
	first := map[model.FleetName]int{}
	for i := range 1000 {
		got := a.order(fmt.Sprint("room-", i))
		first[got[0]]++
		if got[2] != "fleet-0" || got[3] != "fleet-3" {
			t.Fatalf("%v: far regions and those of which nothing is known are not last", got)
		}
	}
	// Tokyo and Osaka are as good: the weights say which.
	if n := first["fleet-1"]; n < 400 || n > 600 || first["fleet-1"]+first["fleet-2"] != 1000 {
		t.Errorf("first tried: %v", first)
	}
}

// Every fleet is there once; a fleet stands before a nearer one only if they are as good, which is at most the slack apart;
// those of which nothing is known come last.
func TestNoFleetIsPreferredToAMuchNearerOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAtlas(t)
		key := rapid.String().Draw(t, "key")
		got, plain := a.order(key), Order(key, a.fleets)
		sorted := func(s []model.FleetName) []model.FleetName { s = slices.Clone(s); slices.Sort(s); return s }
		if !slices.Equal(sorted(got), sorted(plain)) {
			t.Fatalf("%v of %v", got, plain)
		}
		for i, f := range got {
			for _, later := range got[i+1:] {
				d, known := a.known(f)
				e, laterKnown := a.known(later)
				switch {
				case laterKnown && !known, known && laterKnown && d > e+a.slack:
					t.Fatalf("%s (%v) before %s (%v) with a slack of %v: %v", f, d, later, e, a.slack, got)
				}
			}
		}
		if nearest := got; len(nearest) > 0 {
			least := time.Duration(-1)
			for _, f := range got {
				if d, ok := a.known(f); ok && (least < 0 || d < least) {
					least = d
				}
			}
			if d, ok := a.known(got[0]); least >= 0 && (!ok || d > least+a.slack) {
				t.Fatalf("%s (%v) is first, the nearest is %v away", got[0], d, least)
			}
		}
	})
}

// Within what is as good the key's order stays, so that a rollout inside a region holds, and without latencies it is the
// order of always.
func TestRegionsLeaveTheKeysOrderAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAtlas(t)
		key := rapid.String().Draw(t, "key")
		got, plain := a.order(key), Order(key, a.fleets)
		for i, f := range got {
			for _, later := range got[i+1:] {
				if a.in[f] == a.in[later] && slices.Index(plain, f) > slices.Index(plain, later) {
					t.Fatalf("%s and %s of region %q changed places: %v, without regions %v", f, later, a.in[f], got, plain)
				}
			}
		}
		a.far = nil
		if got := a.order(key); !slices.Equal(got, plain) {
			t.Fatalf("without latencies %v, want %v", got, plain)
		}
	})
}

// A rollout inside a region moves keys from the lowered fleet to the raised one only, for clients near and far.
func TestARolloutInsideARegionHolds(t *testing.T) {
	in := map[model.FleetName]model.RegionName{"fleet-0": "tokyo", "fleet-1": "tokyo", "fleet-2": "paris"}
	before := atlas{in: in, far: map[model.RegionName]time.Duration{"tokyo": 5e6, "paris": 200e6}, fleets: fleets(600_000, 100_000, 300_000)}
	after := before
	after.fleets = fleets(500_000, 200_000, 300_000)
	moved := 0
	for i := range 20_000 {
		key := fmt.Sprint("room-", i)
		a, b := before.order(key), after.order(key)
		if a[2] != "fleet-2" || b[2] != "fleet-2" {
			t.Fatalf("%v, then %v: the far region is not last", a, b)
		}
		if a[0] != b[0] {
			moved++
			if b[0] != "fleet-1" {
				t.Fatalf("%s went from %s to %s", key, a[0], b[0])
			}
		}
	}
	// 1/7 of the keys had fleet-1 first, 2/7 have it now.
	if share := float64(moved) / 20_000; share < 0.13 || share > 0.155 {
		t.Errorf("%.4f of the keys moved, want about 1/7", share)
	}
}

func BenchmarkNearestThreeFleets(b *testing.B) {
	a := atlas{
		in:     map[model.FleetName]model.RegionName{"fleet-0": "tokyo", "fleet-1": "paris", "fleet-2": "paris"},
		far:    map[model.RegionName]time.Duration{"tokyo": 5e6, "paris": 200e6},
		fleets: fleets(500_000, 300_000, 200_000), slack: 15e6,
	}
	region := func(f model.FleetName) model.RegionName { return a.in[f] }
	buf := make([]model.FleetName, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		buf = Nearest(Append(buf[:0], "room-7", a.fleets), region, a.far, a.slack)
	}
}
