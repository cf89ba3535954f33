package plan

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// judge says what a server is good for and does what follows from its own state alone.
func (p *planner) judge(s *model.Server) {
	inst, known := p.instance(s.ID)
	switch {
	case s.State.Terminal():
		p.judgeEnded(s, inst)
	case p.gone(s, inst, known):
		p.judgeGone(s, inst, known)
	case s.State == model.ServerEmpty:
		p.count(s, scale.Leaving)
		if known && !inst.Stopping {
			p.act(Stop, s, s.Reason)
		}
	case s.State == model.ServerDraining && p.renoticed(s):
	case s.State == model.ServerDraining:
		p.count(s, scale.Leaving)
		p.draining = append(p.draining, s)
	case p.leaving(s):
	case s.State == model.ServerStarting:
		p.judgeStarting(s, inst)
	default:
		p.judgeServing(s, inst)
	}
}

// gone tells whether the server's instance has ended: the provider says so, or has not known it for MissingAfter while
// its link is silent.
func (p *planner) gone(s *model.Server, inst Instance, known bool) bool {
	if p.in.Busy[s.ID] {
		return false
	}
	if known {
		return !inst.Running && !p.contradicted(s, inst)
	}
	since, seen := p.in.State.Missing[s.ID]
	if !seen {
		since = p.in.Now
	}
	if p.next.Missing == nil {
		p.next.Missing = make(map[model.ServerID]time.Time)
	}
	p.next.Missing[s.ID] = since
	unheard := !s.Linked || p.silence(s) >= p.in.Fleet.Spec.DoubtAfter
	return unheard && p.in.Now.Sub(since) >= MissingAfter
}

// contradicted tells whether a server that its provider, which only sees it from outside, takes for dead says by its link
// that it lives.
func (p *planner) contradicted(s *model.Server, inst Instance) bool {
	return p.in.Fleet.Spec.Static != nil && !inst.Stopping && s.Linked && p.silence(s) < p.in.Fleet.Spec.DoubtAfter
}

// judgeGone takes leave of a server whose instance has ended. One that was emptied or told to stop ended as it should,
// unless sessions were left on it.
func (p *planner) judgeGone(s *model.Server, inst Instance, known bool) {
	p.count(s, scale.Leaving)
	how := "its instance ended"
	switch {
	case !known:
		how = fmt.Sprintf("silent, and unknown to the provider for %s", round(p.in.Now.Sub(p.next.Missing[s.ID])))
	case inst.Exit != "":
		how = "its instance ended: " + inst.Exit
	}
	wanted := inst.Stopping || s.State == model.ServerEmpty || s.State == model.ServerDraining
	if wanted && s.Sessions == 0 {
		p.act(Stopped, s, how)
		return
	}
	p.died(s, how)
	p.lost += s.Sessions
	if s.Sessions > 0 {
		how += fmt.Sprintf(", with %s on it", model.Count(s.Sessions, "session"))
	}
	p.act(Unhealthy, s, how)
}

// judgeEnded clears a Stopped or Unhealthy server away: its sessions first, then its instance, then itself.
func (p *planner) judgeEnded(s *model.Server, inst Instance) {
	p.count(s, scale.Leaving)
	p.lost += s.Sessions
	if s.State == model.ServerUnhealthy {
		p.died(s, s.Reason)
	}
	switch {
	case s.Sessions > 0:
		p.act(Unhealthy, s, model.Count(s.Sessions, "session")+" still on it")
	case inst.Running && !inst.Stopping:
		p.act(Stop, s, s.Reason)
	case !inst.Running && !p.in.Busy[s.ID]:
		p.act(Remove, s, s.Reason)
	}
}

