package bot

import (
	"bytes"
	"time"
)

const lookEvery = 50 * time.Millisecond

// settle waits until all players have the same state and have heard the last events, but cfg.Settle at most, then counts
// what differs.
func (c *crowd) settle() {
	deadline := time.Now().Add(c.cfg.Settle)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for !c.agreed() && time.Now().Before(deadline) {
		<-ticker.C
	}
	for _, session := range c.sessions {
		c.measured.lostState.Add(differing(session, false))
		for _, p := range session {
			p.countUnheard(session)
		}
	}
}

func (c *crowd) agreed() bool {
	for _, session := range c.sessions {
		for _, p := range session {
			if p.seat != nil && (!p.in.Load() || p.seat.waiting() > 0 || p.unheard(session, nil) > 0) {
				return false
			}
		}
		if differing(session, true) > 0 {
			return false
		}
	}
	return true
}

// differing counts the positions that a player of the session sees otherwise than their owner left them. A player who is
// not there any more sees none of them; whoever is out of a player's sight, in a room with an area of interest, does not count. early: one is enough.
func differing(session []*player, early bool) uint64 {
	var n uint64
	for _, viewer := range session {
		if viewer.seat == nil {
			continue // never got in: an error of its own
		}
		in, sees := viewer.in.Load(), viewer.seat.look()
		for _, owner := range session {
			if owner.wrote == nil || in && !sees.shows(owner.name) {
				continue
			}
			if in && bytes.Equal(viewer.believes(owner, &sees), owner.wrote) {
				continue
			}
			if n++; early {
				return n
			}
		}
	}
	return n
}

// believes is what p knows of where owner is.
func (p *player) believes(owner *player, sees *sight) []byte {
	if p.crowd.cfg.Positions {
		return sees.places[owner.name]
	}
	return p.seat.value(owner.stateKey())
}

// unheard counts the last remarks of others that have not reached p, of those p has heard at all; each is also given to
// found, if any.
func (p *player) unheard(session []*player, found func(h *heard, missing uint64)) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var n uint64
	for i, speaker := range session {
		h := &p.heard[i]
		if said := speaker.said.Load(); h.last > 0 && said > h.last {
			n += said - h.last
			if found != nil {
				found(h, said-h.last)
			}
		}
	}
	return n
}

func (p *player) countUnheard(session []*player) {
	if p.seat == nil {
		return
	}
	p.unheard(session, func(h *heard, missing uint64) {
		if h.uncertain {
			p.missed += missing
		} else {
			p.gaps += missing
		}
	})
}
