package place

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

func fleets(weights ...model.PPM) []model.FleetWeight {
	var out []model.FleetWeight
	for i, w := range weights {
		out = append(out, model.FleetWeight{Fleet: model.FleetName(fmt.Sprintf("fleet-%d", i)), Weight: w})
	}
	return out
}

func drawWeights(t *rapid.T) []model.PPM {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.PPM {
		return model.PPM(rapid.Uint32Range(0, uint32(model.Whole)).Draw(t, "ppm"))
	}), 1, 6).Draw(t, "weights")
}

// These answers are promised to every key in use: a change here moves people between fleets at an upgrade.
func TestOrderNeverChanges(t *testing.T) {
	f := fleets(500_000, 300_000, 200_000)
	for key, want := range map[string]string{
		"room-1": "[fleet-1 fleet-0 fleet-2]",
		"room-2": "[fleet-0 fleet-2 fleet-1]",
		"room-7": "[fleet-0 fleet-1 fleet-2]",
		"":       "[fleet-1 fleet-0 fleet-2]",
	} {
		if got := fmt.Sprint(Order(key, f)); got != want {
			t.Errorf("%q: %s, want %s", key, got, want)
		}
	}
}

func TestOrderHasEveryWeightedFleetOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fleets(drawWeights(t)...)
		got := Order(rapid.String().Draw(t, "key"), f)
		slices.Sort(got)
		var want []model.FleetName
		for _, w := range f {
			if w.Weight > 0 {
				want = append(want, w.Fleet)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestOrderDoesNotDependOnHowTheRouteIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fleets(drawWeights(t)...)
		key := rapid.String().Draw(t, "key")
		shuffled := rapid.Permutation(f).Draw(t, "shuffled")
		if a, b := Order(key, f), Order(key, shuffled); !slices.Equal(a, b) {
			t.Fatalf("%v and %v", a, b)
		}
	})
}

// Raising one weight brings that fleet forward for some keys and leaves the others' order among themselves alone.
func TestRaisingAWeightMovesNoKeyThatNeedNotMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fleets(drawWeights(t)...)
		key := rapid.String().Draw(t, "key")
		raised := rapid.IntRange(0, len(f)-1).Draw(t, "raised")
		before := Order(key, f)
		f[raised].Weight += model.PPM(rapid.Uint32Range(1, uint32(model.Whole)).Draw(t, "by"))
		after := Order(key, f)
		name := f[raised].Fleet
		if was := slices.Index(before, name); was >= 0 && slices.Index(after, name) > was {
			t.Fatalf("%s fell back: %v, then %v", name, before, after)
		}
		without := func(names []model.FleetName) []model.FleetName {
			return slices.DeleteFunc(slices.Clone(names), func(n model.FleetName) bool { return n == name })
		}
		if !slices.Equal(without(before), without(after)) {
			t.Fatalf("others moved: %v, then %v", before, after)
		}
	})
}

// A rollout moves a share from one fleet to another: keys go only that way, and about as many as the share says.
func TestShiftMovesOnlyFromTheLoweredToTheRaised(t *testing.T) {
	const keys = 100_000
	before, after := fleets(900_000, 90_000, 10_000), fleets(850_000, 90_000, 60_000)
	moved := 0
	for i := range keys {
		key := fmt.Sprintf("room-%d", i)
		a, b := Order(key, before)[0], Order(key, after)[0]
		if a == b {
			continue
		}
		moved++
		if a == "fleet-2" || b == "fleet-0" {
			t.Fatalf("%s went from %s to %s", key, a, b)
		}
	}
	if share := float64(moved) / keys; share < 0.045 || share > 0.055 {
		t.Errorf("%.4f of the keys moved, want about 0.05", share)
	}
}

func TestSharesAreProportional(t *testing.T) {
	const keys = 5_000
	rapid.Check(t, func(t *rapid.T) {
		f := fleets(drawWeights(t)...)
		var total float64
		for _, w := range f {
			total += float64(w.Weight)
		}
		if total == 0 {
			return
		}
		salt := rapid.Uint64().Draw(t, "salt")
		first := map[model.FleetName]int{}
		for i := range keys {
			first[Order(fmt.Sprintf("%x-%d", salt, i), f)[0]]++
		}
		for _, w := range f {
			p := float64(w.Weight) / total
			// Six standard deviations of the binomial distribution: once in 500 million draws.
			if got, slack := float64(first[w.Fleet])/keys, 6*math.Sqrt(p*(1-p)/keys)+1e-9; math.Abs(got-p) > slack+1.0/keys {
				t.Fatalf("%s has %.4f of the keys, weight says %.4f±%.4f", w.Fleet, got, p, slack)
			}
		}
	})
}

