package load

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Config says what a crowd is made of.
type Config struct {
	// Dial connects the i-th member, from 0 up, and says what it speaks. Several are dialled at once.
	Dial func(ctx context.Context, i int) (net.Conn, Wire, error)
	// Hz is how many updates each member sends a second; 0: none.
	Hz float64
	// Sample: of so many deliveries one is asked how long it took. 0: each.
	Sample int
	// ReadBuffer is what a member reads at once, in bytes. 0: 64 KiB.
	ReadBuffer int
	// Deaf tells of members that never read; nil: none. They are dialled anew when they are cut off.
	Deaf func(i int) bool
	// Polite members give their seats back when they go, where their wire is a Leaver.
	Polite bool
}

const (
	dialAtOnce   = 16          // members enter at a time
	leaveTimeout = time.Second // for the server to take a goodbye
)

// Crowd is all members of a load. Its methods are for one goroutine.
type Crowd struct {
	cfg     Config
	members []*member // by their numbers
	since   time.Time
	closed  []*member // whose result is not yet taken
}

// New makes an empty crowd.
func New(cfg Config) *Crowd {
	cfg.Sample = max(cfg.Sample, 1)
	if cfg.ReadBuffer == 0 {
		cfg.ReadBuffer = 64 << 10
	}
	return &Crowd{cfg: cfg, since: time.Now()}
}

// Len is how many members there are.
func (c *Crowd) Len() int { return len(c.members) }

// Resize dials or sends away members, the last first, until there are n. An error leaves those there are, and those that
// got in although another did not.
func (c *Crowd) Resize(ctx context.Context, n int) error {
	if n < len(c.members) {
		gone := c.members[n:]
		c.members = c.members[:n:n]
		leave(gone)
		c.closed = append(c.closed, gone...)
		return nil
	}
	fresh, err := c.enter(ctx, n-len(c.members))
	for _, m := range fresh {
		m.start()
	}
	c.members = append(c.members, fresh...)
	slices.SortFunc(c.members, func(a, b *member) int { return a.i - b.i })
	return err
}

// free gives the n lowest numbers that no member has.
func (c *Crowd) free(n int) []int {
	numbers := make([]int, 0, n)
	at := 0
	for i := 0; len(numbers) < n; i++ {
		if at < len(c.members) && c.members[at].i == i {
			at++
			continue
		}
		numbers = append(numbers, i)
	}
	return numbers
}

// enter dials n members and answers those that got in. After an error no more are dialled.
func (c *Crowd) enter(ctx context.Context, n int) ([]*member, error) {
	var mu sync.Mutex
	var in []*member
	var failed error
	left := c.free(n)
	var entering sync.WaitGroup
	for range min(n, dialAtOnce) {
		entering.Go(func() {
			for {
				mu.Lock()
				if len(left) == 0 || failed != nil {
					mu.Unlock()
					return
				}
				m := &member{crowd: c, i: left[0]}
				left = left[1:]
				mu.Unlock()
				err := m.enter(ctx)
				mu.Lock()
				switch {
				case err == nil:
					in = append(in, m)
				case failed == nil:
					failed = fmt.Errorf("member %d: %w", m.i+1, err)
				}
				mu.Unlock()
			}
		})
	}
	entering.Wait()
	return in, failed
}

func leave(members []*member) {
	var leaving sync.WaitGroup
	for _, m := range members {
		leaving.Go(m.leave)
	}
	leaving.Wait()
}

// Begin starts what End sums up.
func (c *Crowd) Begin() {
	c.closed = nil
	for _, m := range c.members {
		m.mu.Lock()
		m.sink.reset()
		m.sent, m.late = 0, Histogram{}
		m.mu.Unlock()
	}
	c.since = time.Now()
}

// Result is what went on between Begin and End.
type Result struct {
	Elapsed   time.Duration
	Members   int    // at the end
	Lost      int    // members whose connection ended by itself, at whatever time
	Why       error  // the first of those ends
	Sent      uint64 // updates
	Delivered uint64 // updates received, all members together
	Bytes     uint64 // received
	Reads     uint64 // calls that received something
	Gaps      uint64 // events that did not come though nobody said so
	Resyncs   uint64 // snapshots because a member read too slowly
	Rejected  uint64 // updates that the room did not take
	Latency   Histogram
	Late      Histogram // how late updates were sent, measured by the crowd's own clock: what the crowd was short of CPU
}

// End sums up.
func (c *Crowd) End() Result {
	r := Result{Elapsed: time.Since(c.since), Members: len(c.members)}
	for _, m := range append(c.closed[:len(c.closed):len(c.closed)], c.members...) {
		m.mu.Lock()
		s := &m.sink
		r.Sent += m.sent
		r.Delivered += s.delivered
		r.Bytes += s.bytes
		r.Reads += s.reads
		r.Gaps += s.gaps
		r.Resyncs += s.resyncs
		r.Rejected += s.rejected
		r.Latency.Merge(&s.latency)
		r.Late.Merge(&m.late)
		if m.err != nil {
			r.Lost++
			if r.Why == nil {
				r.Why = m.err
			}
		}
		m.mu.Unlock()
	}
	return r
}

// Quiet stops all updates for good; members go on receiving.
func (c *Crowd) Quiet() {
	for _, m := range c.members {
		m.hush()
	}
}

// Close sends everybody away.
func (c *Crowd) Close() { _ = c.Resize(context.Background(), 0) }
