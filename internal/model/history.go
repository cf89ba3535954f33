package model

import "time"

// HistoryKind is what a record of the past is about.
type HistoryKind uint8

// Kinds. The numbers are kept in stores.
const (
	HistoryTotal HistoryKind = iota // all fleets together; its name is ""
	HistoryFleet
	HistoryRoute
)

// HistorySubject is the fleet or route a record is about. It may be deleted by now.
type HistorySubject struct {
	Kind HistoryKind
	Name string
}

// HistoryRecord is what a fleet, a route, or all fleets together did within one step of time. Everything but the maxima is
// a sum, so that records of one subject add up to the record of a longer step without losing anything. Fields of "so many
// for so long" are counts × milliseconds: divided by Covered they are means.
type HistoryRecord struct {
	Subject HistorySubject
	At      time.Time     // of the step's start: a whole number of steps since 1970 UTC
	Step    time.Duration // 1 s or more
	// Price is what a server of the fleet cost then; zero: not known. A step in which it changed has a record for each. That
	// of routes and of the total is zero: what they cost is in the fleets' records.
	Price Price

	// Covered is how much of the step was looked at, in milliseconds. It is longer than the step where the clock was set back.
	Covered int64

	// So many for so long. A route has Sessions, Active and Players alone.
	Wanted, Starting, Ready, Open, Leaving int64 // servers; Leaving are cordoned, draining and empty ones
	Idle                                   int64 // of those servers, without a session
	Sessions, Active                       int64 // Active: with a player
	Slots, Seats                           int64 // on open servers, those in use too
	Players                                int64 // with a seat, reserved or claimed

	SessionsMax, PlayersMax int64 // at once

	// Over the step. A party's players count one by one.
	Joins         int64 // players who got a seat in a session where they had none
	Left          int64 // seats given up
	SessionsBegun int64
	SessionsKeyed int64 // of them by a join that named the key; routes only
	Refusals      int64 // players who got no seat: Greenroom was full, or they would not wait longer
	Waits         int64 // players who were seated after they had waited for room
	WaitTime      int64 // of Waits, together, in milliseconds
	WaitMax       int64 // of one of them, likewise
}

// ServerTime is how long servers ran, together, in milliseconds.
func (r *HistoryRecord) ServerTime() int64 { return r.Starting + r.Ready + r.Open + r.Leaving }

// Add takes in another record of the same subject; At, Step and Price stay.
func (r *HistoryRecord) Add(o *HistoryRecord) {
	sums, others := r.sums(), o.sums()
	for i, v := range sums {
		*v += *others[i]
	}
	r.SessionsMax = max(r.SessionsMax, o.SessionsMax)
	r.PlayersMax = max(r.PlayersMax, o.PlayersMax)
	r.WaitMax = max(r.WaitMax, o.WaitMax)
}

// sums are the fields that add up.
func (r *HistoryRecord) sums() [19]*int64 {
	return [...]*int64{
		&r.Covered, &r.Wanted, &r.Starting, &r.Ready, &r.Open, &r.Leaving, &r.Idle, &r.Sessions, &r.Active, &r.Slots, &r.Seats,
		&r.Players, &r.Joins, &r.Left, &r.SessionsBegun, &r.SessionsKeyed, &r.Refusals, &r.Waits, &r.WaitTime,
	}
}

// Decision is what a fleet's keeper did for one reason, with what became of it.
type Decision struct {
	ID       uint64 // given by the store; rises
	At       time.Time
	Fleet    FleetName
	Verb     string // as in decide/plan
	Servers  []ServerID
	Reason   string
	Sentence string // "opened 2 servers: 3 free session slots, buffer 5"
	Result   string // "ok", or the first error's sentence
}
