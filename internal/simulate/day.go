package simulate

import (
	"errors"
	"math/rand/v2"

	"greenroom.dev/greenroom/internal/decide/bound"
	"greenroom.dev/greenroom/internal/trace"
)

// Day is the demand alone, for the floors of internal/decide/bound: of draw 0 as it is played, of others with other stays.
// Memoryless tells whether all stays are drawn from exponential distributions. Errors are about a demand that has no day:
// fleets that are not one, or players who come without a key.
func (s *Simulation) Day(draw uint64) (day bound.Day, memoryless bool, err error) {
	if len(s.need.groups) != 1 {
		return bound.Day{}, false, errors.New("floors are of the demand on one fleet")
	}
	in := &s.in
	day = bound.Day{Start: in.Trace.Start, End: in.Trace.End(), Server: s.need.groups[0].server}
	memoryless = true
	for i := range in.Trace.Rows {
		r := &in.Trace.Rows[i]
		if r.Joins > 0 && r.Sessions == 0 {
			return bound.Day{}, false, errors.New("floors are of sessions that have keys")
		}
		memoryless = memoryless && (r.Spread == 1 || r.Spread == 0 && trace.DefaultSpread == 1)
	}
	rng := rand.New(rand.NewPCG(in.Seed, dayStream+draw))
	d := newDemand(&in.Trace, in.leadSteps(), in.seats(), in.Seed)
	for {
		_, visits, more := d.next()
		if !more {
			return day, memoryless, nil
		}
		for i := range visits {
			v := &visits[i]
			stay := v.stay
			if draw > 0 {
				r := trace.Row{Stay: v.mean, Spread: v.spread}
				stay = max(minStay, r.DrawStay(rng))
			}
			from := v.at.Add(v.connect)
			day.Visits = append(day.Visits, bound.Visit{Session: v.session, From: from, Until: from.Add(stay), Mean: v.mean})
		}
	}
}

// dayStream is where the streams of random numbers for other draws of a day begin.
const dayStream uint64 = 1 << 32
