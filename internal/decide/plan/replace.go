package plan

import (
	"cmp"
	"fmt"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// replace takes the next step with a template that gets ready.
func (r *replacing) replace() {
	budget := r.budget()
	lack := r.open(budget)
	missing := r.missing(lack)
	r.takeWarm()
	budget -= r.takeIdle(budget)
	r.takeBusy(budget)
	if missing <= 0 {
		return
	}
	spare, surge := r.spare(), r.surge()
	if n := min(missing, surge-max(0, spare), r.room, r.p.next.Scale.StartsLeft(&r.p.in.Fleet.Spec, r.p.in.Now)); n > 0 {
		n = r.p.allowedStarts(n, r.coming)
		r.start(n, fmt.Sprintf("revision %d replaces %s", r.p.up.Revision, model.Count(r.p.up.Old, "older server")))
		return
	}
	if r.room <= 0 {
		r.stuck()
	}
}

// budget is how many servers may begin to drain now.
func (r *replacing) budget() int {
	most := atLeastOne(r.p.in.Fleet.Spec.Upgrade.MaxDraining, r.living+r.p.up.Draining)
	return max(0, min(most-r.p.up.Draining, r.d.Out-len(r.d.Remove)))
}

// surge is how many servers there may be that nothing wants: as many as the policy says, and at least what the sessions of
// the next server to go need.
func (r *replacing) surge() int {
	n := atLeastOne(r.p.in.Fleet.Spec.Upgrade.Surge, r.living+r.p.up.Draining)
	if len(r.oldBusy) > 0 {
		n = max(n, ceil(r.oldBusy[0].Sessions+r.oldBusy[0].FreeSlots, r.slots))
	}
	return n
}

// atLeastOne reads a part of all servers, rounded up, so that an upgrade always goes on.
func atLeastOne(part string, all int) int {
	_, n, _ := model.PartOf(part, all)
	return max(1, n)
}

func ceil(n, by int) int { return (max(0, n) + by - 1) / by }

// open opens ready new servers until the sessions of the servers that go next have room there, and what is wanted free is
// free there. It answers the slots that are missing for that.
func (r *replacing) open(budget int) (lack int) {
	target := r.wantFree + r.moving
	for i, c := range r.oldBusy {
		if i < max(1, budget) {
			target += c.Sessions
		}
	}
	lack = target - r.freshFree
	atMost := r.room <= 0 // the ready buffer waits then
	for lack > 0 && len(r.freshWarm) > 0 && (r.warm > r.d.Ready || atMost) {
		c := r.freshWarm[0]
		r.freshWarm = r.freshWarm[1:]
		r.p.act(Open, r.p.server(c.ID), fmt.Sprintf("%s of older servers and %s wanted free: %d free on revision %d",
			model.Count(target-r.wantFree, "session"), model.Count(r.wantFree, "slot"), r.freshFree, r.p.up.Revision))
		lack -= c.FreeSlots
		r.free += c.FreeSlots
		r.freshFree += c.FreeSlots
		r.takeable += c.FreeSlots
		r.warm--
		r.serving++
		r.preferred++
		r.did = true
	}
	return lack
}

// missing is how many new servers are to be started for the slots that lack, the ready buffer, and the number wanted.
func (r *replacing) missing(lack int) int {
	wanted := max(ceil(lack, r.slots)+r.d.Ready, max(r.d.Servers, r.p.in.Fleet.Spec.Min)-r.serving)
	return wanted - len(r.freshWarm) - r.fresh
}

// spare is how many servers without sessions nothing wants, those that are coming among them.
func (r *replacing) spare() int {
	idle := r.living - r.busy
	wanted := max(ceil(r.wantFree+r.moving-r.busyFree, r.slots)+r.d.Ready, max(r.d.Servers, r.p.in.Fleet.Spec.Min)-r.busy)
	return idle - max(0, wanted)
}

// dispensable tells whether as many servers as are wanted are left without one.
func (r *replacing) dispensable() bool {
	return r.usable > r.d.Servers && r.living > r.p.in.Fleet.Spec.Min
}

// takeWarm takes ready servers of older templates away: new ones stand in their place.
func (r *replacing) takeWarm() {
	for len(r.oldWarm) > 0 && r.warm > r.d.Ready && r.dispensable() && r.enough(0, 0) {
		c := r.oldWarm[0]
		r.oldWarm = r.oldWarm[1:]
		r.takeAway(c)
		r.warm--
	}
}

// takeIdle drains open servers of older templates that have no session, and counts them.
func (r *replacing) takeIdle(budget int) (n int) {
	for n < budget && len(r.oldIdle) > 0 && r.dispensable() && r.enough(0, r.oldIdle[0].FreeSlots) {
		c := r.oldIdle[0]
		r.oldIdle = r.oldIdle[1:]
		r.free -= c.FreeSlots
		r.takeAway(c)
		n++
	}
	return n
}

// takeBusy drains servers of older templates whose sessions fit on new ones, the emptiest first.
func (r *replacing) takeBusy(budget int) {
	for _, c := range r.oldBusy {
		s := r.p.server(c.ID)
		switch {
		case s.Linkless:
			r.p.hold(fmt.Sprintf("%s is of revision %d and keeps its %s: it has no link, so they cannot be handed over",
				c.ID, s.TemplateNumber(), model.Count(c.Sessions, "session")))
			continue
		case budget == 0, !r.dispensable(), c.Sessions > r.takeable-r.moving, !r.enough(c.Sessions, c.FreeSlots):
			return
		}
		r.moving += c.Sessions
		r.free -= c.FreeSlots
		r.busy--
		r.busyFree -= c.FreeSlots
		r.takeAway(c)
		budget--
	}
}

// enough tells whether what is wanted free is there without a server's free slots and with its sessions elsewhere.
func (r *replacing) enough(sessions, free int) bool {
	return r.free-r.moving-free-sessions >= r.wantFree
}

// takeAway drains a server of an older template, or empties it where no session can come to it meanwhile.
func (r *replacing) takeAway(c *scale.Server) {
	r.usable--
	r.living--
	r.did = true
	s := r.p.server(c.ID)
	reason := fmt.Sprintf("revision %d replaces revision %d", r.p.up.Revision, s.TemplateNumber())
	if s.State == model.ServerReady {
		r.p.act(Empty, s, reason)
		return
	}
	policy := r.p.in.Fleet.Spec.Drain
	if own := r.p.in.Fleet.Spec.Upgrade.Drain; own != nil {
		policy.Wait = own.Wait
		policy.Deadline = cmp.Or(own.Deadline, policy.Deadline)
	}
	r.p.drainFor(s, NewDrain(policy, reason, r.p.in.Now), model.DrainUpgrade)
}

// start starts servers of the present template.
func (r *replacing) start(n int, reason string) {
	for range n {
		r.p.plan.Actions = append(r.p.plan.Actions, Action{Verb: Start, Revision: r.p.up.Revision, Reason: reason})
	}
	r.p.next.Scale.Started(r.p.in.Now, n)
	r.p.plan.Size.Wanted += n
	r.p.plan.Size.Desired += n
}
