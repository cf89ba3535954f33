package plan

import (
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Trial is the memory of how the servers of the fleet's present template fared while others were left.
type Trial struct {
	Revision  uint64
	Since     time.Time // the template became the fleet's
	Failures  int       // starts in a row that did not get ready
	FailedAt  time.Time // the last of them
	NotBefore time.Time // the next try
	Crashes   []time.Time
	Stopped   string // why the upgrade stopped by itself; "": it did not
	Noted     bool   // the store knows that it stopped
	Unproved  Unproved
}

// Unproved is a template whose place another took while its servers were crashing, before its upgrade was over or had stopped:
// it got ready, and whether it is sound is not known. The zero value is none.
type Unproved struct {
	Revision uint64
	Why      string
}

// superseded is the template before this one, if it had not proved itself.
func superseded(was Trial, u *upgrade, servers []model.Server) Unproved {
	before := func(s model.Server) bool {
		return s.State < model.ServerEmpty && s.TemplateNumber() != was.Revision
	}
	if was.Revision == u.Revision || len(was.Crashes) == 0 || was.Stopped != "" || !slices.ContainsFunc(servers, before) {
		return Unproved{}
	}
	return Unproved{was.Revision, fmt.Sprintf("%s of revision %d ended unexpectedly before it had taken the place of all others, and revision %d took its",
		model.Count(len(was.Crashes), "server"), was.Revision, u.Revision)}
}

// trialOf is the memory as the store's facts leave it: another template begins anew, as does one that somebody resumed.
func trialOf(was Trial, u *upgrade, servers []model.Server) Trial {
	r := u.revision
	switch {
	case was.Revision != u.Revision || !was.Since.Equal(r.UsedAt), was.Noted && r.Stopped == "":
		was = Trial{Revision: u.Revision, Since: r.UsedAt, Unproved: superseded(was, u, servers)}
	}
	if r.Stopped != "" {
		was.Stopped, was.Noted = r.Stopped, true
	}
	was.Crashes = slices.Clone(was.Crashes)
	return was
}

// beginUpgrade looks at the fleet's templates, before any server is judged.
func (p *planner) beginUpgrade() {
	if p.up = upgradeOf(&p.in); p.up == nil {
		return
	}
	p.next.Trial = trialOf(p.in.State.Trial, p.up, p.in.Servers)
	p.doubt()
	p.up.decide(&p.in, p.next.Trial.Stopped)
	t := &p.next.Trial
	for i := range p.in.Servers {
		s := &p.in.Servers[i]
		if p.up.isNew(s) && !s.State.Terminal() && !s.ReportedAt.IsZero() && s.CreatedAt.After(t.FailedAt) {
			t.Failures = 0
		}
	}
}

// doubt has the store know that the template before this one is unproved, until it does.
func (p *planner) doubt() {
	u := &p.next.Trial.Unproved
	i := slices.IndexFunc(p.in.Revisions, func(r model.FleetRevision) bool { return r.Number == u.Revision })
	if i < 0 || p.in.Revisions[i].Stopped != "" || u.Revision == p.up.Revision {
		*u = Unproved{}
		return
	}
	p.up.unproved = u.Revision
	p.plan.Actions = append(p.plan.Actions, Action{Verb: Halt, Revision: u.Revision, Reason: u.Why})
}

// tried notes the unexpected end of a server, the first time that it is seen. It answers whether that says nothing about the
// servers that demand is served by.
func (p *planner) tried(s *model.Server, how string) bool {
	if p.up == nil {
		return false
	}
	if t := &p.next.Trial; p.up.isNew(s) && p.upgrading() {
		_, found := p.in.Found[s.ID]
		if s.ReportedAt.IsZero() && !found {
			t.Failures++
			t.FailedAt = p.in.Now
			t.NotBefore = p.in.Now.Add(pause(t.Failures))
		} else {
			t.Crashes = append(t.Crashes, p.in.Now)
		}
		p.lastEnd = how
	}
	return s.TemplateNumber() != p.up.demand
}

// judgeTrial stops an upgrade whose servers do not get ready, or do not stay.
func (p *planner) judgeTrial() {
	if p.up == nil {
		return
	}
	t, policy := &p.next.Trial, &p.in.Fleet.Spec.Upgrade
	t.Crashes = slices.DeleteFunc(t.Crashes, func(at time.Time) bool { return p.in.Now.Sub(at) >= model.CrashWindow })
	if p.up.Phase == UpgradeRunning && t.Stopped == "" {
		switch {
		case t.Failures >= policy.MaxFailures:
			t.Stopped = fmt.Sprintf("%s of revision %d in a row failed, the last one: %s",
				model.Count(t.Failures, "start"), p.up.Revision, p.lastEnd)
		case len(t.Crashes) >= policy.MaxCrashes:
			t.Stopped = fmt.Sprintf("%s of revision %d ended unexpectedly within %s, the last one: %s",
				model.Count(len(t.Crashes), "server"), p.up.Revision, model.CrashWindow, p.lastEnd)
		}
		if t.Stopped != "" {
			p.up.decide(&p.in, t.Stopped)
		}
	}
	if t.Stopped != "" && !t.Noted {
		p.plan.Actions = append(p.plan.Actions, Action{Verb: Halt, Revision: p.up.Revision, Reason: t.Stopped})
	}
}

// try starts one server of a template of which none was ready yet; nothing else changes until it is.
func (r *replacing) try() {
	p, t := r.p, &r.p.next.Trial
	switch {
	case r.fresh > 0:
	case p.in.Now.Before(t.NotBefore):
		p.hold(fmt.Sprintf("the next try with revision %d is in %s", p.up.Revision, t.NotBefore.Sub(p.in.Now).Round(100_000_000)))
	case r.room > 0:
		if p.next.Scale.StartsLeft(&p.in.Fleet.Spec, p.in.Now) > 0 && !p.lacksNode(1) {
			r.start(1, fmt.Sprintf("the first server of revision %d: until one is ready, servers of %d stay", p.up.Revision, p.up.demand))
		}
	default:
		r.stuck()
	}
}
