package event

import (
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// part is what one event asks of one fleet, and what stands for it.
type part struct {
	fleet    model.FleetName
	share    scale.Event
	lead     time.Duration // that counts
	wanted   int           // session slots, now
	standing int           // at most wanted
	facts    Fleet
}

// preparesAt is when the first of it is asked for: so that it stands when the lead begins.
func (p part) preparesAt() time.Time { return p.share.DoorsAt.Add(-p.lead - p.facts.Boot) }

// ahead is how far its keeper looks ahead for it: for one that is under way at least to the doors, however quick servers
// have turned out to be since it began.
func (p part) ahead(now time.Time) time.Duration {
	ahead := p.lead + p.facts.Boot
	if p.facts.UnderWay[p.share.Name] {
		ahead = max(ahead, p.share.DoorsAt.Sub(now))
	}
	return ahead
}

// dueAt is when what is asked for first is to stand.
func (p part) dueAt() time.Time { return p.share.DoorsAt.Add(-p.lead) }

// view is what every event that is not over asks of every fleet at one moment, by fleet name within each.
type view struct {
	at    time.Time
	parts map[model.EventName][]part
}

// look makes a view. What stands for an event are slots that are free beyond what others need, and sessions beyond those
// that were there before; of events on one fleet, those whose doors are first are given first.
func (s *Service) look(now time.Time) view {
	v := view{at: now, parts: map[model.EventName][]part{}}
	byFleet := s.calendar(now).byFleet
	for _, name := range slices.Sorted(maps.Keys(byFleet)) {
		facts := s.cfg.Facts.Fleet(name)
		pool := max(0, facts.Free-facts.Kept) + max(0, facts.Sessions-facts.Before)
		for _, share := range byFleet[name] {
			p := part{fleet: name, share: share, lead: share.LeadTime(facts.Boot), facts: facts}
			p.wanted = share.Wanted(now, p.ahead(now))
			p.standing = min(p.wanted, pool)
			pool -= p.standing
			v.parts[share.Name] = append(v.parts[share.Name], p)
		}
	}
	return v
}
