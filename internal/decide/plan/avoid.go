package plan

import "greenroom.dev/greenroom/internal/model"

// avoid has sessions come to a server only when no other one has room. Of several reasons the first is told.
func (p *planner) avoid(id model.ServerID, reason string) {
	if p.avoided == nil {
		p.avoided = make(map[model.ServerID]string)
	}
	if p.avoided[id] == "" {
		p.avoided[id] = reason
	}
}

// avoidances tells the registry where it does not know yet who is avoided. Only servers that take sessions, or soon may,
// are looked at: the others have nothing to be avoided for.
func (p *planner) avoidances() {
	decided := p.decided()
	for i := range p.in.Servers {
		s := &p.in.Servers[i]
		reason := p.avoided[s.ID]
		if s.Avoided == (reason != "") || s.State < model.ServerReady || s.State > model.ServerCordoned || decided[s.ID] {
			continue
		}
		if s.Avoided {
			p.act(Welcome, s, "nothing speaks against it any more")
		} else {
			p.act(Avoid, s, reason)
		}
	}
}

// decided are the servers that the plan does something with already.
func (p *planner) decided() map[model.ServerID]bool {
	decided := make(map[model.ServerID]bool)
	for _, a := range p.plan.Actions {
		decided[a.Server] = true
	}
	return decided
}
