package bot

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// gather bounds how long after its first player a session's others come: a tenth of their stay, at most this.
const gather = time.Minute

// visit is one player's coming and staying, as a trace wants it.
type visit struct {
	player  int           // from 1, in the order of coming
	after   time.Duration // from the run's start to the join
	stay    time.Duration // from the join on
	route   model.RouteName
	session int // from 1, by the order of the trace; 0: no key
}

// visitsOf draws a trace's visits by a seed, in the order of their coming, speed times as fast as the trace. seats answers
// how many fit a route's session; a session gets more only where a row has more players than all of its sessions' seats.
func visitsOf(t *trace.Trace, seed uint64, speed float64, seats func(model.RouteName) int) []visit {
	d := drawn{trace: t, rng: rand.New(rand.NewPCG(seed, 0))}
	for i := range t.Rows {
		d.row(&t.Rows[i], seats(t.Rows[i].Route))
	}
	slices.SortStableFunc(d.visits, func(a, b visit) int { return cmp.Compare(a.after, b.after) })
	for i := range d.visits {
		v := &d.visits[i]
		v.player = i + 1
		v.after, v.stay = faster(v.after, speed), faster(v.stay, speed)
	}
	return d.visits
}

func faster(d time.Duration, speed float64) time.Duration { return time.Duration(float64(d) / speed) }

// drawn are the visits so far.
type drawn struct {
	trace    *trace.Trace
	rng      *rand.Rand
	sessions int
	visits   []visit
}

// row draws a row's visits: anywhere within the step, but players of a session that is there already soon after its first.
func (d *drawn) row(r *trace.Row, seats int) {
	if r.Sessions == 0 {
		for range r.Joins {
			d.add(r, 0, d.within(r))
		}
		return
	}
	begins, free := make([]time.Duration, r.Sessions), make([]int, r.Sessions)
	for i := range begins {
		begins[i], free[i] = d.within(r), seats-1
		d.add(r, d.sessions+i+1, begins[i])
	}
	soon := float64(min(gather, r.Stay/10))
	for range r.Joins - r.Sessions {
		i := d.pick(free)
		d.add(r, d.sessions+i+1, begins[i]+time.Duration(d.rng.Float64()*soon))
	}
	d.sessions += r.Sessions
}

// pick takes a seat in any of the sessions, in one without free seats only if all are.
func (d *drawn) pick(free []int) int {
	first := d.rng.IntN(len(free))
	for off := range free {
		if i := (first + off) % len(free); free[i] > 0 {
			free[i]--
			return i
		}
	}
	return first
}

func (d *drawn) within(r *trace.Row) time.Duration {
	return r.At.Sub(d.trace.Start) + time.Duration(d.rng.Float64()*float64(d.trace.Step))
}

func (d *drawn) add(r *trace.Row, session int, after time.Duration) {
	d.visits = append(d.visits, visit{after: after, stay: r.DrawStay(d.rng), route: r.Route, session: session})
}
