package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// replacing is one step of an upgrade in the making: the fleet by template, and what is wanted whatever its templates are.
//
// The order is: new servers are started and opened until the sessions of the old servers that are next have room on them, as
// have the slots that are wanted free; then old servers go, those without sessions first, then the emptiest. No old server
// goes while that would leave a want unmet, but where the maximum leaves no other way: then one without a session does.
type replacing struct {
	p *planner
	d *scale.Decision

	slots     int // session slots of a new server
	wantFree  int // beside those that sessions on their way will take
	moving    int // sessions on draining servers, or without a server
	free      int // session slots on serving servers
	freshFree int // of them on new servers
	takeable  int // of them those that a session may move to
	busyFree  int // of them those on servers with sessions
	busy      int // serving servers with sessions
	usable    int // ready and serving servers
	living    int
	coming    int // servers that are started, by this plan too
	fresh     int // of them new ones
	serving   int // new servers that serve
	preferred int // serving servers of the template that demand is served by
	leaving   int // servers that are on their way out
	room      int // servers that may still be started

	warm      int             // ready servers
	freshWarm []*scale.Server // of them new ones, oldest first
	oldWarm   []*scale.Server // and the others
	oldIdle   []*scale.Server // old serving servers without sessions
	oldBusy   []*scale.Server // and with, emptiest first
	did       bool            // something was done, or is under way
}

// replacing looks at the fleet as it will be when what is decided already is done.
func (p *planner) replacing(d *scale.Decision) *replacing {
	spec := &p.in.Fleet.Spec
	r := &replacing{
		p: p, d: d, slots: max(1, spec.Capacity.Sessions), moving: p.in.Homeless + p.lost,
		wantFree: max(0, d.Need-p.rehome()),
	}
	removed := make(map[model.ServerID]bool, len(d.Remove))
	for _, id := range d.Remove {
		removed[id] = true
	}
	for _, s := range p.draining {
		if s.Linked && !s.Linkless {
			r.moving += s.Sessions
		}
	}
	for i := range p.capacity {
		if c := &p.capacity[i]; removed[c.ID] {
			r.leaving++
		} else {
			r.count(c)
		}
	}
	started := 0
	for _, a := range p.plan.Actions {
		if a.Verb == Start {
			started++
		}
	}
	r.coming += started
	r.living += started
	if p.up.trusted() {
		r.fresh += started
	}
	r.room = spec.Max - len(p.in.Servers) - started
	oldest := func(a, b *scale.Server) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) }
	slices.SortFunc(r.freshWarm, oldest)
	slices.SortFunc(r.oldWarm, oldest)
	slices.SortFunc(r.oldIdle, oldest)
	slices.SortFunc(r.oldBusy, func(a, b *scale.Server) int {
		return cmp.Or(cmp.Compare(a.Sessions, b.Sessions), cmp.Compare(a.Players, b.Players), oldest(a, b))
	})
	return r
}

// count takes a server in.
func (r *replacing) count(c *scale.Server) {
	s := r.p.server(c.ID)
	isNew := r.p.up.isNew(s)
	opened := slices.Contains(r.d.Opens, c.ID)
	switch {
	case c.Stage == scale.Leaving:
		r.leaving++
		return
	case c.Stage == scale.Trial:
		r.fresh++
		return
	case c.Stage == scale.Coming:
		r.coming++
		if isNew {
			r.fresh++
		}
	case c.Stage == scale.Warm && !opened:
		r.usable++
		r.warm++
		if isNew {
			r.freshWarm = append(r.freshWarm, c)
		} else {
			r.oldWarm = append(r.oldWarm, c)
		}
	case c.Stage == scale.Serving, opened:
		r.countServing(c, s, isNew)
	}
	r.living++
}

func (r *replacing) countServing(c *scale.Server, s *model.Server, isNew bool) {
	r.usable++
	r.free += c.FreeSlots
	if !c.Empty {
		r.busy++
		r.busyFree += c.FreeSlots
	}
	if isNew == r.p.up.trusted() {
		r.preferred++
	}
	switch {
	case isNew:
		r.serving++
		r.freshFree += c.FreeSlots
		if !s.Linkless {
			r.takeable += c.FreeSlots
		}
	case s.State != model.ServerOpen: // this plan opens it
	case c.Empty:
		r.oldIdle = append(r.oldIdle, c)
	default:
		r.oldBusy = append(r.oldBusy, c)
	}
}

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
	most := shareOf(r.p.in.Fleet.Spec.Upgrade.MaxDraining, r.living+r.p.up.Draining)
	return max(0, min(most-r.p.up.Draining, r.d.Out-len(r.d.Remove)))
}

// surge is how many servers there may be that nothing wants: as many as the policy says, and at least what the sessions of
// the next server to go need.
func (r *replacing) surge() int {
	n := shareOf(r.p.in.Fleet.Spec.Upgrade.Surge, r.living+r.p.up.Draining)
	if len(r.oldBusy) > 0 {
		n = max(n, ceil(r.oldBusy[0].Sessions+r.oldBusy[0].FreeSlots, r.slots))
	}
	return n
}

// shareOf reads "3" or "25%" of all, rounded up, at least 1.
func shareOf(s string, all int) int {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 1
	}
	if percent {
		n = ceil(n*all, 100)
	}
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
				c.ID, revisionOf(s), model.Count(c.Sessions, "session")))
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
	reason := fmt.Sprintf("revision %d replaces revision %d", r.p.up.Revision, revisionOf(s))
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

// try starts one server of a template of which none was ready yet; nothing else changes until it is.
func (r *replacing) try() {
	p, t := r.p, &r.p.next.Trial
	switch {
	case r.fresh > 0:
	case p.in.Now.Before(t.NotBefore):
		p.hold(fmt.Sprintf("the next try with revision %d is in %s", p.up.Revision, t.NotBefore.Sub(p.in.Now).Round(100_000_000)))
	case r.room > 0:
		if p.next.Scale.StartsLeft(&p.in.Fleet.Spec, p.in.Now) > 0 {
			r.start(1, fmt.Sprintf("the first server of revision %d: until one is ready, servers of %d stay", p.up.Revision, p.up.demand))
		}
	default:
		r.stuck()
	}
}

// stuck makes room for a new server where the maximum leaves none, although something is wanted that then is not there for
// a while: a server without sessions goes, else one whose sessions fit on new ones, one at a time. When there is none, the
// emptiest is avoided, so that it becomes empty if it can.
func (r *replacing) stuck() {
	p := r.p
	if r.did || r.leaving > 0 || p.up.Draining > 0 || r.fresh > 0 || len(r.freshWarm) > 0 || r.d.Out <= 0 {
		return
	}
	if idle := slices.Concat(r.oldWarm, r.oldIdle); len(idle) > 0 {
		r.takeAway(idle[0])
		return
	}
	for _, c := range r.oldBusy {
		if c.Sessions <= r.takeable-r.moving && !p.server(c.ID).Linkless && p.up.trusted() {
			r.takeAway(c)
			return
		}
	}
	p.hold(fmt.Sprintf("%s, and max_servers allows no more: the upgrade to revision %d waits until one is empty; raise max_servers by 1 to go on now",
		"every older server has sessions that fit nowhere else", p.up.Revision))
	if len(r.oldBusy) > 0 {
		p.avoid(r.oldBusy[0].ID, "it is the emptiest, and is replaced as soon as it has no session")
	}
}
