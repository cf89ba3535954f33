package model

import "time"

// RegionName names where servers are; same form as FleetName. "" is nowhere in particular.
type RegionName string

// Region is where a fleet's servers are, and what answers there so that clients can measure how far it is.
type Region struct {
	Name RegionName
	Echo []string // URLs
}

// DefaultRegionSlack is by how much regions may be further than the nearest and as good.
const DefaultRegionSlack = 15 * time.Millisecond
