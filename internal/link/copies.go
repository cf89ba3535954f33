package link

import (
	"context"
	"errors"
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

// copies keeps the newest copy of each session's state, in memory.
type copies struct {
	mu      sync.Mutex
	newest  map[model.SessionRef]sessionCopy
	bytes   int
	sweepAt time.Time
}

type sessionCopy struct {
	gen     model.Generation
	version uint64
	state   []byte
	at      time.Time
}

// put keeps a copy unless a newer one is there. It answers false if there is no room for it.
func (c *copies) put(ref model.SessionRef, gen model.Generation, version uint64, state []byte, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, had := c.newest[ref]
	if had && (old.gen > gen || old.gen == gen && old.version > version) {
		return true
	}
	bytes := c.bytes + len(state) + copyOverhead
	if had {
		bytes -= len(old.state) + copyOverhead
	}
	if len(state) > MaxCopyBytes || bytes > MaxCopiesBytes {
		return false
	}
	c.bytes = bytes
	c.newest[ref] = sessionCopy{gen: gen, version: version, state: state, at: now}
	return true
}

func (c *copies) get(ref model.SessionRef) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	got, ok := c.newest[ref]
	return got.state, ok
}

// drop forgets a session's copy if it is of generation gen or older.
func (c *copies) drop(ref model.SessionRef, gen model.Generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, had := c.newest[ref]; had && old.gen <= gen {
		c.bytes -= len(old.state) + copyOverhead
		delete(c.newest, ref)
	}
}

// sweep drops copies that have not been renewed since the last sweep and whose sessions are no more.
func (c *copies) sweep(now time.Time, lives func(model.SessionRef) bool) {
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
			c.drop(o.ref, o.gen)
		}
	}
}

// lives tells whether the registry knows the session; when in doubt it does.
func (h *Hub) lives(ctx context.Context, ref model.SessionRef) bool {
	_, err := h.cfg.Registry.GetSession(ctx, ref)
	return !errors.Is(err, registry.ErrNotFound)
}
