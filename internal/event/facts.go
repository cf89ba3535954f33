package event

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Fleet is what a fleet has now, as far as events ask.
type Fleet struct {
	Sessions int // on all its servers
	Before   int // of them, there before the events that are under way; all while none is
	Free     int // session slots on open servers
	Kept     int // of Free, for sessions that have to move
	Starting int // servers, likewise below
	Ready    int
	Open     int
	Boot     time.Duration            // after so long a server that is started can be used
	Seen     int                      // of so many servers that was seen; 0: Boot is a guess
	UnderWay map[model.EventName]bool // events that its keeper prepares or holds
	Holds    []string                 // what its keeper would do and may not
}

// Route is what a route sees now.
type Route struct {
	Players int // seats reserved or claimed
	Waiting int // joins in its queue
}

// Limit is how many servers of a fleet there can be at once beside its max_servers, and what ends there. Servers 0: no
// limit is known.
type Limit struct {
	Servers int
	Because string // "3.9 GiB of memory at 100 MiB a server"
}

// Facts are what a Service asks of the rest of Greenroom, all from memory but for Limit.
type Facts struct {
	Fleet func(model.FleetName) Fleet
	Route func(model.RouteName) Route
	// Limit answers what the machine of a fleet holds, those that run counted in; nil: nothing is known of any.
	Limit func(context.Context, model.Fleet) Limit
}
