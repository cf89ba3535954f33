package plan

import (
	"fmt"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// scale turns the decision about capacity into actions. While servers that were found again are within their grace,
// what there is is not known, and nothing is decided.
func (p *planner) scale() {
	if p.in.Fleet.Spec.Static != nil {
		p.useAll()
		return
	}
	if p.waitingFor > 0 {
		p.hold(fmt.Sprintf("nothing is started or opened yet: %s found again and not heard of", model.Count(p.waitingFor, "server")))
		return
	}
	p.decision = scale.Decide(scale.Input{
		Spec: p.in.Fleet.Spec, Servers: p.capacity, Rehome: p.rehome(), Waiting: p.in.Waiting,
		Outlook: p.in.Outlook, Memory: p.in.State.Scale, Now: p.in.Now,
		Kept: p.placeForTrial(), Sheet: &p.in.Sheet.scale,
	})
	d := &p.decision
	p.next.Scale, p.plan.Answers, p.plan.Boot = d.Memory, d.Answers, d.Boot
	p.plan.Holds = append(p.plan.Holds, d.Holds...)
	p.plan.Size = size(p.capacity, *d)
	for _, id := range d.Opens {
		p.act(Open, p.server(id), d.OpenReason)
	}
	p.start(d.Starts)
	for _, id := range d.Remove {
		p.takeAway(p.server(id))
	}
	p.next.Scale.Stopped(p.in.Now, len(d.Remove))
	p.upgrade(d)
	p.consolidate(*d)
}

func (p *planner) start(starts []scale.Start) {
	wanted, coming := 0, 0
	for _, s := range starts {
		wanted += s.Count
	}
	for i := range p.capacity {
		if p.capacity[i].Stage == scale.Coming {
			coming++
		}
	}
	allowed := p.allowedStarts(wanted, coming)
	p.next.Scale.Started(p.in.Now, allowed)
	for _, s := range starts {
		for range min(s.Count, allowed) {
			p.plan.Actions = append(p.plan.Actions, Action{Verb: Start, Revision: p.demand(), Reason: s.Reason})
			allowed--
		}
	}
}

// takeAway removes a surplus server. An open one is drained although it is empty, so that a join that arrives in this
// moment finds it closed or keeps it.
func (p *planner) takeAway(s *model.Server) {
	reason := fmt.Sprintf("not needed and empty for %s", p.in.Fleet.Spec.ScaleInAfter)
	if s.State == model.ServerReady {
		p.act(Empty, s, reason)
		return
	}
	p.drainFor(s, NewDrain(p.in.Fleet.Spec.Drain, reason, p.in.Now), model.DrainAsked)
}
