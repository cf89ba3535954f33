package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// What is kept of the time that a machine's notice leaves.
const (
	// Farewell is how long before a machine goes the sessions that could not be moved are ended and their players told to
	// join again; a quarter of the notice where that is less.
	Farewell = 10 * time.Second
	// LeastMove is what sessions have to be moved in, however short the notice is.
	LeastMove = 5 * time.Second
)

// leaves answers the notice that a server's machine goes away.
func (p *planner) leaves(s *model.Server) (model.NodeLeave, bool) {
	l, ok := p.in.Leaving[s.Node]
	return l, ok && s.Node != ""
}

// leaving tells whether a server's machine goes away, and begins to empty the server if so: one that has nobody goes at
// once, any other is drained by the notice's deadline. Both are capacity no more from this plan on, and their sessions need
// a new place, so that what replaces them is started first.
func (p *planner) leaving(s *model.Server) bool {
	l, ok := p.leaves(s)
	if !ok {
		return false
	}
	p.count(s, scale.Leaving)
	_, found := p.in.Found[s.ID]
	switch {
	case p.in.Busy[s.ID]:
	case s.State == model.ServerReady, s.State == model.ServerStarting && !found:
		p.act(Empty, s, leaveReason(l))
	default:
		d := p.leaveDrain(l, p.in.Now)
		p.drainFor(s, d, model.DrainNode)
		p.rehomeFrom(s, d)
	}
	return true
}

// rehomeFrom counts the sessions of a server whose drain begins in this plan.
func (p *planner) rehomeFrom(s *model.Server, d model.Drain) {
	if !p.in.Now.Add(p.in.Fleet.Spec.StartTimeout).Before(d.HandOverAt) && !s.Linkless {
		p.noticed += s.Sessions
	}
}

// renoticed tells whether a draining server's drain is changed or taken back because of its machine: a notice shortens
// somebody else's drain and never lengthens it, follows its own deadline, and when it is taken back what it began is too.
func (p *planner) renoticed(s *model.Server) bool {
	l, leaves := p.leaves(s)
	has := p.drainOf(s)
	switch {
	case !leaves && has.Cause != model.DrainNode:
		return false
	case !leaves && has.Before != nil:
		p.count(s, scale.Leaving)
		p.rehomeFrom(s, *has.Before)
		p.drainFor(s, *has.Before, has.Before.Cause)
	case !leaves:
		p.count(s, scale.Serving)
		p.act(Undrain, s, fmt.Sprintf("node %s stays", s.Node))
	default:
		return p.shortened(s, has, l)
	}
	return true
}

// shortened changes the drain of a server on a machine that goes away, if it has to be.
func (p *planner) shortened(s *model.Server, has model.Drain, l model.NodeLeave) bool {
	var d model.Drain
	switch has.Cause {
	case model.DrainNode:
		d = p.leaveDrain(l, has.StartedAt)
		if d.Before = has.Before; d.Before != nil && !d.DeadlineAt.Before(d.Before.DeadlineAt) {
			d.DeadlineAt, d.HandOverAt = d.Before.DeadlineAt, d.Before.HandOverAt
		}
		if d.DeadlineAt.Equal(has.DeadlineAt) && d.Reason == has.Reason {
			return false
		}
	case model.DrainConsolidation, model.DrainUnknown:
		d = p.leaveDrain(l, p.in.Now)
	default:
		if d = p.leaveDrain(l, p.in.Now); !d.DeadlineAt.Before(has.DeadlineAt) {
			return false
		}
		d.Before = &has
		if has.HandOverAt.Before(d.HandOverAt) {
			d.HandOverAt = has.HandOverAt
		}
	}
	p.count(s, scale.Leaving)
	p.capacity[len(p.capacity)-1].Merging = false // it cannot serve again
	p.rehomeFrom(s, d)
	p.drainFor(s, d, model.DrainNode)
	return true
}

// leaveDrain is the drain of a server whose machine goes away. It ends before the machine does, so that whoever could not
// be moved is told. By a notice without a deadline it is the fleet's own.
func (p *planner) leaveDrain(l model.NodeLeave, start time.Time) model.Drain {
	policy := p.in.Fleet.Spec.Drain
	if !l.DeadlineAt.IsZero() {
		notice := max(0, l.DeadlineAt.Sub(start))
		policy.Deadline = max(notice-min(Farewell, notice/4), LeastMove)
		policy.Wait = min(policy.Wait, policy.Deadline/4) // the rest is for moving
	}
	return NewDrain(policy, leaveReason(l), start)
}

func leaveReason(l model.NodeLeave) string {
	return fmt.Sprintf("node %s leaves: %s", l.Node, cmp.Or(l.Reason, "asked for"))
}

// mostUrgentFirst orders the draining servers by their deadlines, so that free slots go where they are needed first.
func (p *planner) mostUrgentFirst() {
	slices.SortStableFunc(p.draining, func(a, b *model.Server) int {
		return p.drainOf(a).DeadlineAt.Compare(p.drainOf(b).DeadlineAt)
	})
}
