package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/router"
)

// maxEchoes bounds what is told to measure of one region.
const maxEchoes = 8

// ListRegions implements RouteService: the regions that new sessions may go to, by name, each with what answers there.
func (s routes) ListRegions(_ context.Context, r *greenroomv1.ListRegionsRequest) (*greenroomv1.ListRegionsResponse, error) {
	specs := s.cfg.Specs.Specs()
	asked := specs.Routes
	if name := model.RouteName(r.GetRoute()); name != "" {
		one, ok := specs.Routes[name]
		if !ok {
			return nil, fmt.Errorf("%s: %w", name, router.ErrNoRoute)
		}
		asked = map[model.RouteName]model.Route{name: one}
	}
	regions := map[model.RegionName]model.Region{}
	for _, route := range slices.SortedFunc(maps.Values(asked), func(a, b model.Route) int { return strings.Compare(string(a.Name), string(b.Name)) }) {
		for _, w := range route.Fleets {
			region := specs.Fleets[w.Fleet].Spec.Region
			if w.Weight == 0 || region.Name == "" {
				continue
			}
			known := regions[region.Name]
			known.Name = region.Name
			for _, echo := range region.Echo {
				if !slices.Contains(known.Echo, echo) && len(known.Echo) < maxEchoes {
					known.Echo = append(slices.Clip(known.Echo), echo)
				}
			}
			regions[region.Name] = known
		}
	}
	out := &greenroomv1.ListRegionsResponse{}
	for _, name := range slices.Sorted(maps.Keys(regions)) {
		out.Regions = append(out.Regions, convert.RegionProto(regions[name]))
	}
	return out, nil
}
