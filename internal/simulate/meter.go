package simulate

import (
	"math"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// meter adds up what happens from its beginning on; what was before does not count.
type meter struct {
	on bool

	joins, waited, failures uint64
	moved, cut              uint64
	waits                   []time.Duration // those above 0
	servers                 map[model.FleetName]*paid
	players                 int
	playersSince            time.Time
	playerSeconds           float64
	present                 map[model.FleetName]int // servers that were there at the beginning
	points                  []Point
}

// paid is the time of a fleet's servers, in seconds: all of it, and of that while they booted, from then until their first
// session, after a session without one, and with sessions that would have filled fewer servers.
type paid struct {
	seconds, booting, unused, emptied, spread float64

	sessions, hosts int       // on servers, and servers that have one
	since           time.Time // when these last changed
}

// settle adds up for how long the fleet's sessions were on more servers than they fill.
func (p *paid) settle(now time.Time, slots int) {
	if more := p.hosts - (p.sessions+slots-1)/slots; more > 0 {
		p.spread += float64(more) * now.Sub(p.since).Seconds()
	}
	p.since = now
}

// Point is how things stood at a moment.
type Point struct {
	At       time.Time
	Needed   int // servers, by the demand alone
	Servers  int // that cost
	Open     int
	Sessions int
	Players  int // inside
	Waiting  int // joins
}

func newMeter() *meter {
	return &meter{servers: map[model.FleetName]*paid{}, present: map[model.FleetName]int{}}
}

// begin forgets what was counted.
func (m *meter) begin(now time.Time) {
	servers := map[model.FleetName]*paid{}
	for name, p := range m.servers {
		servers[name] = &paid{sessions: p.sessions, hosts: p.hosts, since: now}
	}
	*m = meter{on: true, servers: servers, present: map[model.FleetName]int{}, players: m.players, playersSince: now}
}

func (m *meter) join(v *visitor) {
	if v.tries == 0 {
		m.joins++
	}
}

func (m *meter) seated(_ *visitor, waited time.Duration) {
	if waited > 0 {
		m.waited++
		m.waits = append(m.waits, waited)
	}
}

func (m *meter) failed(_ *visitor, waited time.Duration) {
	m.failures++
	if waited > 0 {
		m.waited++
		m.waits = append(m.waits, waited)
	}
}

func (m *meter) enter(now time.Time) { m.count(now, 1) }
func (m *meter) leave(now time.Time) { m.count(now, -1) }

// count changes the number of players inside.
func (m *meter) count(now time.Time, n int) {
	m.playerSeconds += float64(m.players) * now.Sub(m.playersSince).Seconds()
	m.playersSince = now
	m.players += n
}

// paid accounts for a server's time since it was last accounted for. It is called before its sessions change.
func (m *meter) paid(s *server, now time.Time) {
	p := m.of(s.instance.Fleet)
	d := now.Sub(s.paidSince).Seconds()
	s.paidSince = now
	p.seconds += d
	switch {
	case len(s.rooms) > 0:
	case s.used:
		p.emptied += d
	case s.greeted:
		p.unused += d
	default:
		p.booting += d
	}
}

func (m *meter) of(fleet model.FleetName) *paid {
	p := m.servers[fleet]
	if p == nil {
		p = &paid{}
		m.servers[fleet] = p
	}
	return p
}

// began accounts for a server that gets one session more, ended for one that gets one less; both before it does.
func (m *meter) began(s *server, now time.Time, slots int) {
	p := m.of(s.instance.Fleet)
	p.settle(now, slots)
	p.sessions++
	if len(s.rooms) == 0 {
		m.paid(s, now)
		s.used = true
		p.hosts++
	}
}

func (m *meter) ended(s *server, now time.Time, slots int) {
	p := m.of(s.instance.Fleet)
	p.settle(now, slots)
	p.sessions--
	if len(s.rooms) == 1 {
		m.paid(s, now)
		p.hosts--
	}
}

// quantile is the wait that a share of all joins did not exceed: 0 for those that did not wait.
func (m *meter) quantile(share float64) time.Duration {
	slices.Sort(m.waits)
	rank := int(math.Ceil(share*float64(m.joins))) - 1 // of all joins, by their wait
	i := rank - (int(m.joins) - len(m.waits))
	if i < 0 || len(m.waits) == 0 {
		return 0
	}
	return m.waits[min(i, len(m.waits)-1)]
}
