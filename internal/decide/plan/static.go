package plan

import (
	"fmt"
	"slices"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// BareAfter is how long before a server said that it has no session the last join to one must have been for that session to
// be over: its players may have been on their way until then.
const BareAfter = model.TicketTTL

// useAll keeps a fleet of servers that run already: each address of its list is used as soon as it answers, and those that
// were taken off the list are drained. There is nothing to scale.
func (p *planner) useAll() {
	const reason = "every address of the fleet's list is used"
	living := 0
	for i := range p.capacity {
		c := &p.capacity[i]
		if c.Stage == scale.Warm {
			p.act(Open, p.server(c.ID), reason)
		}
		if c.Stage != scale.Leaving {
			living++
		}
	}
	starts := 0
	listed := make(map[model.ServerID]bool)
	for _, x := range p.in.Fleet.Spec.Static.Servers {
		id := model.StaticServerID(p.in.Fleet.Name, x.Name)
		listed[id] = true
		if p.startable(id, x.Name) {
			starts++
			p.plan.Actions = append(p.plan.Actions, Action{Verb: Start, Server: id, Reason: reason})
		}
	}
	p.letGo(func(s *model.Server) string {
		if listed[s.ID] {
			return ""
		}
		return "it is not on the fleet's list any more"
	})
	p.plan.Size = Size{Known: true, Wanted: living + starts, Desired: living + starts}
}

// startable tells whether an address of the list is free to be taken into use; what hinders it is held.
func (p *planner) startable(id model.ServerID, name string) bool {
	if p.server(id) != nil || p.in.Busy[id] {
		return false
	}
	inst, known := p.instance(id)
	switch leave, leaving := p.in.Leaving[name]; {
	case leaving:
		p.hold(fmt.Sprintf("%s is not used: its machine goes away: %s", id, leave.Reason))
		return false
	case known && inst.Running:
		return false // it is made known in a moment
	case known && !inst.Stopping:
		p.hold(fmt.Sprintf("%s is not used until it answers again: %s", id, inst.Exit))
		return false
	}
	return true
}

// judgeUnanswered looks at a static server that is not ready yet. It is used once it answers from outside or, where it is
// one that links, once it has greeted; how long that takes does not matter, for nobody else would be started in its place.
func (p *planner) judgeUnanswered(s *model.Server, inst Instance) {
	at, found := p.in.Found[s.ID]
	switch {
	case p.in.Busy[s.ID] || inst.ID == "" || found && p.in.Now.Sub(at) < RecoveryGrace:
		p.count(s, scale.Coming)
	case inst.Doubt != "":
		p.count(s, scale.Doubtful)
		p.hold(fmt.Sprintf("%s is not used yet: %s", s.ID, inst.Doubt))
	case s.Linkless:
		p.count(s, scale.Coming)
		p.act(Open, s, "it answers")
	default:
		p.count(s, scale.Doubtful)
		p.hold(fmt.Sprintf("%s is not used yet: it has not linked", s.ID))
	}
}

// mayComeBack tells whether an ended instance is that of an address of the list that is waited for.
func (p *planner) mayComeBack(i Instance) bool {
	if p.in.Fleet.Spec.Static == nil || p.in.Fleet.Deleted || i.Stopping {
		return false
	}
	_, listed := p.in.Fleet.Spec.Static.Find(p.in.Fleet.Name, i.ID)
	return listed
}

// endIdle ends the sessions of servers without a link that are over by what can be known: nobody joined them for the
// fleet's time, or the server says that it has none.
func (p *planner) endIdle() {
	if p.in.Fleet.Spec.Static == nil {
		return
	}
	patience := p.in.Fleet.Spec.Static.SessionIdle
	for i := range p.in.Servers {
		s := &p.in.Servers[i]
		inst, _ := p.instance(s.ID)
		idle := Action{Verb: End, Server: s.ID, Generation: s.Generation, Reason: fmt.Sprintf("nobody joined for %s", patience)}
		bare := Action{Verb: End, Server: s.ID, Generation: s.Generation, Reason: "the server says that it has no session"}
		for _, x := range p.in.Idle[s.ID] {
			switch {
			case x.Moving:
			case !inst.BareAt.IsZero() && inst.BareAt.Sub(x.JoinedAt) >= BareAfter:
				bare.Sessions = append(bare.Sessions, x.Session)
			case patience > 0 && p.in.Now.Sub(x.JoinedAt) >= patience:
				idle.Sessions = append(idle.Sessions, x.Session)
			}
		}
		p.plan.Actions = append(p.plan.Actions, slices.DeleteFunc([]Action{bare, idle}, func(a Action) bool { return len(a.Sessions) == 0 })...)
	}
}
