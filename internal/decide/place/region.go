package place

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Nearest puts fleets that are in a key's order into the order of their regions, the nearest first, and answers them; they
// are the caller's slice. Regions that are at most slack further than the nearest are as good as it, and so are, among the
// rest, those at most slack further than the nearest of the rest, and so on. Fleets of regions that are as good, and at the
// end those of regions that far does not name or that have none, keep the key's order among themselves: within them a
// rollout's weights hold as they do without regions.
func Nearest(fleets []model.FleetName, region func(model.FleetName) model.RegionName, far map[model.RegionName]time.Duration, slack time.Duration) []model.FleetName {
	if len(far) == 0 || len(fleets) < 2 {
		return fleets
	}
	type placed struct {
		fleet model.FleetName
		group int
		far   time.Duration
	}
	const nowhere = time.Duration(1<<63 - 1)
	all := make([]placed, len(fleets))
	known := make([]time.Duration, 0, len(fleets))
	for i, f := range fleets {
		all[i] = placed{fleet: f, far: nowhere}
		if name := region(f); name != "" {
			if d, ok := far[name]; ok {
				all[i].far = d
				known = append(known, d)
			}
		}
	}
	slices.Sort(known)
	bounds := known[:0] // the latest of each group's latencies that would still be in it
	for _, d := range known {
		if len(bounds) == 0 || d > bounds[len(bounds)-1] {
			bounds = append(bounds, d+slack)
		}
	}
	for i := range all {
		all[i].group, _ = slices.BinarySearch(bounds, all[i].far)
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.group - b.group })
	for i := range all {
		fleets[i] = all[i].fleet
	}
	return fleets
}
