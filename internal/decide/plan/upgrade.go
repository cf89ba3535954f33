package plan

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// UpgradePhase is how an upgrade stands. The words are those of greenroom.v1.UpgradeStatus.
type UpgradePhase string

// Phases of an upgrade; "" is none: all servers are of the fleet's template.
const (
	UpgradeRunning UpgradePhase = "running"
	UpgradePaused  UpgradePhase = "paused"
	UpgradeStopped UpgradePhase = "stopped" // by itself
)

// Upgrade is how far a fleet is with having servers of its present template alone.
type Upgrade struct {
	Revision  uint64 // of that template; 0: the fleet has none
	Phase     UpgradePhase
	Updated   int // living servers of it that are ready or more
	Coming    int // and not yet
	Old       int // living servers of other templates
	Draining  int // of them
	Sessions  int // left on old servers
	Players   int
	StartedAt time.Time // the template became the fleet's; zero: not known
	Sentence  string
}

// upgrade is what a plan knows of the fleet's templates. nil: there is one, or it makes no difference.
type upgrade struct {
	Upgrade
	revision model.FleetRevision // of Upgrade.Revision; what is not known of it is zero
	// demand is the template of servers that are started because they are needed: one that is known to get ready, if there
	// is one.
	demand uint64
	ready  map[uint64]bool // templates of which a server is ready, or was
	// unproved is a template that got ready and did not stay, of which the store does not know it yet; 0: there is none.
	unproved uint64
}

// upgradeOf looks at the fleet's servers by their templates.
func upgradeOf(in *Input) *upgrade {
	if in.Fleet.Revision == 0 || in.Fleet.Deleted || in.Fleet.Spec.Static != nil {
		return nil
	}
	u := &upgrade{Upgrade: Upgrade{Revision: in.Fleet.Revision}, ready: make(map[uint64]bool)}
	for i := range in.Servers {
		u.look(&in.Servers[i])
	}
	for _, r := range in.Revisions {
		u.ready[r.Number] = u.ready[r.Number] || !r.ProvedAt.IsZero()
		if r.Number == u.Revision {
			u.revision, u.StartedAt = r, r.UsedAt
		}
	}
	return u
}

// look counts a server.
func (u *upgrade) look(s *model.Server) {
	if s.State.Terminal() || s.State == model.ServerEmpty {
		return
	}
	if s.State != model.ServerStarting && !s.ReportedAt.IsZero() {
		u.ready[s.TemplateNumber()] = true
	}
	switch {
	case s.TemplateNumber() == u.Revision && s.State == model.ServerStarting:
		u.Coming++
	case s.TemplateNumber() == u.Revision:
		u.Updated++
	default:
		u.Old++
		u.Sessions += s.Sessions
		u.Players += s.SeatsReserved + s.SeatsClaimed
		if s.State == model.ServerDraining {
			u.Draining++
		}
	}
}

// decide draws the conclusion: of which template needed servers are, and how the upgrade stands. There is one also while no
// server of the fleet's template was ready yet: it is tried before it is needed.
func (u *upgrade) decide(in *Input, stopped string) {
	u.demand = u.Revision
	if !u.ready[u.Revision] || stopped != "" {
		u.demand = u.standIn(in.Revisions)
	}
	switch {
	case u.Old == 0 && u.trusted():
	case stopped != "":
		u.Phase, u.Sentence = UpgradeStopped, stopped
	case in.Fleet.Spec.Upgrade.Paused:
		u.Phase = UpgradePaused
	default:
		u.Phase = UpgradeRunning
	}
}

// standIn is the template that serves in the place of the fleet's: the last sound one. Without any it is the fleet's.
func (u *upgrade) standIn(revisions []model.FleetRevision) uint64 {
	i := lastSound(revisions, func(r *model.FleetRevision) (ready, stays bool) {
		return r.Number != u.Revision && u.ready[r.Number], r.Number != u.unproved
	})
	if i < 0 {
		return u.Revision
	}
	return revisions[i].Number
}

