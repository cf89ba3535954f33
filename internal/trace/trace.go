// Package trace owns the demand on routes over time, as a table: how many players joined when, into how many new
// sessions, and for how long they stayed. The file format is docs/TRACES.md. It is what `greenroom simulate` plays, what
// a live Greenroom exports, and what scripted bots follow.
package trace

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Trace is the demand over one span of time, in steps of equal length.
type Trace struct {
	Start time.Time     // of the first step
	Step  time.Duration // 1 s to 1 h
	Rows  []Row         // by time, then route; a step and route without a row had no joins
}

// Row is what happened on one route during one step.
type Row struct {
	At       time.Time // the step's start
	Route    model.RouteName
	Joins    int           // players who joined
	Sessions int           // new sessions they began, each by its key; 0: they joined without a key
	Stay     time.Duration // mean time they stayed
}

// End is the end of the last step.
func (t *Trace) End() time.Time {
	if len(t.Rows) == 0 {
		return t.Start
	}
	return t.Rows[len(t.Rows)-1].At.Add(t.Step)
}
