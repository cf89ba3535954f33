package plan

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// drains takes the next step of every drain. Slots that a hand-over is to take are not promised twice.
func (p *planner) drains() {
	free := p.in.FreeElsewhere - p.in.Homeless - p.lost
	for i := range p.capacity {
		if s := &p.capacity[i]; s.Stage == scale.Serving {
			free += s.FreeSlots
		}
	}
	p.mostUrgentFirst()
	for _, s := range p.draining {
		if p.takesBack(s, free) {
			continue
		}
		in := p.drainInput(s, p.roomFor(s, free))
		p.pace(s, &in)
		d := drain.Decide(in)
		a := Action{Server: s.ID, Generation: s.Generation, Sessions: d.Sessions, Reason: d.Reason}
		switch d.Step {
		case drain.Wait:
			p.hold(fmt.Sprintf("%s drains: %s", s.ID, d.Reason))
			continue
		case drain.HandOver:
			a.Verb = HandOver
			free -= len(d.Sessions)
			p.paced(s, len(d.Sessions))
			p.given += len(d.Sessions)
		case drain.End:
			if merges(s) && !p.in.Fleet.Deleted {
				continue // nobody was here to take it back in time, as scaling does now
			}
			a.Verb, a.Rejoin = End, s.Drain != nil && s.Drain.Cause == model.DrainNode
		case drain.Empty:
			a.Verb, a.Abandon = Empty, d.Abandon
		}
		p.plan.Actions = append(p.plan.Actions, a)
	}
}

func (p *planner) drainInput(s *model.Server, free int) drain.Input {
	moves := p.in.Moves[s.ID]
	_, found := p.in.Found[s.ID]
	return drain.Input{
		Drain:      p.drainOf(s),
		Sessions:   p.in.Sessions[s.ID],
		InFlight:   max(moves.InFlight, s.Departing),
		LastMoveAt: model.Later(moves.LastAt, s.DepartedAt),
		FreeSlots:  free,
		Pause:      p.frozen(s),
		CanMove:    s.Linked && !s.Linkless,
		HeardAt:    s.ReportedAt,
		Unknown:    found,
		Silent:     p.lostTouch(s),
		Now:        p.in.Now,
	}
}

// lostTouch is how long nothing was heard of a server whose link is gone, once that is reason for doubt; else 0.
func (p *planner) lostTouch(s *model.Server) time.Duration {
	if silent := p.silence(s); !s.Linked && silent >= p.in.Fleet.Spec.DoubtAfter {
		return silent
	}
	return 0
}

// drainOf is the server's drain; one without is given the fleet's policy from the start of its state.
func (p *planner) drainOf(s *model.Server) model.Drain {
	if s.Drain != nil {
		return *s.Drain
	}
	return NewDrain(p.in.Fleet.Spec.Drain, s.Reason, s.StateSince)
}

// NewDrain is a drain by a policy, started at now. Its hand-overs begin before its deadline whatever the policy says.
func NewDrain(policy model.DrainPolicy, reason string, now time.Time) model.Drain {
	return model.Drain{
		StartedAt:  now,
		HandOverAt: now.Add(min(policy.Wait, policy.Deadline)),
		DeadlineAt: now.Add(policy.Deadline),
		Reason:     reason,
	}
}

// rehome counts the sessions that need a new place within the time a server takes to start.
func (p *planner) rehome() int {
	n := p.in.Homeless + p.lost + p.noticed
	for _, s := range p.draining {
		if !p.in.Now.Add(p.in.Fleet.Spec.StartTimeout).Before(p.drainOf(s).HandOverAt) && !s.Linkless {
			n += s.Sessions
		}
	}
	return n
}

// retire drains a deleted fleet to nothing, and gives it up when nothing is left.
func (p *planner) retire() {
	const reason = "its fleet was deleted"
	p.letGo(func(*model.Server) string { return reason })
	if len(p.in.Servers) == 0 && p.in.Homeless == 0 && !p.anyRunning() {
		p.plan.Actions = append(p.plan.Actions, Action{Verb: Retire, Reason: reason + " and its last server is gone"})
	}
}

// letGo drains the servers that there is a reason for, or takes them away at once where nobody can be on them.
func (p *planner) letGo(reason func(*model.Server) string) {
	decided := p.decided()
	for i := range p.in.Servers {
		s := &p.in.Servers[i]
		why := reason(s)
		if decided[s.ID] || why == "" {
			continue
		}
		switch s.State {
		case model.ServerStarting:
			if _, found := p.in.Found[s.ID]; found {
				p.drainFor(s, NewDrain(p.in.Fleet.Spec.Drain, why, p.in.Now), model.DrainAsked)
				continue
			}
			p.act(Empty, s, why)
		case model.ServerReady:
			p.act(Empty, s, why)
		case model.ServerOpen, model.ServerCordoned:
			p.drainFor(s, NewDrain(p.in.Fleet.Spec.Drain, why, p.in.Now), model.DrainAsked)
		}
	}
}

// drainFor begins a drain, or changes its times, for a cause. A server that an upgrade takes because it has no session is left
// alone if one began there meanwhile: whether it may move then, and where to, is for the next plan.
func (p *planner) drainFor(s *model.Server, d model.Drain, cause model.DrainCause) {
	d.Cause = cause
	p.plan.Actions = append(p.plan.Actions, Action{
		Verb: Drain, Server: s.ID, Generation: s.Generation, Drain: &d, Reason: d.Reason,
		Unused: cause == model.DrainUpgrade && s.Sessions == 0,
	})
}
