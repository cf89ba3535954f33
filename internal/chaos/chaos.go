package chaos

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Result is what one world came to.
type Result struct {
	Seed     uint64
	Hash     uint64        // of everything that happened: the same for the same seed, always
	Happened uint64        // events on the virtual clock
	Lasted   time.Duration // virtual, until everything had come to rest
	Broken   []Violation   // none: every rule held
	Cover    Cover
	Last     []string // the last events, the oldest first, if a rule was broken
}

// GCPercent is what whoever runs many worlds in a process of its own sets its collector to: a world throws much away and keeps
// a few megabytes.
const GCPercent = 1600

// Options says how a world is run.
type Options struct {
	Bugs  Bug       // planted; 0: none
	Trace io.Writer // every event goes there; nil: nowhere
}

// Run runs the world of a seed. An error is ctx's.
func Run(ctx context.Context, seed uint64, o Options) (Result, error) {
	w := newWorld(seed, o.Bugs)
	w.trace.out = o.Trace
	defer w.end()
	alive, stop := watchdog(seed)
	defer stop()
	err := w.play(ctx, alive)
	r := Result{
		Seed: seed, Hash: w.loop.Hash(), Happened: w.loop.Done(), Lasted: w.loop.Now().Sub(begins), Broken: w.rules.broken, Cover: w.met,
	}
	if len(r.Broken) > 0 {
		r.Last = w.trace.last()
	}
	return r, err
}

// Replay is the command that shows a seed's world again.
func (r *Result) Replay() string {
	return fmt.Sprintf("greenroom simulate --chaos --seed %d --trace -", r.Seed)
}
