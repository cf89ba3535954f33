package plot

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// tick is a place on an axis with what is written there.
type tick struct {
	at    float64
	label string
}

// timeSteps are the distances that ticks on a time axis may have.
func timeSteps() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day,
	}
}

// timeTicks are at most 13 places on the time axis, on round times of the zone's clock. A day's beginning has its date.
func timeTicks(s span, zone *time.Location) []tick {
	step := s.to - s.from
	for _, d := range timeSteps() {
		if step = d.Seconds(); (s.to-s.from)/step <= 13 {
			break
		}
	}
	begin := time.UnixMilli(int64(s.from * 1000)).In(zone)
	y, m, d := begin.Date()
	var out []tick
	for i := 0; ; i++ {
		at := time.Date(y, m, d, 0, 0, i*int(step), 0, zone) // by the clock: a day with 25 hours has its ticks at round hours too
		x := seconds(at)
		if x > s.to {
			return out
		}
		if x >= s.from && (len(out) == 0 || x > out[len(out)-1].at) {
			out = append(out, tick{x, timeLabel(at, step)})
		}
	}
}

func timeLabel(at time.Time, step float64) string {
	switch {
	case at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0:
		return at.Format("2 Jan")
	case step < 60:
		return at.Format("15:04:05")
	}
	return at.Format("15:04")
}

// zoneLabel says whose hours they are.
func zoneLabel(s span, zone *time.Location) string {
	begin := time.UnixMilli(int64(s.from * 1000)).In(zone)
	name, offset := begin.Zone()
	switch {
	case offset == 0:
		name = "UTC"
	case name == "" || strings.ContainsAny(name, "+-"):
		name = begin.Format("UTC-07:00")
	default:
		name += begin.Format(" (UTC-07:00)")
	}
	return begin.Format("Monday 2 January 2006, ") + name
}

// valueTicks are about 4 round places from the axis' beginning to a round end that is at least the highest value.
func valueTicks(lowest, highest float64) (ticks []tick, s span) {
	if highest <= lowest {
		highest = lowest + 1
	}
	step := roundStep((highest - lowest) / 4)
	s = span{math.Floor(lowest/step) * step, math.Ceil(highest/step-1e-9) * step}
	for i := 0; ; i++ {
		at := s.from + float64(i)*step
		if at > s.to+step/2 {
			return ticks, s
		}
		ticks = append(ticks, tick{at, number(at, step)})
	}
}

// roundStep is 1, 2 or 5 times a power of ten, at least about x.
func roundStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	switch x /= power; {
	case x <= 1.2:
		return power
	case x <= 3:
		return 2 * power
	case x <= 7.2:
		return 5 * power
	}
	return 10 * power
}

// number writes a tick's value with as many decimals as the step needs, and thousands apart.
func number(x, step float64) string {
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	s := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	whole, _, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if x < 0 {
		return "-" + s
	}
	return s
}
