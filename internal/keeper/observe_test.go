package keeper

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

// A tick sees a fleet's instances by ID, in whatever order they are listed and whatever the last tick saw.
func TestInstancesOfAFleet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sight
		for range rapid.IntRange(1, 6).Draw(t, "ticks") {
			ids := rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 8, rapid.ID[int]).Draw(t, "ids")
			if rapid.Bool().Draw(t, "in order") {
				slices.Sort(ids)
			}
			var all []provider.Instance
			var want []model.ServerID
			for _, n := range ids {
				i := provider.Instance{ID: model.ServerID("a-" + string(rune('a'+n))), Fleet: "a"}
				if rapid.IntRange(0, 4).Draw(t, "of another") == 0 {
					i.Fleet = "b"
				} else {
					want = append(want, i.ID)
				}
				all = append(all, i)
			}
			slices.SortFunc(want, func(a, b model.ServerID) int { return strings.Compare(string(a), string(b)) })
			var got []model.ServerID
			for _, i := range s.those(all, "a") {
				got = append(got, i.ID)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
			for n := range s.planned(len(got)) {
				s.plans[n] = plan.Instance{ID: got[n]}
			}
		}
	})
}
