package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/decide/when"
	"greenroom.dev/greenroom/internal/model"
)

// neverLetsGo finds scale-in windows that budgets close altogether: a fleet that would only grow. It looks at a year.
func neverLetsGo(s *greenroomv1.Scaling, most int, at string) []Violation {
	year := span{yearBegin, yearEnd}
	var closed []span
	for _, b := range s.GetBudgets() {
		switch {
		case lets(b, most):
		case b.GetWindow() == nil:
			closed = append(closed, year)
		default:
			seen, _ := spans(b.GetWindow())
			closed = append(closed, seen...)
		}
	}
	if len(closed) == 0 {
		return nil
	}
	var open []span
	for _, w := range s.GetScaleInWindows() {
		seen, all := spans(w)
		if !all {
			return nil // too many to say so of each
		}
		open = append(open, seen...)
	}
	if len(open) == 0 {
		open = []span{year}
	}
	if left(open, closed) {
		return nil
	}
	return []Violation{{
		at + "budgets",
		"must leave a time at which an empty server may be taken away: with these budgets, and the scale-in windows where there are any, there is none in a whole year, so the fleet would only grow",
	}}
}

// lets tells whether a budget would let an empty server of the largest fleet go.
func lets(b *greenroomv1.Budget, most int) bool {
	if about := b.GetReasons(); len(about) > 0 && !slices.Contains(about, model.ReasonEmpty) {
		return true
	}
	digits, percent := strings.CutSuffix(b.GetServers(), "%")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return true // the contract's own rule says it
	}
	if percent {
		n = n * most / 100
	}
	return n > 0
}

// The year that is looked at. Which one it is makes no difference but for the 29th of February.
var (
	yearBegin = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
	yearEnd   = yearBegin.AddDate(1, 0, 0)
)

// maxSpans bounds how much of the year is looked at, for windows that come every minute.
const maxSpans = 2000

type span struct{ begin, end time.Time }

// spans are the window's occurrences within the year; false when there are more than were looked at.
func spans(w *greenroomv1.Window) ([]span, bool) {
	times, err := when.Parse(windowModel(w))
	if err != nil {
		return nil, true
	}
	var out []span
	for at := yearBegin.Add(-w.GetDuration().AsDuration() - time.Second); len(out) < maxSpans; {
		next := times.Next(at)
		if next.Begin.IsZero() || !next.Begin.Before(yearEnd) {
			return out, true
		}
		at = next.Begin
		out = append(out, span{next.Begin, next.End})
	}
	return out, false
}

// left tells whether anything of open is outside of closed, which is not empty.
func left(open, closed []span) bool {
	slices.SortFunc(closed, func(a, b span) int { return a.begin.Compare(b.begin) })
	merged := closed[:1]
	for _, c := range closed[1:] {
		last := &merged[len(merged)-1]
		if c.begin.After(last.end) {
			merged = append(merged, c)
		} else if c.end.After(last.end) {
			last.end = c.end
		}
	}
	return slices.ContainsFunc(open, func(o span) bool {
		i, _ := slices.BinarySearchFunc(merged, o.begin, func(c span, at time.Time) int {
			if c.end.After(at) {
				return 1
			}
			return -1
		})
		return i == len(merged) || o.begin.Before(merged[i].begin) || o.end.After(merged[i].end)
	})
}
