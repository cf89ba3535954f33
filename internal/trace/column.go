package trace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Header is the first line of a trace file, with every column.
const Header = "time,route,joins,sessions,stay_seconds,stay_spread"

// column is one of the file's.
type column struct {
	name     string
	optional bool
	parse    func(f *file, r *Row, s string) error
}

// columns are all there are, in the order of Header.
func columns() []column {
	return []column{
		{"time", false, parseAt},
		{"route", false, parseRoute},
		{"joins", false, func(_ *file, r *Row, s string) (err error) { r.Joins, err = parseCount(s); return err }},
		{"sessions", false, func(_ *file, r *Row, s string) (err error) {
			if s != "" {
				r.Sessions, err = parseCount(s)
			}
			return err
		}},
		{"stay_seconds", false, parseStay},
		{"stay_spread", true, parseSpread},
	}
}

// parseTime reads a time with a date, or seconds.
func parseTime(s string) (at time.Time, dated bool, err error) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		if seconds < 0 || seconds > int64(MaxSpan/time.Second) {
			return at, false, fmt.Errorf("%d is not from 0 to %d seconds", seconds, int64(MaxSpan/time.Second))
		}
		return time.Unix(seconds, 0).UTC(), false, nil
	}
	at, err = time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return at, false, fmt.Errorf("%q is neither a time such as 2026-11-21T18:00:00Z nor whole seconds from the start", s)
	}
	return at, true, nil
}

func parseAt(f *file, r *Row, s string) error {
	at, dated, err := parseTime(s)
	if err != nil {
		return err
	}
	if len(f.rows) == 0 {
		f.dated = dated
	} else {
		at = at.In(f.rows[0].At.Location())
	}
	if dated != f.dated {
		return fmt.Errorf("%q: the rows before have %s", s, map[bool]string{true: "times with a date", false: "seconds from the start"}[f.dated])
	}
	r.At = at
	return nil
}

func parseRoute(f *file, r *Row, s string) error {
	name, known := f.routes[s]
	if !known {
		if !validRoute(s) {
			return fmt.Errorf("%q is no route's name: 1 to 63 of a-z, 0-9 and \"-\", a letter first and no \"-\" last", s)
		}
		name = model.RouteName(strings.Clone(s))
		f.routes[string(name)] = name
	}
	r.Route = name
	return nil
}

func validRoute(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return s[len(s)-1] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > MaxJoins {
		return 0, fmt.Errorf("%q is not a whole number from 0 to %d", s, MaxJoins)
	}
	return n, nil
}

func parseStay(_ *file, r *Row, s string) error {
	x, err := parseNumber(s, MaxStay.Seconds())
	r.Stay = time.Duration(math.Round(x * float64(time.Second)))
	return err
}

func parseSpread(_ *file, r *Row, s string) (err error) {
	if s == "" {
		return nil
	}
	r.Spread, err = parseNumber(s, MaxSpread)
	if err == nil && r.Spread == 0 {
		return errors.New("0: leave it empty for the usual spread, or take a small one such as 0.01")
	}
	return err
}

// parseNumber reads a number from 0 to most; "" is 0.
func parseNumber(s string, most float64) (float64, error) {
	if s == "" {
		return 0, nil
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !(x >= 0 && x <= most) { // NaN is neither
		return 0, fmt.Errorf("%q is not a number from 0 to %g", s, most)
	}
	return x, nil
}
