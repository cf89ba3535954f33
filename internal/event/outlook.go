package event

import (
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// horizon is how long before its lead an event is told to those who scale: more than any server takes to be ready.
const horizon = 24 * time.Hour

// calendar is the shares of every event that was not over when it was made, at one revision of the specs. It is made once
// for all who ask, and never changed.
type calendar struct {
	revision uint64
	byFleet  map[model.FleetName][]scale.Event // by the time of their doors
}

// calendar answers the newest one.
func (s *Service) calendar(now time.Time) *calendar {
	specs := s.cfg.Specs.Specs()
	if c := s.known.Load(); c != nil && c.revision == specs.Revision {
		return c
	}
	c := newCalendar(specs, now)
	s.known.Store(c)
	return c
}

func newCalendar(specs *store.Specs, now time.Time) *calendar {
	c := &calendar{revision: specs.Revision, byFleet: map[model.FleetName][]scale.Event{}}
	fleet := func(name model.FleetName) (model.Fleet, bool) {
		f, ok := specs.Fleets[name]
		return f, ok
	}
	for _, e := range specs.Events {
		if !now.Before(e.EndsAt) {
			continue
		}
		for name, share := range scale.Shares(e, specs.Routes[e.Route], fleet) {
			c.byFleet[name] = append(c.byFleet[name], share)
		}
	}
	return c
}

// Outlook answers a fleet's share of every event that is running or may be prepared for by now, by the time of their
// doors; nil for none. It answers from memory.
func (s *Service) Outlook(fleet model.FleetName, now time.Time) []scale.Event {
	var out []scale.Event
	for _, e := range s.calendar(now).byFleet[fleet] {
		if now.Before(e.EndsAt) && e.DoorsAt.Sub(now) <= e.LeadTime(0)+horizon {
			out = append(out, e)
		}
	}
	return out
}
