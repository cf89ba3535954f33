package plan

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// consolidate drains the donors that scaling names, and takes back the drains that it would rather not have begun. Both
// hold for servers that nothing else was decided about.
func (p *planner) consolidate(d scale.Decision) {
	for _, b := range d.Back {
		p.act(Undrain, p.server(b.ID), b.Reason)
	}
	for _, b := range d.Donors {
		policy := model.DrainPolicy{Deadline: p.in.Fleet.Spec.Drain.Deadline}
		p.drainFor(p.server(b.ID), NewDrain(policy, b.Reason, p.in.Now), model.DrainConsolidation)
	}
	p.next.Scale.Stopped(p.in.Now, len(d.Donors))
	p.next.Scale.Moved(p.in.Now, p.merged)
}

// merges tells whether a server is being emptied for consolidation and has sessions left.
func merges(s *model.Server) bool {
	return s.State == model.ServerDraining && s.Drain != nil && s.Drain.Cause == model.DrainConsolidation && s.Sessions > 0
}

// mergeBy is until when a server that is emptied for consolidation may take.
func mergeBy(s *model.Server) (t time.Time) {
	if merges(s) {
		t = s.Drain.StartedAt.Add(s.Drain.DeadlineAt.Sub(s.Drain.StartedAt) / 2)
	}
	return t
}

// pace bounds the hand-overs that may begin now for consolidation.
func (p *planner) pace(s *model.Server, in *drain.Input) {
	c := p.in.Fleet.Spec.Scaling.Consolidation
	if c == nil || !merges(s) {
		return
	}
	left := p.in.State.Scale.MovesLeft(p.in.Now, c) - p.merged
	if left <= 0 {
		in.Pause = fmt.Sprintf("at most %s a minute for consolidation", model.Count(c.MaxMovesPerMinute, "hand-over"))
	}
	in.FreeSlots = min(in.FreeSlots, left)
}

// paced counts the hand-overs that begin now for consolidation.
func (p *planner) paced(s *model.Server, sessions int) {
	if merges(s) {
		p.merged += sessions
	}
}
