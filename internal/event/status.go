package event

import (
	"fmt"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// Status is where an event is in its life.
type Status struct {
	Phase                      model.EventPhase
	SlotsWanted, SlotsStanding int       // session slots that it asks for now, over all fleets, and that stand for it
	PreparesAt, StandsAt       time.Time // the first is asked for, and the last stands
	Players                    int       // on its route now
	Summary                    string
}

// Status answers an event's status.
func (s *Service) Status(e model.Event) Status { return s.status(e, s.look(s.cfg.Now())) }

// Statuses answers those of many, at one moment.
func (s *Service) Statuses(events []model.Event) []Status {
	v := s.look(s.cfg.Now())
	out := make([]Status, len(events))
	for i, e := range events {
		out[i] = s.status(e, v)
	}
	return out
}

func (s *Service) status(e model.Event, v view) Status {
	parts := v.parts[e.Name]
	lead := scale.Event{Lead: e.Lead}.LeadTime(0)
	st := Status{
		PreparesAt: e.DoorsAt.Add(-lead), StandsAt: e.DoorsAt.Add(e.Ramp - lead), Players: s.cfg.Facts.Route(e.Route).Players,
	}
	for i, p := range parts {
		st.SlotsWanted += p.wanted
		st.SlotsStanding += p.standing
		if prepares := p.preparesAt(); i == 0 || prepares.Before(st.PreparesAt) {
			st.PreparesAt = prepares
		}
		if stands := p.share.StandsAt(p.lead); i == 0 || stands.After(st.StandsAt) {
			st.StandsAt = stands
		}
	}
	st.Phase = phase(e, v.at, st.SlotsWanted, st.SlotsStanding)
	st.Summary = summary(e, st, parts)
	return st
}

// phase is pure: an event's times, and what stands for it, say where it is in its life.
func phase(e model.Event, now time.Time, wanted, standing int) model.EventPhase {
	switch {
	case !now.Before(e.EndsAt):
		return model.EventOver
	case !now.Before(e.DoorsAt):
		return model.EventOpen
	case wanted == 0:
		return model.EventPlanned
	case standing < wanted:
		return model.EventPreparing
	default:
		return model.EventPrepared
	}
}

// summary says a status in a sentence, with what is missing and why.
func summary(e model.Event, st Status, parts []part) string {
	if len(parts) == 0 && st.Phase != model.EventOver {
		return fmt.Sprintf("nothing can be prepared: route %s has no fleet that takes sessions", e.Route)
	}
	standing := fmt.Sprintf("%d of %s stand", st.SlotsStanding, model.Count(st.SlotsWanted, "session slot"))
	switch st.Phase {
	case model.EventOver:
		return "over since " + clock(e.EndsAt)
	case model.EventPlanned:
		return fmt.Sprintf("%s will stand by %s%s", slotsByFleet(parts), clock(st.StandsAt), hurried(e, st))
	case model.EventPrepared:
		return fmt.Sprintf("%s; doors open at %s", standing, clock(e.DoorsAt))
	case model.EventPreparing:
		return standing + missing(parts) + hurried(e, st)
	}
	return fmt.Sprintf("%s; %s", model.Count(st.Players, "player"), standing) + missing(parts)
}

// slotsByFleet says what an event asks for in all: "200 session slots on rooms and 10 on small".
func slotsByFleet(parts []part) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = fmt.Sprintf("%d on %s", p.share.Sessions, p.fleet)
		if i == 0 {
			out[i] = fmt.Sprintf("%s on %s", model.Count(p.share.Sessions, "session slot"), p.fleet)
		}
	}
	return strings.Join(out, " and ")
}

// missing says why what is missing is: what the keepers of the fleets may not do, or that servers are starting.
func missing(parts []part) string {
	var out []string
	for _, p := range parts {
		if p.standing >= p.wanted {
			continue
		}
		why := fmt.Sprintf("%s has %d too few", p.fleet, p.wanted-p.standing)
		switch {
		case len(p.facts.Holds) > 0:
			why += " and " + p.facts.Holds[0]
		case p.facts.Starting > 0:
			why += fmt.Sprintf(", %s starting", model.Count(p.facts.Starting, "server"))
		}
		out = append(out, why)
	}
	if len(out) == 0 {
		return ""
	}
	return ": " + strings.Join(out, "; ")
}

// hurried warns of an event that was announced, or moved, when its capacity was to stand already.
func hurried(e model.Event, st Status) string {
	if !e.UpdatedAt.After(st.PreparesAt) {
		return ""
	}
	return fmt.Sprintf("; announced %s before its doors, its capacity is to be prepared %s before: it may come late",
		e.DoorsAt.Sub(e.UpdatedAt).Round(time.Second), e.DoorsAt.Sub(st.PreparesAt).Round(time.Second))
}

// clock prints a time as people read it in a sentence.
func clock(t time.Time) string {
	layout := "2006-01-02 15:04 UTC"
	if t.UTC().Second() != 0 {
		layout = "2006-01-02 15:04:05 UTC"
	}
	return t.UTC().Format(layout)
}
