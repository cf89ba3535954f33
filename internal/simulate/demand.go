package simulate

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// How players are beside what a trace says of them.
const (
	// minStay is the least that anybody stays.
	minStay = time.Second
	// gather bounds how long after its first player a session's others come: a tenth of their stay, at most this.
	gather = time.Minute
	// connectLeast and connectMost are how long a player takes from the answer to the join to the door of the server.
	connectLeast = 50 * time.Millisecond
	connectMost  = 250 * time.Millisecond
	// rehearse is how much of a trace's beginning is repeated before it.
	rehearse = 5 * time.Minute
)

// visit is one player's coming and staying, as a trace wants it. It does not depend on what a policy does.
type visit struct {
	player  uint64 // from 1
	session uint64 // from 1; 0: no key
	route   model.RouteName
	at      time.Time     // of the join
	connect time.Duration // from the join's answer to the server
	stay    time.Duration // from then on
	law
}

// law is what a stay was drawn from.
type law struct {
	mean   time.Duration
	spread float64
}

func (v *visit) name() model.PlayerID { return model.PlayerID("p" + strconv.FormatUint(v.player, 10)) }

// playerOf is the number of the visit's player of this name.
func playerOf(name model.PlayerID) uint64 {
	n, _ := strconv.ParseUint(strings.TrimPrefix(string(name), "p"), 10, 64) // it was made by name
	return n
}

// demand turns a trace into visits, step by step: the same for every policy.
type demand struct {
	trace *trace.Trace
	seats map[model.RouteName]int // in a session, of the route's smallest
	rng   *rand.Rand
	row   int
	lead  int // steps of the lead-in that are still to come

	players, sessions uint64
	visits            []visit // of the last step
	room              []int   // seats left in the sessions of a row
}

// newDemand plays a trace, after as many steps of lead-in.
func newDemand(t *trace.Trace, lead int, seats map[model.RouteName]int, seed uint64) *demand {
	return &demand{trace: t, lead: lead, seats: seats, rng: rand.New(rand.NewPCG(seed, demandStream))}
}

// next gives the visits of the next step in no order, and when the step begins; false at the end. The visits are good until
// the next call. Some of them may begin after the step: those who come to a session after its first player.
func (d *demand) next() (at time.Time, visits []visit, ok bool) {
	d.visits = d.visits[:0]
	if d.lead > 0 {
		at = d.trace.Start.Add(-time.Duration(d.lead) * d.trace.Step)
		d.lead--
		steps := max(1, int(rehearse/d.trace.Step))
		from := d.trace.Start.Add(time.Duration(d.lead%steps) * d.trace.Step)
		for i := range d.trace.Rows {
			r := d.trace.Rows[i]
			if r.At.After(from) {
				break
			}
			if r.At.Equal(from) {
				r.At = at
				d.draw(&r)
			}
		}
		return at, d.visits, true
	}
	if d.row >= len(d.trace.Rows) {
		return time.Time{}, nil, false
	}
	at = d.trace.Rows[d.row].At
	for d.row < len(d.trace.Rows) && d.trace.Rows[d.row].At.Equal(at) {
		d.draw(&d.trace.Rows[d.row])
		d.row++
	}
	return at, d.visits, true
}

// draw adds a row's visits.
func (d *demand) draw(r *trace.Row) {
	if r.Sessions == 0 {
		for range r.Joins {
			d.add(r, 0, d.within(r))
		}
		return
	}
	begins := make([]time.Time, r.Sessions)
	first := d.sessions + 1
	d.sessions += uint64(r.Sessions)
	d.room = d.room[:0]
	for i := range begins {
		begins[i] = d.within(r)
		d.room = append(d.room, d.seats[r.Route]-1)
		d.add(r, first+uint64(i), begins[i])
	}
	soon := min(gather, r.Stay/10)
	for range r.Joins - r.Sessions {
		i := d.pick(r.Sessions)
		d.add(r, first+uint64(i), begins[i].Add(time.Duration(d.rng.Float64()*float64(soon))))
	}
}

// pick chooses one of a row's sessions for one more player: one that has a seat, as long as there is one.
func (d *demand) pick(n int) int {
	first := d.rng.IntN(n)
	for off := range n {
		if i := (first + off) % n; d.room[i] > 0 {
			d.room[i]--
			return i
		}
	}
	return first
}

func (d *demand) within(r *trace.Row) time.Time {
	return r.At.Add(time.Duration(d.rng.Float64() * float64(d.trace.Step)))
}

func (d *demand) add(r *trace.Row, session uint64, at time.Time) {
	d.players++
	d.visits = append(d.visits, visit{
		player: d.players, session: session, route: r.Route, at: at,
		connect: connectLeast + time.Duration(d.rng.Float64()*float64(connectMost-connectLeast)),
		stay:    max(minStay, r.DrawStay(d.rng)),
		law:     law{r.Stay, r.Spread},
	})
}
