package plan

import (
	"cmp"
	"slices"

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
