package model

import "time"

// PPM is a share in parts per million.
type PPM uint32

// Whole is all of it.
const Whole PPM = 1_000_000

// Route is the durable name players join by.
type Route struct {
	Name       RouteName
	Labels     map[string]string
	Fleets     []FleetWeight // at least one; the weights add up to Whole
	MaxWaiting int           // joins in the queue at once
	MaxWait    time.Duration
	// RegionSlack is by how much regions may be further than the nearest and as good.
	RegionSlack time.Duration
	Generation  Generation
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// FleetWeight is a fleet's share of a route's new sessions.
type FleetWeight struct {
	Fleet  FleetName
	Weight PPM
}

// Defaults and bounds of joining.
const (
	DefaultMaxWaiting = 1000
	DefaultMaxWait    = time.Minute
	// MaxParty bounds the players of one join.
	MaxParty = 64
	// TicketTTL is how long an unused ticket opens its seat, and a reservation is held.
	TicketTTL = time.Minute
	// RequestMemory is the least time a join's request id is remembered.
	RequestMemory = 30 * time.Second
)

// WithDefaults gives the route with zero fields replaced: the queue's bounds.
func (r Route) WithDefaults() Route {
	if r.MaxWaiting == 0 {
		r.MaxWaiting = DefaultMaxWaiting
	}
	if r.MaxWait == 0 {
		r.MaxWait = DefaultMaxWait
	}
	def(&r.RegionSlack, DefaultRegionSlack)
	return r
}
