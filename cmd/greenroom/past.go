package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// past is a time that lies behind: "90m", "24h", "7d" and "2w" ago, or a date such as 2026-11-21, 2026-11-21T18:00 (of this
// machine's zone) or 2026-11-21T18:00:00Z.
type past struct {
	ago time.Duration
	at  time.Time // zero: ago
}

var days = regexp.MustCompile(`^([0-9]{1,5})(d|w)$`)

// UnmarshalText reads it.
func (p *past) UnmarshalText(text []byte) (err error) {
	s := string(text)
	if m := days.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // at most five digits
		p.ago = time.Duration(n) * 24 * time.Hour
		if m[2] == "w" {
			p.ago *= 7
		}
		return nil
	}
	if p.ago, err = time.ParseDuration(s); err == nil && p.ago > 0 {
		return nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if p.at, err = time.ParseInLocation(form, s, time.Local); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is no time: write how long ago, such as 90m, 24h or 7d, or a date such as 2026-11-21T18:00", s)
}

// time answers when that is; nil where nothing was said.
func (p *past) time(now time.Time) *timestamppb.Timestamp {
	switch {
	case !p.at.IsZero():
		return timestamppb.New(p.at)
	case p.ago > 0:
		return timestamppb.New(now.Add(-p.ago))
	default:
		return nil
	}
}

// spanFlags say which part of the past is asked for.
type spanFlags struct {
	Since past `default:"24h" help:"From when on: how long ago (90m, 24h, 7d), or a date (2026-11-21T18:00)." placeholder:"TIME"`
	Until past `help:"Until when, likewise. Without it, until now." placeholder:"TIME"`
}
