package plan

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// BackOff is the memory of a fleet's quick deaths.
type BackOff struct {
	Deaths     int // plans in a row that saw a quick death
	LastDeath  time.Time
	NotBefore  time.Time        // nothing is started before
	Generation model.Generation // of the fleet's spec that they died of
}

// died notes the end of a server and how it came, once; a young one's counts as a quick death.
func (p *planner) died(s *model.Server, how string) {
	if p.next.Counted == nil {
		p.next.Counted = make(map[model.ServerID]bool)
	}
	p.next.Counted[s.ID] = true
	if p.in.State.Counted[s.ID] || p.tried(s, how) {
		return
	}
	if p.in.Now.Sub(s.CreatedAt) < QuickDeath || s.State == model.ServerStarting {
		p.newDead++
	}
}

// backOff draws the conclusion from the deaths and the lives of this plan. Servers that die together count once. A
// server that outlives QuickDeath, or a new spec, ends the back-off.
func (p *planner) backOff() {
	b := &p.next.BackOff
	if p.steady || b.Generation != p.in.Fleet.Generation {
		*b = BackOff{Generation: p.in.Fleet.Generation, LastDeath: b.LastDeath}
	}
	if p.newDead == 0 {
		return
	}
	b.Deaths++
	b.LastDeath = p.in.Now
	b.NotBefore = p.in.Now.Add(pause(b.Deaths))
}

// pause is the wait after the n-th quick death in a row, n ≥ 1.
func pause(n int) time.Duration {
	if n > 6 { // 2^6 s is past the bound
		return MaxBackOff
	}
	return min(FirstBackOff<<(n-1), MaxBackOff)
}

// lacksNode tells whether there is no machine for the n servers that would be started, and holds them then.
func (p *planner) lacksNode(n int) bool {
	if p.in.NoNode == "" {
		return false
	}
	p.hold(fmt.Sprintf("would start %s: %s", model.Count(n, "server"), p.in.NoNode))
	return true
}

// allowedStarts is how many of n wanted starts the back-off lets through now.
func (p *planner) allowedStarts(n, coming int) int {
	b := p.next.BackOff
	times := func() string {
		return fmt.Sprintf("servers of this spec died within %s of their start, %s in a row", QuickDeath, model.Count(b.Deaths, "time"))
	}
	switch {
	case n == 0:
		return 0
	case p.lacksNode(n):
		return 0
	case p.in.Now.Before(b.NotBefore):
		p.hold(fmt.Sprintf("would start %s: %s; the next try is in %s",
			model.Count(n, "server"), times(), b.NotBefore.Sub(p.in.Now).Round(100*time.Millisecond)))
		return 0
	case b.Deaths < ProbeAfter:
		return n
	}
	allowed := max(0, min(n, 1-coming))
	if allowed < n {
		p.hold(fmt.Sprintf("would start %s: %s; one at a time until one lives", model.Count(n-allowed, "more server"), times()))
	}
	return allowed
}
