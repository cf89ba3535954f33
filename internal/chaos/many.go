package chaos

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MaxSeeds bounds the seeds of one run: a day of two processors.
const MaxSeeds = 2_000_000

// stuckAfter is how long a world may take for one virtual second: real code that blocks would block all of it for ever.
const stuckAfter = 2 * time.Minute

// Many is a run of many worlds.
type Many struct {
	From    uint64 // the first seed
	Seeds   int
	Workers int // worlds at once; 0: as many as there are processors
	Options Options
	Done    func(Result) // told each world that ended, one after the other, in no order; nil: nobody
}

// Summary is what many worlds came to.
type Summary struct {
	Seeds   int
	Took    time.Duration // real
	Events  uint64
	Virtual time.Duration
	Failed  []Result // by seed
	Cover   Cover
	// Hash is that of all worlds' together: the same for the same seeds, however many ran at once.
	Hash uint64
}

// RunMany runs the worlds of many seeds. When ctx ends it answers what there is, with ctx's error.
func RunMany(ctx context.Context, m Many) (Summary, error) {
	if m.Workers <= 0 {
		m.Workers = runtime.GOMAXPROCS(0)
	}
	began := time.Now()
	var next atomic.Int64
	var mu sync.Mutex
	var s Summary
	var failed error
	var working sync.WaitGroup
	for range min(m.Workers, m.Seeds) {
		working.Go(func() {
			for n := next.Add(1) - 1; n < int64(m.Seeds) && ctx.Err() == nil; n = next.Add(1) - 1 {
				r, err := Run(ctx, m.From+uint64(n), m.Options)
				mu.Lock()
				if err != nil {
					failed = err
				} else {
					s.add(r)
					if m.Done != nil {
						m.Done(r)
					}
				}
				mu.Unlock()
			}
		})
	}
	working.Wait()
	s.Took = time.Since(began)
	slices.SortFunc(s.Failed, func(a, b Result) int { return int(a.Seed) - int(b.Seed) })
	if failed == nil {
		failed = ctx.Err()
	}
	return s, failed
}

func (s *Summary) add(r Result) {
	s.Seeds++
	s.Events += r.Happened
	s.Virtual += r.Lasted
	s.Cover.Add(&r.Cover)
	s.Hash += (r.Hash ^ r.Seed) * 0x9e3779b97f4a7c15
	if len(r.Broken) > 0 {
		s.Failed = append(s.Failed, r)
	}
}

// watchdog ends the process, loudly, when a world does not go on: code that takes a lock which a suspended task holds stops its
// world for ever. ok says that it goes on; stop ends the watch.
func watchdog(seed uint64) (ok, stop func()) {
	t := time.AfterFunc(stuckAfter, func() {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		fmt.Fprintf(os.Stderr, "chaos: the world of seed %d has not moved for %s; something in it blocks:\n%s\n", seed, stuckAfter, stacks)
		panic(fmt.Sprintf("chaos: the world of seed %d is stuck", seed))
	})
	return func() { t.Reset(stuckAfter) }, func() { t.Stop() }
}
