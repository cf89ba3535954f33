package bot

import "time"

// clock tells milliseconds that only go forward, near the wall clock's: all players of a run share it, so that a
// position's t compared with the time of its arrival is its latency.
type clock struct {
	base   time.Time
	baseMS float64
}

func newClock(now time.Time) clock { return clock{now, float64(now.UnixMicro()) / 1000} }

func (c clock) ms(t time.Time) float64 { return c.baseMS + float64(t.Sub(c.base).Microseconds())/1000 }