// judgeStarting waits for a server to become ready, up to the start timeout. One that was found again may have players
// already: it is given its time to greet, then it is cordoned and not stopped.
func (p *planner) judgeStarting(s *model.Server, inst Instance) {
	if p.in.Fleet.Spec.Static != nil {
		p.judgeUnanswered(s, inst)
		return
	}
	timeout := p.in.Fleet.Spec.StartTimeout
	if at, found := p.in.Found[s.ID]; found {
		waited := p.in.Now.Sub(at)
		switch {
		case waited < RecoveryGrace:
			p.waitingFor++
			p.count(s, scale.Coming)
		case waited < timeout:
			p.count(s, scale.Doubtful)
		default:
			p.count(s, scale.Doubtful)
			p.act(Cordon, s, fmt.Sprintf("found again %s ago and has not reported yet; its instance runs", round(waited)))
		}
		return
	}
	if waited := p.in.Now.Sub(s.StateSince); waited >= timeout && !p.in.Busy[s.ID] {
		p.count(s, scale.Leaving)
		reason := fmt.Sprintf("not ready %s after its start", round(waited))
		p.died(s, reason)
		p.act(Empty, s, reason)
		return
	}
	p.count(s, p.coming(s))
}

// judgeServing looks at a Ready, Open or Cordoned server whose instance runs.
func (p *planner) judgeServing(s *model.Server, inst Instance) {
	silent := p.silence(s)
	doubt := silent >= p.in.Fleet.Spec.DoubtAfter || (s.State == model.ServerCordoned && p.unheardSince(s))
	if !doubt && s.CreatedAt.After(p.in.State.BackOff.LastDeath) && p.in.Now.Sub(s.CreatedAt) >= QuickDeath {
		p.steady = true
	}
	switch {
	case inst.Doubt != "" || inst.ID != "" && !inst.Running:
		p.count(s, scale.Doubtful)
		p.judgeDoubted(s, inst)
	case doubt:
		p.count(s, scale.Doubtful)
		p.judgeSilent(s, silent)
	case s.State == model.ServerReady:
		p.count(s, scale.Warm)
	case s.State == model.ServerCordoned && p.in.Fleet.Spec.Static != nil:
		p.count(s, scale.Serving)
		p.act(Uncordon, s, "it answers again")
	case s.State == model.ServerCordoned && !s.Linkless: // a linkless one was cordoned by its own Reserve
		p.count(s, scale.Serving)
		p.act(Uncordon, s, "it reports again")
	default:
		p.count(s, scale.Serving)
	}
}

// unheardSince tells whether nothing was heard of a cordoned server since it was cordoned, so that a planner that just
// woke up does not take its own silence for the server's voice.
func (p *planner) unheardSince(s *model.Server) bool {
	return !s.Linkless && s.ReportedAt.Before(s.StateSince)
}

// judgeSilent cordons a doubtful server, and stops it once it certainly serves nobody: it has no session, and has said
// nothing for the scale-in time more; one that never reported might have sessions that nobody knows, and is left to
// the drain deadline.
func (p *planner) judgeSilent(s *model.Server, silent time.Duration) {
	spec := p.in.Fleet.Spec
	patience := spec.DoubtAfter + spec.ScaleInAfter
	if s.ReportedAt.IsZero() {
		patience = spec.StartTimeout + spec.Drain.Deadline
	}
	reason := fmt.Sprintf("no report for %s; its instance runs", round(silent))
	switch {
	case s.Sessions == 0 && silent >= patience && s.State != model.ServerOpen:
		p.act(Empty, s, fmt.Sprintf("no report for %s and no session on it", round(silent)))
	case s.State == model.ServerOpen:
		p.act(Cordon, s, reason)
	case s.State == model.ServerCordoned && s.Sessions > 0:
		p.hold(fmt.Sprintf("%s stays cordoned with %s: %s", s.ID, model.Count(s.Sessions, "session"), reason))
	}
}

// judgeDoubted cordons a server that its provider doubts; what else says that it is well does not count.
func (p *planner) judgeDoubted(s *model.Server, inst Instance) {
	reason := inst.Doubt
	if reason == "" {
		reason = inst.Exit + ", though its link says that it lives"
	}
	switch {
	case s.State == model.ServerOpen:
		p.act(Cordon, s, reason)
	case s.Sessions > 0:
		p.hold(fmt.Sprintf("%s stays cordoned with %s: %s", s.ID, model.Count(s.Sessions, "session"), reason))
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }
