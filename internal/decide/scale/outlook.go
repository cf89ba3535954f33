package scale

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Outlook is what is known of a fleet beside its servers: what will come, and what others say. It is shared and must not
// be changed.
type Outlook struct {
	Events []Event
	// Signals are the numbers from outside, by name.
	Signals map[string]Signal
	// Expected is how many sessions the fleet had at this time of earlier weeks, oldest point first, from a little before
	// now to at least an hour after; empty when too little is known. Forecast policies use it.
	Expected []Expectation
	// Begun counts the sessions that began on the fleet, by joins, since the control plane started. It falls to a
	// smaller number with a restart.
	Begun uint64
}

// Event is one fleet's share of an announced event. Sessions are wanted beside those that are there anyway.
type Event struct {
	Name     model.EventName
	Sessions int           // at its height
	DoorsAt  time.Time     // players begin to arrive
	EndsAt   time.Time     // what stands for it is held until then
	Lead     time.Duration // before DoorsAt; 0: model.DefaultEventLead, or twice the time to boot where that is more
	Ramp     time.Duration // they arrive evenly over it; 0: all at once
}

// Signal is a number from outside.
type Signal struct {
	Value float64
	At    time.Time // of the control plane
}

// Expectation is how many sessions are expected at a time.
type Expectation struct {
	At       time.Time
	Sessions float64
}

// Answer is what one policy, buffer or event asks for.
type Answer struct {
	Name    string             // the policy's or event's; "buffers", "waiting", "re-home", "minimum"
	Kind    string             // model.Policy.Kind, "event", or "" for what every fleet has
	Servers int                // in all; 0: nothing is asked for, likewise below
	Free    int                // session slots on open servers
	Ready   int                // ready servers
	Decides bool               // one of its numbers is the one that counts
	Reason  string             // in a sentence, with the numbers it saw
	Holds   string             // why it could not say: what it last asked for holds
	Numbers map[string]float64 // what it saw, by name
}
