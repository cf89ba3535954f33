// Package bound owns the least that a demand can cost: how many server-hours even somebody spends who knows the whole
// demand beforehand and may move sessions between servers at any moment for nothing. What a policy spent divided by this
// says how good the policy was. The proof that it is a bound is in docs/SIMULATE.md.
package bound

import (
	"fmt"
	"time"
)

// Server is what one server of a fleet holds, and what it costs to have one more.
type Server struct {
	Slots           int           // sessions, at least 1
	Seats           int           // players on all its sessions together, at least 1
	SeatsPerSession int           // players in a session; 0: as many as Seats
	Boot            time.Duration // paid before it serves; the shortest there is, where it varies
	Min             int           // servers that are up at any time
	Present         int           // servers that are up when the meter starts, whose boot somebody else paid
}

// Change is what changes in the demand at an instant: sessions that begin or end (+/−) and players that come or go. A
// session without a key, opened because players needed one, is not counted: the players say how many of those there are.
type Change struct{ Sessions, Players int }

// Meter adds up the bound while the demand is told in the order of time. Level k of a demand is needed while at least k
// servers are; the meter remembers for each level since when it is not, so its memory is that of the largest need and
// the time that of the demand's changes.
type Meter struct {
	server            Server
	start, now        time.Time
	sessions, players int
	needed            int
	levels            []level
	spent             float64 // seconds of servers that are over
	peak              int
}

// level is a server that is needed since a time, or was until a time.
type level struct {
	needed bool
	since  time.Time
}

// New makes a meter that pays from start on. It panics when a server holds nothing.
func New(s Server, start time.Time) *Meter {
	if s.SeatsPerSession == 0 {
		s.SeatsPerSession = s.Seats
	}
	if s.Slots < 1 || s.Seats < 1 || s.SeatsPerSession < 1 || s.Boot < 0 {
		panic(fmt.Sprintf("bound: a server of %d sessions, %d seats, %d seats a session, boot %s", s.Slots, s.Seats, s.SeatsPerSession, s.Boot))
	}
	m := &Meter{server: s, start: start, now: start, levels: make([]level, s.Present)}
	for k := range m.levels {
		m.levels[k].since = start // up, not needed yet
	}
	m.need(s.Min)
	return m
}

// Add tells of a change in the demand. It panics when at is before what was told last, or when fewer than none remain:
// both are mistakes of the caller. Changes at the same instant add up before they count.
func (m *Meter) Add(at time.Time, c Change) {
	if at.Before(m.now) {
		panic(fmt.Sprintf("bound: a change at %s after one at %s", at, m.now))
	}
	if at.After(m.now) {
		m.settle()
		m.now = at
	}
	m.sessions += c.Sessions
	m.players += c.Players
}

// Needed is how many servers the demand needs now.
func (m *Meter) Needed() int {
	sessions := max(m.sessions, quotient(m.players, m.server.SeatsPerSession))
	return max(quotient(sessions, m.server.Slots), quotient(m.players, m.server.Seats), m.server.Min)
}

// settle counts the demand as it stands at m.now.
func (m *Meter) settle() {
	if m.sessions < 0 || m.players < 0 {
		panic(fmt.Sprintf("bound: %d sessions and %d players at %s", m.sessions, m.players, m.now))
	}
	m.need(m.Needed())
}

// need raises or lowers the number of servers that are needed from now on.
func (m *Meter) need(n int) {
	for k := m.needed; k < n; k++ {
		if k == len(m.levels) {
			m.levels = append(m.levels, level{since: m.now})
			m.spent += m.server.Boot.Seconds()
		} else {
			m.spent += min(m.now.Sub(m.levels[k].since), m.server.Boot).Seconds() // kept, or stopped and booted again
		}
		m.levels[k] = level{needed: true, since: m.now}
	}
	for k := n; k < m.needed; k++ {
		m.spent += m.now.Sub(m.levels[k].since).Seconds()
		m.levels[k] = level{since: m.now}
	}
	m.needed = n
	m.peak = max(m.peak, n)
}

// Total is what was needed in all.
type Total struct {
	ServerHours float64
	Peak        int // servers at once
}

// Total gives the bound from the start until a time, not before the last change. The meter may go on afterwards.
func (m *Meter) Total(until time.Time) Total {
	m.Add(until, Change{})
	m.settle()
	spent := m.spent
	for _, l := range m.levels[:m.needed] {
		spent += until.Sub(l.since).Seconds()
	}
	return Total{ServerHours: spent / 3600, Peak: m.peak}
}

// quotient is a ÷ b rounded up.
func quotient(a, b int) int { return (a + b - 1) / b }
