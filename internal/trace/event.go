package trace

import (
	"math/rand/v2"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Where the big event is, and where people are on any evening.
const (
	eventRoute   = "arena"
	eveningRoute = "plaza"
	eveningStay  = 30 * time.Minute
	eventRoom    = 100 // players in a session
)

// bigEvent is seven hours: an evening on one route, with a tenth of the event's players at its height; the event on
// another. Its players arrive over 20 to 30 minutes, the first a few minutes before the doors open three hours after the
// start, and leave within minutes of its end two hours later.
func bigEvent(o Options, rng *rand.Rand) Generated {
	doors := o.Start.Add(3 * time.Hour)
	ends := doors.Add(2 * time.Hour)
	ramp := (20*time.Minute + time.Duration(rng.Int64N(int64(10*time.Minute)))).Round(time.Minute)
	first := doors.Add(-ramp / 5)
	noise := newDrift(rng, 0.04, o.Step)
	evening := float64(o.Scale) / 10 / eveningStay.Hours() * o.Step.Hours()
	trace := steps(o, 7*time.Hour, func(at time.Time) []Row {
		rate := evening * (0.3 + 0.7*day(hour(at))) * noise.next()
		rows := []Row{{Route: eveningRoute, Joins: poisson(rng, rate), Stay: eveningStay}}
		if n := arriving(rng, float64(o.Scale), at.Sub(first), o.Step, ramp); n > 0 {
			stay := ends.Sub(at) - o.Step/2 + 2*time.Minute
			rows = append([]Row{{Route: eventRoute, Joins: n, Stay: stay, Spread: (90 * time.Second).Seconds() / stay.Seconds()}}, rows...)
		}
		return rows
	})
	return Generated{Trace: trace, Events: []model.Event{{
		Name: "big-event", Title: "Big event", Route: eventRoute, DoorsAt: doors, EndsAt: ends,
		Attendance: o.Scale, PlayersPerSession: eventRoom, Ramp: ramp,
	}}}
}

// arriving draws how many of the event's players come in a step that begins so long after the first: most in the middle
// of the ramp.
func arriving(rng *rand.Rand, players float64, after, step, ramp time.Duration) int {
	part := swing((after+step).Seconds()/ramp.Seconds()) - swing(after.Seconds()/ramp.Seconds())
	return poisson(rng, players*part)
}
