// Package trace owns the demand on routes over time, as a table: how many players joined when, into how many new
// sessions, and for how long they stayed. The file format is docs/TRACES.md. It is what `greenroom simulate` plays, what
// a live Greenroom exports, and what scripted bots follow. Generators make such demands by seed.
package trace

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Bounds of a trace, so that a wrong file costs a message and not the machine.
const (
	MinStep   = time.Second
	MaxStep   = time.Hour
	MaxSpan   = 366 * 24 * time.Hour // from the first step to the end of the last
	MaxRows   = 2_000_000            // a day in minutes for 1,000 routes is 1.4 million
	MaxJoins  = 10_000_000           // in a row
	MaxStay   = 30 * 24 * time.Hour
	MaxSpread = 10
)

// DefaultSpread is a row's Spread where it is 0: stays are as irregular as if everybody might leave at any moment.
const DefaultSpread = 1

// Trace is the demand over one span of time, in steps of equal length.
type Trace struct {
	Start time.Time     // of the first step, which has a row; its zone is that in which people read the trace
	Step  time.Duration // MinStep to MaxStep
	Rows  []Row         // by time, then route; a step and route without a row had no joins
}

// Row is what happened on one route during one step.
type Row struct {
	At       time.Time // the step's start
	Route    model.RouteName
	Joins    int           // players who joined, up to MaxJoins
	Sessions int           // new sessions they began, each by its key, at most Joins; 0: they joined without a key
	Stay     time.Duration // mean time they stayed, up to MaxStay
	Spread   float64       // of the stays: their standard deviation ÷ Stay, up to MaxSpread; 0: DefaultSpread
}

// End is the end of the last step.
func (t *Trace) End() time.Time {
	if len(t.Rows) == 0 {
		return t.Start
	}
	return t.Rows[len(t.Rows)-1].At.Add(t.Step)
}
