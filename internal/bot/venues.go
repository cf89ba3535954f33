package bot

import (
	"context"
	"math"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
)

// seatsByDefault is a fleet's seats_per_session where it says 0.
const seatsByDefault = 100

// venues asks for the routes of a trace: how many seats a session of each has, the fewest of its fleets', and which fleets
// they lead to. A route that is not there is an error, before anybody joins.
func venues(ctx context.Context, cfg *CurveConfig) (seats map[model.RouteName]int, fleets map[model.FleetName]bool, err error) {
	listed, err := cfg.Routes.ListRoutes(ctx, &greenroomv1.ListRoutesRequest{})
	if err != nil {
		return nil, nil, err
	}
	known, names := map[model.RouteName]*greenroomv1.Route{}, []string{}
	for _, r := range listed.GetRoutes() {
		known[model.RouteName(r.GetName())] = r
		names = append(names, r.GetName())
	}
	capacity, err := cfg.Fleets.ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
	if err != nil {
		return nil, nil, err
	}
	sizes := map[string]int{}
	for _, f := range capacity.GetFleets() {
		sizes[f.GetName()] = int(f.GetSpec().GetCapacity().GetSeatsPerSession())
	}
	seats, fleets = map[model.RouteName]int{}, map[model.FleetName]bool{}
	for _, row := range cfg.Trace.Rows {
		if seats[row.Route] > 0 {
			continue
		}
		route := known[row.Route]
		if route == nil {
			return nil, nil, connect.Errorf(connect.CodeNotFound, "there is no route %q%s: apply it, or name another one to play the trace on",
				row.Route, nearest.DidYouMean(string(row.Route), names))
		}
		seats[row.Route] = math.MaxInt
		for _, w := range route.GetSpec().GetFleets() {
			fleets[model.FleetName(w.GetFleet())] = true
			size := sizes[w.GetFleet()]
			if size == 0 {
				size = seatsByDefault
			}
			seats[row.Route] = min(seats[row.Route], size)
		}
	}
	return seats, fleets, nil
}
