package link

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

const (
	// MaxCopyBytes bounds the state of one session; the contract says the same.
	MaxCopyBytes = 4 << 20
	// MaxMessageBytes is what a transport has to let through for the largest message.
	MaxMessageBytes = MaxCopyBytes + 64<<10
	// MaxCopiesBytes bounds the copies of all sessions together. Beyond it a session's older copy is kept.
	MaxCopiesBytes = 1 << 30
	// copyOverhead is counted for each copy beside its state.
	copyOverhead = 256
	sweepEvery   = 10 * time.Second
)

// Copies keeps the newest copy of each session's state, in memory, up to MaxCopiesBytes in all; NewCopies makes it. Its methods
// are safe for concurrent use.
type Copies struct {
	mu      sync.Mutex
	newest  map[model.SessionRef]*sessionCopy
	bytes   int
	sweepAt time.Time
}

type sessionCopy struct {
	gen     model.Generation
	version uint64
	state   []byte
	at      time.Time
}

// NewCopies makes an empty one.
func NewCopies() *Copies { return &Copies{newest: map[model.SessionRef]*sessionCopy{}} }

// Put keeps a copy unless a newer one is there, or its version is 0: the server had nothing to copy. It answers false if there is
// no room for it. The state is shared from now on.
func (c *Copies) Put(ref model.SessionRef, gen model.Generation, version uint64, state []byte, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.newest[ref]
	if version == 0 || old != nil && (old.gen > gen || old.gen == gen && old.version > version) {
		return true
	}
	bytes := c.bytes + len(state) + copyOverhead
	if old != nil {
		bytes -= len(old.state) + copyOverhead
	}
	if len(state) > MaxCopyBytes || bytes > MaxCopiesBytes {
		return false
	}
	c.bytes = bytes
	if old == nil {
		old = &sessionCopy{}
		c.newest[ref] = old
	}
	*old = sessionCopy{gen: gen, version: version, state: state, at: now}
	return true
}

// Get answers the newest copy of a session. The state is shared and must not be changed.
func (c *Copies) Get(ref model.SessionRef) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.newest[ref]
	if got == nil {
		return nil, false
	}
	return got.state, true
}

// Drop forgets a session's copy if it is of generation gen or older.
func (c *Copies) Drop(ref model.SessionRef, gen model.Generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.newest[ref]; old != nil && old.gen <= gen {
		c.forget(ref)
	}
}

// Greeted forgets copies of newer generations than those of the sessions that a server said it has, and that it keeps by the answer: they
// are of lives that gave way to these.
func (c *Copies) Greeted(g *registry.Greeting, said []registry.SessionReport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range said {
		r := &said[i]
		if old := c.newest[r.Session]; old != nil && old.gen > r.Generation && !slices.Contains(g.Stale, r.Session) {
			c.forget(r.Session)
		}
	}
}

// forget forgets a session's copy; mu is held.
func (c *Copies) forget(ref model.SessionRef) {
	c.bytes -= len(c.newest[ref].state) + copyOverhead
	delete(c.newest, ref)
}

// sweep drops copies that have not been renewed since the last sweep and whose sessions are no more.
func (c *Copies) sweep(now time.Time, lives func(model.SessionRef) bool) {
	c.mu.Lock()
	if now.Before(c.sweepAt) {
		c.mu.Unlock()
		return
	}
	c.sweepAt = now.Add(sweepEvery)
	type candidate struct {
		ref model.SessionRef
		gen model.Generation
	}
	var old []candidate
	for ref, held := range c.newest {
		if now.Sub(held.at) >= sweepEvery {
			old = append(old, candidate{ref, held.gen})
		}
	}
	c.mu.Unlock()
	for _, o := range old {
		if !lives(o.ref) {
			c.Drop(o.ref, o.gen)
		}
	}
}

// lives tells whether the registry knows the session; when in doubt it does.
func (h *Hub) lives(ctx context.Context, ref model.SessionRef) bool {
	_, err := h.cfg.Registry.GetSession(ctx, ref)
	return !errors.Is(err, registry.ErrNotFound)
}
