// Package forecast owns what a fleet is expected to have because it had it at the same time of earlier weeks: a weighted
// mean of those weeks, scaled to how the last hours compare with them. It is pure.
//
// A fleet has no time zone, so weeks are counted in UTC: 7 × 24 hours back. In the weeks after a change of the clocks what
// people do at the same local time is looked for an hour off, until the weeks from before it are no longer looked at.
package forecast

import (
	"math"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
)

const (
	// Slot is the resolution: that in which history is kept for as long as weeks are usually looked back at.
	Slot = 10 * time.Minute
	// SlotsPerWeek is 7 × 24 hours.
	SlotsPerWeek = int(7 * 24 * time.Hour / Slot)
	// Behind and Ahead are how far an expectation reaches from now: as far as the slowest servers need to boot.
	Behind, Ahead = Slot, 2 * time.Hour

	// decay is a week's weight against that of the week after it: what people did lately says more.
	decay = 0.75
	// compared is how much of today is held against the weeks before: short enough to see that today is different, long
	// enough not to follow noise.
	compared = 3 * time.Hour
	// minScale and maxScale bound what today's difference does: a forecast is to help where there is a pattern; where there
	// is none, other policies know better.
	minScale, maxScale = 0.5, 2.0
	// prior is added to both sides of the comparison, in sessions: 3 instead of 1 is not three times as busy a day.
	prior = 5
	// wholeWeek is the share of the last week's slots that have to be known: a control plane that was restarted or down for
	// some hours is no reason to know nothing.
	wholeWeek = 0.9
)

// Past is what a fleet had: one number of sessions for each Slot from Start on, NaN where it is not known.
type Past struct {
	Start    time.Time // a multiple of Slot since the zero time
	Sessions []float64
}

// Expect answers how many sessions are usual from Behind before now to Ahead after it, a point for each Slot, the oldest
// first: the mean of up to `weeks` weeks, the recent ones weighing more, scaled to the last hours within 0.5 and 2. Slots
// that no week knows are left out. Nil before a whole week is known. What Past has for after now is not looked at.
func (p Past) Expect(now time.Time, weeks int) []scale.Expectation {
	first := p.index(now)
	if !p.knowsWeek(first) {
		return nil
	}
	by := p.scale(first, weeks)
	var out []scale.Expectation
	for i := first - int(Behind/Slot); i <= first+int(Ahead/Slot); i++ {
		if usual, ok := p.usual(i, first, weeks); ok {
			out = append(out, scale.Expectation{At: p.Start.Add(time.Duration(i) * Slot), Sessions: usual * by})
		}
	}
	return out
}

// index is the slot that a time is in; below 0 before Start.
func (p Past) index(t time.Time) int {
	since := t.Sub(p.Start)
	if since < 0 {
		return -1
	}
	return int(since / Slot)
}

// at answers what there was, false where that is not known. From `first`, the present slot, on nothing is.
func (p Past) at(i, first int) (float64, bool) {
	if i < 0 || i >= min(first, len(p.Sessions)) || math.IsNaN(p.Sessions[i]) {
		return 0, false
	}
	return p.Sessions[i], true
}

// knowsWeek tells whether the seven days before the slot are known well enough.
func (p Past) knowsWeek(first int) bool {
	if first < SlotsPerWeek {
		return false
	}
	known := 0
	for i := first - SlotsPerWeek; i < first; i++ {
		if _, ok := p.at(i, first); ok {
			known++
		}
	}
	return float64(known) >= wholeWeek*float64(SlotsPerWeek)
}

// usual is the weighted mean of the same slot of earlier weeks.
func (p Past) usual(i, first, weeks int) (float64, bool) {
	sum, weights, weight := 0.0, 0.0, 1.0
	for w := 1; w <= weeks; w++ {
		if v, ok := p.at(i-w*SlotsPerWeek, first); ok {
			sum += weight * v
			weights += weight
		}
		weight *= decay
	}
	if weights == 0 {
		return 0, false
	}
	return sum / weights, true
}

// scale is how the last hours compare with what is usual for them; 1 when they cannot be compared.
func (p Past) scale(first, weeks int) float64 {
	today, usually, n := 0.0, 0.0, 0.0
	for i := first - int(compared/Slot); i < first; i++ {
		was, ok := p.at(i, first)
		usual, known := p.usual(i, first, weeks)
		if ok && known {
			today += was
			usually += usual
			n++
		}
	}
	return min(maxScale, max(minScale, (today+prior*max(n, 1))/(usually+prior*max(n, 1))))
}