func TestAppendDoesNotAllocate(t *testing.T) {
	f := fleets(500_000, 300_000, 200_000)
	buf := make([]model.FleetName, 0, 8)
	if n := testing.AllocsPerRun(100, func() { Append(buf, "room-7", f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// rank is that of a server that fits somebody.
func rank(t interface{ Fatalf(string, ...any) }, r Room) int {
	n, ok := r.Rank()
	if !ok {
		t.Fatalf("%+v fits nobody", r)
	}
	return n
}

func TestRankPrefersTheFullestThatFits(t *testing.T) {
	full := Room{Slots: 1, Sessions: 4, Players: 8, Seats: 100, SeatsPerSession: 50}
	for name, worse := range map[string]Room{
		"the emptier server":              {Slots: 5, Sessions: 1, Players: 8, Seats: 250, SeatsPerSession: 50},
		"the emptier server with a crowd": {Slots: 2, Sessions: 3, Players: 60, Seats: 48, SeatsPerSession: 50},
		"the quieter server":              {Slots: 1, Sessions: 4, Players: 5, Seats: 103, SeatsPerSession: 50},
		"the server without players":      {Slots: 1, Sessions: 4, Seats: 108, SeatsPerSession: 50},
	} {
		if rank(t, full) >= rank(t, worse) {
			t.Errorf("%s is preferred", name)
		}
	}
	tight := full
	if tight.Seats = 3; rank(t, tight) >= rank(t, full) || tight.Fits(4) || !tight.Fits(3) {
		t.Error("scarce seats are not used up first")
	}
	for _, r := range []Room{{}, {Slots: 1}, {Slots: 1, Seats: 5}, {Seats: 5, SeatsPerSession: 5}, {Slots: -1, Seats: 5, SeatsPerSession: 5}} {
		if _, ok := r.Rank(); ok || r.Fits(1) {
			t.Errorf("%+v fits somebody", r)
		}
	}
}

func TestASessionMayBeLargerThanNewOnes(t *testing.T) {
	r := Room{Slots: 1, Seats: 8, SeatsPerSession: 6}
	if r.Fits(8) || !r.Holds(8) || r.Holds(9) || (Room{Seats: 8}).Holds(1) {
		t.Error("a session of eight has room where eight seats and a slot are free, whatever new ones have")
	}
	shrunk := []model.Capacity{{Sessions: 1, SeatsPerSession: 6, Seats: 6}}
	if !Outgrown(8, shrunk) || Outgrown(6, shrunk) || Outgrown(8, append(shrunk, model.Capacity{Seats: 12})) {
		t.Error("a session has outgrown its fleets when no server of theirs has as many seats")
	}
}

// Whatever else differs, fewer free slots win; with as many, a quarter more players for each session do, up to 11 of them;
// and whether a party fits can be read from the rank.
func TestRankIsFullestThenMostCrowded(t *testing.T) {
	draw := func(t *rapid.T, name string) Room {
		return Room{
			Slots: rapid.IntRange(1, 200).Draw(t, name+" slots"), Sessions: rapid.IntRange(0, 20).Draw(t, name+" sessions"),
			Players: rapid.IntRange(0, 200).Draw(t, name+" players"), Seats: rapid.IntRange(1, 1000).Draw(t, name+" seats"),
			SeatsPerSession: rapid.IntRange(1, 200).Draw(t, name+" size"),
		}
	}
	crowd := func(r Room) float64 {
		if r.Players == 0 {
			return 0
		}
		return min(11, float64(r.Players)/float64(r.Sessions)) // without a session infinitely many: those of a session that has gone
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		if rapid.Bool().Draw(t, "as full") {
			b.Slots = a.Slots
		}
		x, y := rank(t, a), rank(t, b)
		switch {
		case a.Slots < b.Slots && x >= y:
			t.Fatalf("%+v has rank %d, the emptier %+v %d", a, x, b, y)
		case a.Slots == b.Slots && crowd(a) >= max(1, crowd(b))*1.25 && x >= y:
			t.Fatalf("%+v has rank %d, the quieter %+v %d", a, x, b, y)
		}
		for n := 1; n <= model.MaxParty; n++ {
			if fits := x%model.MaxParty >= n-1; fits != a.Fits(n) {
				t.Fatalf("%+v of rank %d: %d players fit: %v", a, x, n, a.Fits(n))
			}
		}
	})
}

func TestSessionRankPrefersTheFullest(t *testing.T) {
	if n, ok := SessionRank(10, 3); !ok || n != 3 {
		t.Errorf("rank %d, %v", n, ok)
	}
	if _, ok := SessionRank(10, 0); ok {
		t.Error("a full server's session has room")
	}
}

func BenchmarkAppendThreeFleets(b *testing.B) {
	f := fleets(500_000, 300_000, 200_000)
	buf := make([]model.FleetName, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], "room-7", f)
	}
}