// UndoTo is the template that an upgrade is undone to when nobody names one: of those of which a server was ready the one that was
// used last, and of them one to which no upgrade stopped by itself, if there is one. Revisions are as in Input; false: there is none.
func UndoTo(present uint64, revisions []model.FleetRevision) (model.FleetRevision, bool) {
	i := lastSound(revisions, func(r *model.FleetRevision) (ready, stays bool) {
		return r.Number != present && !r.ProvedAt.IsZero(), true
	})
	if i < 0 {
		return model.FleetRevision{}, false
	}
	return revisions[i], true
}

// lastSound finds the template that was used last of those that are known to get ready, and of them one that stays and to which
// no upgrade stopped by itself, if there is one; -1 for none.
func lastSound(revisions []model.FleetRevision, known func(*model.FleetRevision) (ready, stays bool)) int {
	last := -1
	for i := range revisions {
		switch ready, stays := known(&revisions[i]); {
		case !ready:
		case stays && revisions[i].Stopped == "":
			return i
		case last < 0:
			last = i
		}
	}
	return last
}

// isNew tells whether a server is of the fleet's present template.
func (u *upgrade) isNew(s *model.Server) bool { return s.TemplateNumber() == u.Revision }

// trusted tells whether servers of the present template are those that demand is served by.
func (u *upgrade) trusted() bool { return u.demand == u.Revision }

// demand is the template that needed servers are started from; 0: the only one.
func (p *planner) demand() uint64 {
	if p.up == nil {
		return 0
	}
	return p.up.demand
}

// upgrading tells whether servers of several templates are there, and so which one a session is on matters.
func (p *planner) upgrading() bool { return p.up != nil && p.up.Phase != "" }

// coming is what a server that is being started gives to capacity.
func (p *planner) coming(s *model.Server) scale.Stage {
	if p.up != nil && p.up.isNew(s) && !p.up.trusted() {
		return scale.Trial
	}
	return scale.Coming
}

// marks adds to a server's part of the capacity what an upgrade makes of it.
func (p *planner) marks(s *model.Server, c *scale.Server) {
	if !p.upgrading() {
		return
	}
	c.Stays = p.up.Phase == UpgradeRunning && p.up.isNew(s)
	c.Last = p.up.isNew(s) != p.up.trusted()
	c.Avoided = c.Avoided || c.Last
}

// upgrade takes the next steps of replacing servers of older templates, after scaling has decided.
func (p *planner) upgrade(d *scale.Decision) {
	if p.up == nil {
		return
	}
	p.prove()
	if !p.upgrading() {
		return
	}
	p.dropUntried()
	r := p.replacing(d)
	switch {
	case p.up.Phase != UpgradeRunning:
		p.hold(p.up.say(p.deadline()))
	case !p.up.trusted():
		r.try()
	default:
		r.replace()
	}
	p.prefer(r)
}

// dropUntried stops servers that were started to try a template which is not the fleet's any more.
func (p *planner) dropUntried() {
	for i := range p.capacity {
		s := p.server(p.capacity[i].ID)
		number := s.TemplateNumber()
		_, found := p.in.Found[s.ID]
		if p.capacity[i].Stage != scale.Coming || found || number == p.up.Revision || number == p.up.demand || p.up.ready[number] {
			continue
		}
		p.act(Empty, s, fmt.Sprintf("revision %d is not the fleet's any more, and no server of it was ready yet", number))
	}
}

// prefer has sessions come to servers of the template that demand is served by, once there are any that take them.
func (p *planner) prefer(r *replacing) {
	if r.preferred == 0 {
		return
	}
	var of uint64
	why := ""
	for i := range p.capacity {
		c := &p.capacity[i]
		if !c.Last || c.Stage == scale.Leaving {
			continue
		}
		s := p.server(c.ID)
		if n := s.TemplateNumber(); why == "" || n != of {
			of, why = n, fmt.Sprintf("it is of revision %d, and servers of %d take sessions", n, p.up.demand)
		}
		p.avoid(s.ID, why)
	}
}

// prove notes the templates of which a server is ready for the first time.
func (p *planner) prove() {
	for _, r := range p.in.Revisions {
		if r.ProvedAt.IsZero() && p.up.ready[r.Number] {
			p.plan.Actions = append(p.plan.Actions, Action{Verb: Prove, Revision: r.Number, Reason: fmt.Sprintf("a server of revision %d is ready", r.Number)})
		}
	}
}
