package room

import "time"

// Verdict is a limiter's answer.
type Verdict byte

// Pass: within the limit. Refuse: above it. Flood: above it for so long that it is no accident.
const (
	Pass Verdict = iota
	Refuse
	Flood
)

const (
	burst    = 2 // seconds' worth that may come at once
	patience = 5 // seconds' worth refused that make a flood
)

// Limiter is a token bucket in front of a second one that is emptied by what is refused: a connection that goes on at three
// times its rate is a flood after about 5 s, one at ten times within 1 s, one at up to twice never.
type Limiter struct {
	rate, tokens, strikes float64
	extra                 float64 // given once, on top
	last                  time.Time
}

// NewLimiter allows perSecond a second, and twice as many at once.
func NewLimiter(perSecond int) Limiter {
	rate := float64(perSecond)
	return Limiter{rate: rate, tokens: burst * rate, strikes: patience * rate}
}

// Take asks for one at now.
func (l *Limiter) Take(now time.Time) Verdict { return l.TakeN(now, 1) }

// TakeN asks for n at now; more than two seconds' worth never pass.
func (l *Limiter) TakeN(now time.Time, n int) Verdict {
	if !l.last.IsZero() {
		earned := max(0, now.Sub(l.last).Seconds()) * l.rate
		l.tokens = min(burst*l.rate, l.tokens+earned)
		l.strikes = min(patience*l.rate, l.strikes+earned)
	}
	l.last = now
	want := float64(n)
	switch {
	case l.tokens >= want:
		l.tokens -= want
		return Pass
	case l.extra >= want:
		l.extra -= want
		return Pass
	case l.strikes >= 1:
		l.strikes -= want
		return Refuse
	default:
		return Flood
	}
}

// Give allows n more, once.
func (l *Limiter) Give(n int) { l.extra += float64(n) }
