package scale

import (
	"math"
	"strconv"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// What the trend policy is made of, each found by the simulations of trend_test.go.
const (
	// trendSafety is how many standard deviations of the net growth are kept free.
	trendSafety = 2.5
	// trendShock bounds the headroom: no more than a sudden rise of arrivals to 1 + trendShock times what they are would
	// use up within the horizon.
	trendShock = 5.0
	// trendIdle is the chance of a session beginning within the horizon below which no slot is kept for it.
	trendIdle = 0.005
	// trendHold is how slowly a want falls, in seconds for the factor e, so that a fleet does not breathe with the noise.
	trendHold = 120.0
	// bootMargin and bootGrace are added to the time servers take to be ready.
	bootMargin = 0.1
	bootGrace  = 2 * time.Second
	// DefaultBoot is what a server is taken to need from its start to ready before one was seen.
	DefaultBoot = 30 * time.Second
)

// trend keeps room for the sessions that will begin before a server started now is ready: for what arrives more than
// leaves within the horizon, for its noise, and a headroom for what nobody could see coming.
func (x *weighing) trend(p *model.Policy) Answer {
	horizon := p.Trend.Horizon
	if horizon == 0 {
		horizon = x.horizon
	}
	h, t := horizon.Seconds(), x.pace
	more := min(t.growth*(growthNow/2*h+h*h/2), growthLimit*t.arriving*h)
	net := max(0, (t.arriving-t.leaving)*h+more)
	spread := 0.0
	if t.arriving*h > trendIdle { // the second term is what small numbers are more lopsided by (Cornish and Fisher)
		spread = trendSafety*math.Sqrt(t.noise*(t.arriving+min(t.arriving, t.leaving))*h) + t.noise*(trendSafety*trendSafety-1)/6
	}
	headroom := min(max(0, p.Trend.HeadroomPercent)/100*float64(x.census.sessions), trendShock*t.arriving*h)
	free := net + spread + headroom
	if free < 1 && x.mem.demand.elapsed < slowSpan && len(x.census.serving) > 0 {
		free = 1 // too early to know that nobody comes: what serves is kept, nothing is started or opened
	}
	free = x.hold(p.Name, free) + x.waiting
	return Answer{
		Name: p.Name, Kind: p.Kind(), Free: roundUp(free),
		Reason: trendReason(&t, horizon, roundUp(free)),
		Numbers: map[string]float64{
			"sessions": float64(x.census.sessions), "arriving_per_second": t.arriving, "leaving_per_second": t.leaving,
			"growth_per_second2": t.growth, "noise": t.noise, "horizon_seconds": h,
			"net": net, "spread": spread, "headroom": headroom,
		},
	}
}

// appendOften says how many sessions there are in a time in which there are some.
func appendOften(to []byte, perSecond float64) []byte {
	times, span := perSecond*3600, "an hour"
	switch {
	case perSecond == 0:
		return append(to, "no sessions"...)
	case perSecond >= 1:
		times, span = perSecond, "a second"
	case perSecond >= 1.0/60:
		times, span = perSecond*60, "a minute"
	}
	return append(append(strconv.AppendFloat(to, times, 'f', 1, 64), " sessions "...), span...)
}

// trendReason says what the policy saw, and what it wants: every decision says it.
func trendReason(t *pace, horizon time.Duration, slots int) string {
	var room [160]byte
	s := append(appendOften(room[:0], t.arriving), " begin and "...)
	s = append(appendOften(s, t.leaving), " end, a server takes "...)
	s = append(append(s, horizon.Round(time.Second).String()...), ": "...)
	return string(append(model.AppendCount(s, slots, "slot"), " for growth, noise and headroom"...))
}

// hold lets a policy's want fall slowly.
func (x *weighing) hold(name string, free float64) float64 {
	gap := min(max(0, x.in.Now.Sub(x.before.at).Seconds()), trendHold)
	if was := x.before.wants.of(name).slow; was > free {
		free = max(free, was*math.Exp(-gap/trendHold))
		if free < 0.5 {
			free = 0
		}
	}
	x.slow = free
	return free
}

// roundUp is the next whole number, without the crumbs of floating point.
func roundUp(f float64) int { return int(math.Ceil(f - 1e-6)) }

// horizon is how long a server that is started now takes until it can be used: by the slowest of the last boots but one
// in twenty, and by those that are still under way.
func horizon(boots []time.Duration, oldestComing, timeout time.Duration) time.Duration {
	boot := DefaultBoot
	if n := len(boots); n > 0 {
		boot = percentile95(boots)
	}
	boot = max(boot, min(oldestComing, timeout))
	return boot + time.Duration(bootMargin*float64(boot)) + bootGrace
}
