package observe

import (
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Count is fleets and routes in numbers, at one moment. It is shared and must not be changed.
type Count struct {
	At     time.Time
	Fleets map[model.FleetName]FleetCount // every fleet that is specified or has a server
	Routes map[model.RouteName]RouteCount // every route that is specified or has a session
}

// FleetCount is one fleet: what is on its servers, and what its keeper wants.
type FleetCount struct {
	registry.FleetCount
	Max       int       // servers, by its spec; 0: it has none any more
	Planned   bool      // Wanted and Desired are known
	Wanted    int       // servers it is to have, those that leave apart
	Desired   int       // the same if there were no maximum
	PlannedAt time.Time // zero: never
	Waiting   int       // its share of the joins that wait for room
	Price     float64   // of a server and hour; 0: not known
}

// Living is the servers from starting to cordoned: those that count towards what is wanted.
func (f *FleetCount) Living() int {
	return f.Servers[model.ServerStarting] + f.Servers[model.ServerReady] + f.Servers[model.ServerOpen] + f.Servers[model.ServerCordoned]
}

// Players is the seats reserved or claimed.
func (f *FleetCount) Players() int { return f.SeatsReserved + f.SeatsClaimed }

// Occupancy is the players ÷ seats of open servers; 0 without any.
func (f *FleetCount) Occupancy() float64 { return ratio(f.OpenPlayers, f.Seats) }

// ActiveRate is the sessions with players ÷ sessions; 0 without any.
func (f *FleetCount) ActiveRate() float64 { return ratio(f.SessionsActive, f.Sessions) }

// RouteCount is one route.
type RouteCount struct {
	registry.RouteCount
	Waiting int // joins that wait for room
}

// ActiveRate is the sessions with players ÷ sessions; 0 without any.
func (r *RouteCount) ActiveRate() float64 { return ratio(r.SessionsActive, r.Sessions) }

func ratio(a, b int) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// complete adds to what the registry counts what others know.
func (from *Sources) complete(counted registry.Count) *Count {
	out := &Count{
		At:     from.Now(),
		Fleets: make(map[model.FleetName]FleetCount, len(counted.Fleets)),
		Routes: make(map[model.RouteName]RouteCount, len(counted.Routes)),
	}
	for name, f := range counted.Fleets {
		out.Fleets[name] = FleetCount{FleetCount: f}
	}
	for name, r := range counted.Routes {
		out.Routes[name] = RouteCount{RouteCount: r}
	}
	if from.Specs != nil {
		from.specified(out)
	}
	if from.Size == nil {
		return out
	}
	for name, f := range out.Fleets {
		size, at := from.Size(name)
		f.Planned, f.Wanted, f.Desired, f.PlannedAt = size.Known, size.Wanted, size.Desired, at
		out.Fleets[name] = f
	}
	return out
}

// specified adds the fleets and routes of the store, and who waits for them.
func (from *Sources) specified(out *Count) {
	specs := from.Specs()
	for name, spec := range specs.Fleets {
		f := out.Fleets[name]
		f.Max, f.Price = spec.Spec.Max, spec.Spec.Price.PerServerHour
		out.Fleets[name] = f
	}
	for name, route := range specs.Routes {
		r := out.Routes[name]
		if from.Waiting != nil {
			r.Waiting = from.Waiting(name)
		}
		out.Routes[name] = r
		for _, w := range route.Fleets {
			if f, there := out.Fleets[w.Fleet]; there && r.Waiting > 0 {
				f.Waiting += scale.Share(r.Waiting, route.Fleets, w.Fleet)
				out.Fleets[w.Fleet] = f
			}
		}
	}
}
