package client

import (
	"fmt"
	"time"
)

// ending is how a connection, a try to make one, or a join ended.
type ending int

const (
	endLost       ending = iota // no close code
	endRefused                  // nobody listens there
	endClosed                   // the room closed it with a code
	endUnjoined                 // a join failed
	endUnjoinable               // a join failed, and would again
)

// end is what is known of it.
type end struct {
	kind       ending
	code       int
	reason     string // "": a sentence for the code
	entered    bool   // the connection had got as far as its first snapshot
	redirect   *redirect
	retryAfter time.Duration // of a failed join
}

// redirect is a Reconnect record; after counts from the end. Without a url the client joins again.
type redirect struct {
	after       time.Duration
	url, ticket string
}

// doing is what a client does next.
type doing int

const (
	doDial doing = iota
	doJoin
	doStop
)

// step is one decision: do it after the delay and a random part of jitter.
type step struct {
	do            doing
	after, jitter time.Duration
	err           *ClosedError // doStop's
}

// sameTries are the pauses before the tries of one place after a lost connection: half a second in all.
var sameTries = [...]time.Duration{0, 150 * time.Millisecond, 350 * time.Millisecond}

const (
	spread       = 50 * time.Millisecond // over which clients that lost one server spread their first try
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 2 * time.Second
)

// journey decides where a client goes after a connection ended. It is pure: it is given what happened and the time.
// sdk/testdata/journey.json tells its stories, for this and the JavaScript client.
type journey struct {
	place       Place
	canJoin     bool
	rejoinFor   time.Duration // a client that has not come in for this long stops
	awaySince   time.Time
	everEntered bool
	tries       int // of the same place since it was last entered
	joins       int // since a room was last entered
}

// joined takes the answer of a join; it is dialed at once.
func (j *journey) joined(place Place) {
	j.place = place
	j.tries = 0
}

func (j *journey) next(e end, now time.Time) step {
	if e.entered {
		j.everEntered = true
		j.tries, j.joins = 0, 0
		j.awaySince = now
	}
	switch {
	case e.kind == endUnjoinable:
		return step{do: doStop, err: &ClosedError{Reason: e.reason}}
	case now.Sub(j.awaySince) > j.rejoinFor:
		return step{do: doStop, err: &ClosedError{Code: e.code, Reason: fmt.Sprintf("gave up after %s: %s", j.rejoinFor, e.describe())}}
	case e.kind == endUnjoined:
		return j.join(e.retryAfter, e)
	case e.kind == endClosed && mustStop(e.code):
		if ticketIsStale(e.code) && j.everEntered && !e.entered && j.canJoin {
			return j.join(0, e)
		}
		return step{do: doStop, err: &ClosedError{Code: e.code, Reason: e.describe()}}
	case e.redirect != nil && e.redirect.url != "":
		j.place.URL, j.place.Ticket = e.redirect.url, e.redirect.ticket
		j.tries = 0
		return step{do: doDial, after: e.redirect.after}
	case e.redirect != nil:
		return j.join(e.redirect.after, e)
	case e.kind == endClosed && mayReconnect(e.code),
		e.kind == endRefused && j.canJoin,
		j.tries == len(sameTries):
		return j.join(0, e)
	}
	pause := sameTries[j.tries]
	j.tries++
	return step{do: doDial, after: pause, jitter: spread}
}

// join: the first goes out at once, spread a little; further ones wait longer and longer.
func (j *journey) join(after time.Duration, e end) step {
	if !j.canJoin {
		return step{do: doStop, err: &ClosedError{Code: e.code, Reason: e.describe()}}
	}
	j.joins++
	if j.joins == 1 {
		return step{do: doJoin, after: after, jitter: spread}
	}
	backoff := min(firstBackoff<<min(j.joins-2, 10), maxBackoff)
	return step{do: doJoin, after: max(after, backoff), jitter: backoff}
}

func (e end) describe() string {
	switch {
	case e.reason != "":
		return e.reason
	case e.kind == endClosed:
		return sentence(e.code)
	case e.kind == endRefused:
		return "nobody answers at the server's address"
	}
	return "the connection was lost"
}
