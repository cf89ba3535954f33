package bound

import (
	"cmp"
	"slices"
	"time"
)

// Visit is one player's time in a session that has a key.
type Visit struct {
	Session     uint64
	From, Until time.Time
	Mean        time.Duration // of the stays that this one was drawn from
}

// span is the time of a session from its first player to its last; one that stood empty in between is two.
type span struct {
	from, until float64 // seconds after the day's start
	visits      []stay
}

// stay is a visit in seconds after the day's start.
type stay struct{ from, until, mean float64 }

// spans gives the sessions of visits, the first to begin first. The seconds count from start.
func spans(visits []Visit, start time.Time) []*span {
	ordered := slices.Clone(visits)
	slices.SortFunc(ordered, func(a, b Visit) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Session, b.Session)) })
	of := make(map[uint64]*span, len(visits))
	var all []*span
	for _, v := range ordered {
		x := stay{v.From.Sub(start).Seconds(), v.Until.Sub(start).Seconds(), v.Mean.Seconds()}
		s := of[v.Session]
		if s == nil || x.from > s.until {
			s = &span{from: x.from, until: x.from}
			of[v.Session] = s
			all = append(all, s)
		}
		s.until = max(s.until, x.until)
		s.visits = append(s.visits, x)
	}
	return all
}

// Day is a demand, and what it is to be met with.
type Day struct {
	Start, End time.Time // between which it is paid for
	Server     Server    // its Seats, SeatsPerSession, Min and Present do not count here
	Visits     []Visit
}

// Bound is the day's Total, as a Meter gives it.
func (d *Day) Bound() Total {
	type passage struct {
		at   time.Time
		more int
		of   uint64
	}
	all := make([]passage, 0, 2*len(d.Visits))
	for _, v := range d.Visits {
		all = append(all, passage{v.From, 1, v.Session}, passage{v.Until, -1, v.Session})
	}
	slices.SortFunc(all, func(a, b passage) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(b.more, a.more), cmp.Compare(a.of, b.of))
	})
	inside := map[uint64]int{}
	server := d.Server
	sessions := 0
	var m *Meter
	for _, p := range all {
		if !p.at.Before(d.End) {
			break
		}
		if m == nil && !p.at.Before(d.Start) {
			server.Present = quotient(sessions, server.Slots)
			m = New(server, d.Start)
			m.Add(d.Start, Change{Sessions: sessions})
		}
		was := inside[p.of]
		inside[p.of] += p.more
		c := Change{}
		switch {
		case was == 0:
			c.Sessions = 1
		case was+p.more == 0:
			c.Sessions = -1
		}
		sessions += c.Sessions
		if m != nil {
			m.Add(p.at, c)
		}
	}
	if m == nil {
		return Total{}
	}
	return m.Total(d.End)
}
