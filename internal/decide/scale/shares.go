package scale

import (
	"math"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Shares spreads an announced event over its route's fleets by their weights: how many session slots each of them has to
// have for it, rounded up in each. fleet looks a fleet up, with its defaults; one that there is not, that is being
// deleted, or that has no weight gets none. Sessions are as large as the event says, at most as the fleet's can be; where
// a server's seats end before its session slots do, slots that nobody could use are asked for too, so that servers suffice.
func Shares(e model.Event, route model.Route, fleet func(model.FleetName) (model.Fleet, bool)) map[model.FleetName]Event {
	out := make(map[model.FleetName]Event, len(route.Fleets))
	for _, w := range route.Fleets {
		f, ok := fleet(w.Fleet)
		players := Share(e.Attendance, route.Fleets, w.Fleet)
		if !ok || f.Deleted || players == 0 {
			continue
		}
		out[w.Fleet] = Event{
			Name: e.Name, Sessions: slotsFor(players, PlayersPerSession(e, f.Spec.Capacity), f.Spec.Capacity),
			DoorsAt: e.DoorsAt, EndsAt: e.EndsAt, Lead: e.Lead, Ramp: e.Ramp,
		}
	}
	return out
}

// PlayersPerSession is how an event's players share the sessions of servers of a capacity: as it says, at most as many as
// a session takes.
func PlayersPerSession(e model.Event, c model.Capacity) int {
	if e.PlayersPerSession > 0 && e.PlayersPerSession <= c.SeatsPerSession {
		return e.PlayersPerSession
	}
	return max(1, c.SeatsPerSession)
}

// slotsFor is how many session slots players need who share sessions by perSession.
func slotsFor(players, perSession int, c model.Capacity) int {
	sessions := (players + perSession - 1) / perSession
	usable := max(1, c.Seats/perSession) // on one server
	if usable >= c.Sessions {
		return sessions
	}
	return (sessions + usable - 1) / usable * c.Sessions // whole servers
}

// LeadTime is how long before its doors an event's capacity stands: e.Lead, else model.DefaultEventLead, or twice the time
// that servers take to be ready where that is more. boot 0 is not known.
func (e Event) LeadTime(boot time.Duration) time.Duration {
	if e.Lead > 0 {
		return e.Lead
	}
	return max(model.DefaultEventLead, 2*boot)
}

// Wanted is how many of e.Sessions are to stand at a time: those of everybody who will have come lead later; none before
// that, and none once it is over.
func (e Event) Wanted(now time.Time, lead time.Duration) int {
	into := now.Add(lead).Sub(e.DoorsAt) // the arrivals, lead later
	switch {
	case into < 0 || !now.Before(e.EndsAt):
		return 0
	case into >= e.Ramp:
		return e.Sessions
	}
	return max(1, int(math.Ceil(float64(e.Sessions)*float64(into)/float64(e.Ramp))))
}

// StandsAt is when all of e.Sessions are to stand.
func (e Event) StandsAt(lead time.Duration) time.Time { return e.DoorsAt.Add(e.Ramp - lead) }
