package rollout

import (
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
)

// Status is how a rollout stands now.
type Status struct {
	Sentence     string
	Gates        []decide.Judgement // by what was last counted; none when the rollout is over
	NextAt       time.Time          // when the step's hold ends; zero unless it is running
	CountedSince time.Time          // when that is later than the step's beginning; else zero
}

// Status looks at a rollout without changing anything.
func (s *Service) Status(r model.Rollout) Status {
	r.Spec = r.Spec.WithDefaults()
	in := s.input(r, s.cfg.Specs.Specs().Routes[r.Spec.Route])
	out := decide.Look(in)
	st := Status{Sentence: out.Sentence, Gates: out.Gates, NextAt: out.NextAt}
	if in.Since.After(r.State.StepSince) {
		st.CountedSince = in.Since
	}
	return st
}
