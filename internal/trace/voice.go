package trace

import (
	"math"
	"math/rand/v2"
	"time"
)

// What a voice party is like: 3 players in the mean (one, and 2 more by the Poisson distribution), for 25 minutes.
const (
	voiceRoute  = "voice"
	voiceOthers = 2
	voiceStay   = 25 * time.Minute
)

// parties is a step's row of voice parties that begin, so many in the mean.
func parties(rng *rand.Rand, mean float64) []Row {
	n := poisson(rng, mean)
	stay := time.Duration(float64(voiceStay) * (1 + 0.05*rng.NormFloat64())).Round(time.Second)
	return []Row{{Route: voiceRoute, Joins: n + poisson(rng, voiceOthers*float64(n)), Sessions: n, Stay: max(time.Minute, stay)}}
}

// weekdays is how busy a day is, from Sunday on.
var weekdays = [7]float64{1.05, 0.9, 0.9, 0.92, 0.95, 1.1, 1.18}

// voiceDay is 24 hours of voice chat. The demand begins with nobody there, so it is best begun at the low. The day is busier on some weekdays than on others, and by chance; the curve never
// falls below a tenth of its height; about six spikes come at random hours.
func voiceDay(o Options, rng *rand.Rand) Generated {
	const night = 0.1
	total := float64(o.Scale) * weekdays[o.Start.Weekday()] * (1 + 0.05*rng.NormFloat64())
	sum := 0.0
	for m := range 24 * 60 {
		sum += night + (1-night)*day(float64(m)/60)
	}
	perMinute := max(0, total) / sum // at a height of 1
	spikes := drawSpikes(o.Start, 24*time.Hour, poisson(rng, 6), rng)
	noise := newDrift(rng, 0.04, o.Step)
	return Generated{Trace: steps(o, 24*time.Hour, func(at time.Time) []Row {
		mean := perMinute * o.Step.Minutes() * (night + (1-night)*day(hour(at))) * noise.next()
		for _, s := range spikes {
			mean *= 1 + s.height(at)
		}
		return parties(rng, mean)
	})}
}

// spike is a short time of more sessions: it rises within minutes, stays a while and fades.
type spike struct {
	at               time.Time
	top              float64 // 0.2 is 20 % more
	rise, hold, fade time.Duration
}

func drawSpikes(start time.Time, span time.Duration, n int, rng *rand.Rand) []spike {
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(rng.Float64()*float64(most-least))
	}
	all := make([]spike, n)
	for i := range all {
		all[i] = spike{
			at: start.Add(between(0, span)), top: 0.2 + 0.2*rng.Float64(),
			rise: between(time.Minute, 3*time.Minute), hold: between(5*time.Minute, 15*time.Minute), fade: between(5*time.Minute, 20*time.Minute),
		}
	}
	return all
}

// height is how much more there is at a time, as a share.
func (s *spike) height(at time.Time) float64 {
	switch after := at.Sub(s.at); {
	case after < 0:
		return 0
	case after < s.rise+s.hold:
		return s.top * min(1, after.Seconds()/s.rise.Seconds())
	default:
		return s.top * math.Exp(-(after-s.rise-s.hold).Seconds()/s.fade.Seconds())
	}
}

// flashCrowd is calm for one to two hours, tenfold within 3 to 5 minutes, and calm again an hour later.
func flashCrowd(o Options, rng *rand.Rand) Generated {
	crowd := spike{
		at:  o.Start.Add(time.Duration((60 + 60*rng.Float64()) * float64(time.Minute))),
		top: 9, rise: time.Duration((3 + 2*rng.Float64()) * float64(time.Minute)),
		hold: 5 * time.Minute, fade: 15 * time.Minute,
	}
	noise := newDrift(rng, 0.04, o.Step)
	return Generated{Trace: steps(o, 4*time.Hour, func(at time.Time) []Row {
		return parties(rng, float64(o.Scale)*o.Step.Hours()*noise.next()*(1+crowd.height(at)))
	})}
}
