package bot

import (
	"context"
	"fmt"
	"time"
)

const progressEvery = 500 * time.Millisecond

// showProgress rewrites one line of a terminal until ctx ends.
func (c *crowd) showProgress(ctx context.Context) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	var before uint64
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			fmt.Fprint(c.cfg.Progress, "\r\x1b[K")
			return
		case now := <-ticker.C:
			line, delivered := c.progress(now.Sub(last), before)
			fmt.Fprintf(c.cfg.Progress, "\r%s\x1b[K", line)
			before, last = delivered, now
		}
	}
}

func (c *crowd) progress(since time.Duration, before uint64) (line string, delivered uint64) {
	in := 0
	for _, p := range c.players {
		delivered += p.delivered.Load()
		if p.in.Load() {
			in++
		}
	}
	m := &c.measured
	perSecond := float64(delivered-before) / max(since.Seconds(), 0.001)
	line = fmt.Sprintf("%d of %d in · %.0f/s · p99 %.1f ms · moved %d · disconnected %d · rejoined %d · errors %d",
		in, len(c.players), perSecond, float64(m.latency.quantile(0.99).Microseconds())/1000,
		m.moved.Load(), m.disconnected.Load(), m.rejoined.Load(), m.errors.Load())
	return line, delivered
}
