package plan

import (
	"fmt"
	"slices"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// byUpgrade tells whether an upgrade drains the server.
func byUpgrade(s *model.Server) bool { return s.Drain != nil && s.Drain.Cause == model.DrainUpgrade }

// takesBack opens a server again that an upgrade drained and that is to stay: its template is the fleet's again, the upgrade
// is held, its sessions have no room any more while nothing can be started, or they would be ended at the deadline. What others drained is theirs.
func (p *planner) takesBack(s *model.Server, free int) bool {
	if p.up == nil || !byUpgrade(s) {
		return false
	}
	left := len(p.in.Sessions[s.ID])
	switch {
	case p.up.isNew(s):
		p.act(Undrain, s, fmt.Sprintf("revision %d is the fleet's again", p.up.Revision))
	case p.up.Phase == UpgradePaused || p.up.Phase == UpgradeStopped:
		p.act(Undrain, s, fmt.Sprintf("the upgrade to revision %d is %s", p.up.Revision, p.up.Phase))
	case p.cramped(s, free):
		p.act(Undrain, s, fmt.Sprintf("no room for its %s on revision %d, and max_servers allows no more", model.Count(left, "session"), p.up.Revision))
	case left > 0 && s.Linked && !s.Linkless && !p.in.Now.Before(s.Drain.DeadlineAt) && p.roomFor(s, free) < left:
		p.act(Undrain, s, fmt.Sprintf("%s would be ended at its deadline: no room for them on revision %d", model.Count(left, "session"), p.up.Revision))
	default:
		return false
	}
	return true
}

// cramped tells whether none of the sessions of a server that an upgrade drains is on its way, they do not all fit, and no
// server comes that could take them: its own free slots are worth more than the upgrade then.
func (p *planner) cramped(s *model.Server, free int) bool {
	left := p.in.Sessions[s.ID]
	if len(left) == 0 || p.in.Moves[s.ID].InFlight > 0 || slices.ContainsFunc(left, func(x drain.Session) bool { return x.Moving }) {
		return false
	}
	living := len(p.draining)
	for i := range p.capacity {
		if stage := p.capacity[i].Stage; stage == scale.Coming || stage == scale.Warm || stage == scale.Trial {
			return false
		}
		if p.capacity[i].Stage != scale.Leaving {
			living++
		}
	}
	return living >= p.in.Fleet.Spec.Max && p.roomFor(s, free) < len(left)
}

// roomFor is how many of the free slots the sessions of a draining server may take. Those that an upgrade moves go to servers
// of the present template only: no session is moved twice for it.
func (p *planner) roomFor(s *model.Server, free int) int {
	if p.up == nil || !byUpgrade(s) {
		return free
	}
	fresh := -p.in.Homeless - p.lost - p.given
	for i := range p.capacity {
		c := &p.capacity[i]
		if c.Stage != scale.Serving {
			continue
		}
		if v := p.server(c.ID); p.up.isNew(v) && !v.Linkless {
			fresh += c.FreeSlots
		}
	}
	return min(free, fresh)
}

// placeForTrial is 1 while the first server of a template waits for a place below the maximum, so that demand does not take
// the one that was made for it. Joins that wait come first.
func (p *planner) placeForTrial() int {
	if p.up == nil || p.up.Phase != UpgradeRunning || p.up.trusted() || p.up.Coming > 0 || p.in.Waiting > 0 {
		return 0
	}
	return 1
}
