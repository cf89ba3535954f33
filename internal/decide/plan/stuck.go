package plan

import (
	"fmt"
	"slices"
)

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
