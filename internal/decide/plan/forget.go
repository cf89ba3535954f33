package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// forget drops dead instances whose log was kept for KeepDead, and the oldest beyond MaxDead. An instance is dead for
// good once the registry has no server for it any more.
func (p *planner) forget() {
	due := p.dead() || p.in.Fleet.Deleted
	if len(p.next.DeadSince) <= MaxDead && !due {
		return
	}
	type deadInstance struct {
		id    model.ServerID
		since time.Time
	}
	dead := make([]deadInstance, 0, len(p.next.DeadSince))
	for n := range p.in.Instances {
		i := &p.in.Instances[n]
		if !i.Running && p.server(i.ID) == nil && !p.in.Busy[i.ID] && !p.mayComeBack(*i) {
			dead = append(dead, deadInstance{i.ID, p.next.DeadSince[i.ID]})
		}
	}
	slices.SortFunc(dead, func(a, b deadInstance) int {
		return cmp.Or(b.since.Compare(a.since), cmp.Compare(a.id, b.id))
	})
	for n, d := range dead {
		var reason string
		switch {
		case n >= MaxDead:
			reason = fmt.Sprintf("%d newer dead servers' logs are kept", MaxDead)
		case p.in.Now.Sub(d.since) < KeepDead && !p.in.Fleet.Deleted:
			continue
		case p.in.Fleet.Deleted:
			reason = "its fleet was deleted"
		default:
			reason = fmt.Sprintf("dead for %s", KeepDead)
		}
		p.plan.Actions = append(p.plan.Actions, Action{Verb: Forget, Server: d.id, Reason: reason})
	}
}

// dead notes since when instances have ended, and tells whether one has for KeepDead. Where nothing changed, which is nearly
// always, what was noted is shared.
func (p *planner) dead() (due bool) {
	ended, same := 0, true
	for n := range p.in.Instances {
		if i := &p.in.Instances[n]; !i.Running {
			since, seen := p.in.State.DeadSince[i.ID]
			ended++
			same = same && seen
			due = due || seen && p.in.Now.Sub(since) >= KeepDead
		}
	}
	if p.next.DeadSince = p.in.State.DeadSince; same && ended == len(p.next.DeadSince) {
		return due
	}
	p.next.DeadSince = make(map[model.ServerID]time.Time, ended)
	for n := range p.in.Instances {
		if i := &p.in.Instances[n]; !i.Running {
			since, seen := p.in.State.DeadSince[i.ID]
			if !seen {
				since = p.in.Now
			}
			p.next.DeadSince[i.ID] = since
		}
	}
	return due
}
