package plan

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// progress says how far the upgrade is.
func (p *planner) progress() {
	if p.up == nil {
		return
	}
	p.plan.Upgrade = p.up.Upgrade
	p.plan.Upgrade.Sentence = p.up.say(p.deadline())
	if n := p.next.Trial.Failures; n > 0 && p.up.Phase == UpgradeRunning {
		p.plan.Upgrade.Sentence += fmt.Sprintf("; %s of it failed, %d in a row stop the upgrade", model.Count(n, "start"), p.in.Fleet.Spec.Upgrade.MaxFailures)
	}
	if p.upgrading() {
		p.plan.Facts = append(p.plan.Facts, p.plan.Upgrade.Sentence)
	}
}

// deadline is when the last of the drains that are under way ends; zero for none.
func (p *planner) deadline() (last time.Time) {
	for _, s := range p.draining {
		if s.Drain != nil && !p.up.isNew(s) {
			last = model.Later(last, s.Drain.DeadlineAt)
		}
	}
	return last
}

// say is how an upgrade stands, in a sentence.
func (u *upgrade) say(deadline time.Time) string {
	if u.Phase == "" {
		return fmt.Sprintf("all servers are of revision %d", u.Revision)
	}
	all := u.Updated + u.Coming + u.Old
	s := fmt.Sprintf("%d of %s %s of revision %d", u.Updated, model.Count(all, "server"), areIs(u.Updated), u.Revision)
	if u.Draining > 0 {
		s += fmt.Sprintf("; %d drain", u.Draining)
		if u.Draining == 1 {
			s += "s"
		}
		if !deadline.IsZero() {
			s += ", at latest " + deadline.UTC().Format("15:04 MST")
		}
	}
	switch {
	case u.Phase == UpgradePaused:
		return "the upgrade is paused: " + s
	case u.Phase == UpgradeStopped && u.Old > 0:
		return fmt.Sprintf("the upgrade to revision %d stopped by itself: %s; older servers stay as they are until it is resumed or undone", u.Revision, u.Sentence)
	case !u.trusted():
		return s + "; no server of it was ready yet"
	}
	return s
}

func areIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
