package bound

import (
	"math"
	"slices"
)

// blindSteps is how many moments of a day Blind looks at.
const blindSteps = 240

// Blind is a floor, in server-hours, for whoever neither moves sessions nor knows when players will leave: no such policy,
// however it places, foresees and scales, is expected to spend less on these visits. It holds for stays drawn from
// exponential distributions, each of its visit's Mean: how long somebody has stayed says nothing of how long they will.
// docs/SIMULATE.md has the proof. Boots are not in it.
//
// The days are draws of the same visits with other stays: the first says for each moment which earlier one proves the most,
// and the floor is the mean of what that proves on the others, so that it is not chosen by what it is to show.
func Blind(draws []Day) float64 {
	first, rest := newSight(&draws[0]), make([]*sight, 0, len(draws))
	for i := range draws[1:] {
		rest = append(rest, newSight(&draws[1+i]))
	}
	sum := 0.0
	for u := range blindSteps {
		cut, most := u, float64(first.needed(u)) // with the cut at u itself: what is needed
		for t := range u {
			if float64(first.needed(t)) <= most {
				continue // not more than there were
			}
			if n := first.left(t, u); n > most {
				cut, most = t, n
			}
		}
		for _, x := range rest {
			sum += x.left(cut, u)
		}
	}
	day := draws[0].End.Sub(draws[0].Start).Hours()
	return sum / float64(len(rest)) * day / blindSteps
}

// sight is a day as it is seen at each of its moments: the sessions with who is inside.
type sight struct {
	slots  int
	step   float64     // seconds
	inside [][]([]int) // by moment and session: whose stays, by their place in means
	means  []float64
}

func newSight(d *Day) *sight {
	x := &sight{slots: d.Server.Slots, step: d.End.Sub(d.Start).Seconds() / blindSteps, inside: make([][]([]int), blindSteps)}
	for _, s := range spans(d.Visits, d.Start) {
		from, until := max(0, int(math.Ceil(s.from/x.step))), min(blindSteps-1, int(s.until/x.step))
		for at := from; at <= until; at++ {
			now := float64(at) * x.step
			var who []int
			for i, v := range s.visits {
				if v.from <= now && now < v.until {
					who = append(who, len(x.means)+i)
				}
			}
			if len(who) > 0 {
				x.inside[at] = append(x.inside[at], who)
			}
		}
		for _, v := range s.visits {
			x.means = append(x.means, v.mean)
		}
	}
	return x
}

// needed is how many servers the sessions of a moment need.
func (x *sight) needed(at int) int { return quotient(len(x.inside[at]), x.slots) }

// left is how many of the servers of one moment are expected to have somebody of then at a later one, if the sessions
// were put together in the best way at the first: those that last longest on one server.
func (x *sight) left(at, later int) float64 {
	after := float64(later-at) * x.step
	if after == 0 {
		return float64(x.needed(at))
	}
	gone := make([]float64, 0, len(x.inside[at])) // the logarithm of the chance that nobody of the session is left, negated
	for _, who := range x.inside[at] {
		sum := 0.0
		for _, i := range who {
			sum -= math.Log1p(-math.Exp(-after / x.means[i]))
		}
		gone = append(gone, sum)
	}
	slices.SortFunc(gone, func(a, b float64) int { return sign(b - a) })
	n := 0.0
	for server := range slices.Chunk(gone, x.slots) {
		sum := 0.0
		for _, g := range server {
			sum += g
		}
		n += -math.Expm1(-sum)
	}
	return n
}
