// Package when owns times that come again: when a model.Window begins and ends, in its time zone. A cron expression is
// matched against the clock on the wall, and what the wall shows is turned into instants here, so that days on which the
// clocks are changed are as proto/greenroom/v1/scaling.proto says whatever the library does: a time that is skipped
// begins right after the gap, one that is repeated begins once, the first time. The zones are those of the machine, and
// those built into the program where it has none; they are data that does not change while the program runs.
package when

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a bare machine knows the zones too

	"github.com/netresearch/go-cron"

	"greenroom.dev/greenroom/internal/model"
)

// searchYears is how far a next occurrence is looked for: the 29th of February is up to 8 years away.
const searchYears = 9

// fields are those of a cron expression, in order.
var fields = [...]string{"minute", "hour", "day of month", "month", "day of week"}

// Error says which field of a window cannot be read, and why.
type Error struct {
	Field    string // "cron", "duration" or "time_zone"
	Sentence string // goes on where the field's name ends: "must be …, not …"
}

// Error is the whole sentence.
func (e *Error) Error() string { return e.Field + " " + e.Sentence }

// Times are a window that was read. It does not change, and is safe for concurrent use.
type Times struct {
	schedule cron.ScheduleWithPrev
	zone     *time.Location
	length   time.Duration
}

// Span is one occurrence: from Begin up to, and without, End, on the clocks of its zone.
type Span struct{ Begin, End time.Time }

// Parse reads a window. The error is an *Error; a time that never comes is one.
func Parse(w model.Window) (*Times, error) {
	zone, err := loadZone(w.TimeZone)
	if err != nil {
		return nil, err
	}
	if w.Duration <= 0 {
		return nil, &Error{"duration", fmt.Sprintf("must be above 0, not %s", w.Duration)}
	}
	schedule, err := parseCron(w.Cron)
	if err != nil {
		return nil, err
	}
	return &Times{schedule: schedule, zone: zone, length: w.Duration}, nil
}

func parseCron(expression string) (cron.ScheduleWithPrev, error) {
	parser, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom)
	if err != nil {
		return nil, &Error{"cron", err.Error()}
	}
	words := strings.Fields(expression)
	if len(words) != len(fields) {
		return nil, &Error{"cron", fmt.Sprintf(
			"must have 5 fields (minute, hour, day of month, month, day of week), such as \"0 3 * * *\", not %q", expression)}
	}
	for i, word := range words {
		alone := [...]string{"*", "*", "*", "*", "*"}
		alone[i] = word
		if _, err := parser.Parse(strings.Join(alone[:], " ")); err != nil {
			return nil, &Error{"cron", fmt.Sprintf("cannot be read at the %s: %s", fields[i], err)}
		}
	}
	parsed, err := parser.WithMaxSearchYears(searchYears).Parse(strings.Join(words, " "))
	if err != nil {
		return nil, &Error{"cron", fmt.Sprintf("cannot be read: %s", err)}
	}
	schedule, ok := parsed.(cron.ScheduleWithPrev)
	if !ok {
		return nil, &Error{"cron", fmt.Sprintf("cannot be read backwards: %q", expression)}
	}
	if schedule.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, &Error{"cron", fmt.Sprintf("%q never comes: no month that it names has such a day", expression)}
	}
	return schedule, nil
}

// At answers the occurrence that now is inside of, false for none. Of several it is the one that began last, and so ends
// last.
func (t *Times) At(now time.Time) (Span, bool) {
	// Prev answers what is strictly before, in whole seconds.
	begin := t.schedule.Prev(t.wall(now).Truncate(time.Second).Add(time.Second))
	if begin.IsZero() {
		return Span{}, false
	}
	s := t.span(begin)
	return s, now.Before(s.End)
}

// Next answers the first occurrence that begins after now; the zero Span where none comes within nine years.
func (t *Times) Next(now time.Time) Span {
	begin := t.schedule.Next(t.wall(now))
	if begin.IsZero() {
		return Span{}
	}
	return t.span(begin)
}

func (t *Times) span(wall time.Time) Span {
	begin := t.instant(wall).In(t.zone)
	return Span{begin, begin.Add(t.length)}
}

// wall answers the latest time that the clocks on the walls have shown up to now, as if it were UTC. While an hour is
// repeated that is the time at which they were put back.
func (t *Times) wall(now time.Time) time.Time {
	now = now.In(t.zone)
	_, offset := now.Zone()
	shown := now.UTC().Add(time.Duration(offset) * time.Second)
	if began, _ := now.ZoneBounds(); !began.IsZero() {
		_, before := began.Add(-1).Zone()
		if last := began.UTC().Add(time.Duration(before)*time.Second - 1); last.After(shown) {
			return last
		}
	}
	return shown
}

// instant answers when the clocks on the walls first show wall, which is written as if it were UTC, or pass it.
func (t *Times) instant(wall time.Time) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, t.zone)
	began, ends := at.ZoneBounds()
	_, offset := at.Zone()
	shown := at.UTC().Add(time.Duration(offset) * time.Second)
	switch {
	case shown.After(wall): // wall is in a gap that lies before at
		return began
	case shown.Before(wall): // or after it
		return ends
	case !began.IsZero():
		_, before := began.Add(-1).Zone()
		if first := wall.Add(-time.Duration(before) * time.Second); first.Before(began) {
			return first
		}
	}
	return at
}
