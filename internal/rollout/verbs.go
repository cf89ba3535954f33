package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// What a verb can say no with, beside the store's.
var (
	// ErrCannot: the rollout is in no state for it; the text says which.
	ErrCannot = errors.New("not now")
	// ErrNoRollout: there was none on the route.
	ErrNoRollout = errors.New("no rollout")
)

// cannotError is a verb's no in its own words; it is ErrCannot.
type cannotError struct{ error }

func (cannotError) Is(target error) bool { return target == ErrCannot }

// maxRaces bounds the tries against others who change a rollout or its route at the same time.
const maxRaces = 8

// Sessions says what becomes of the sessions on a fleet that is rolled back.
type Sessions int

// What can become of them.
const (
	AsSpec Sessions = iota // what the rollout says
	Stay
	Drain
)

// Pause stops a rollout where it is.
func (s *Service) Pause(ctx context.Context, name model.RolloutName, reason, actor string) (model.Rollout, error) {
	if reason == "" {
		reason = "asked for"
	}
	return s.do(ctx, name, func(in decide.Input) (*model.RolloutState, []model.FleetWeight, error) {
		next, err := decide.Pause(in, reason, actor)
		return next, nil, err
	})
}

// Resume has a paused rollout go on; the hold of its step begins anew.
func (s *Service) Resume(ctx context.Context, name model.RolloutName, actor string) (model.Rollout, error) {
	return s.do(ctx, name, func(in decide.Input) (*model.RolloutState, []model.FleetWeight, error) {
		next, err := decide.Resume(in, actor)
		return next, nil, err
	})
}

// Promote moves a rollout to a weight, or with 0 to its next step, whatever the gates say.
func (s *Service) Promote(ctx context.Context, name model.RolloutName, weight model.PPM, actor string) (model.Rollout, error) {
	return s.do(ctx, name, func(in decide.Input) (*model.RolloutState, []model.FleetWeight, error) {
		return decide.Promote(in, weight, actor)
	})
}

// do reads a rollout and its route, has a verb decide, and writes what follows; again when somebody else came first.
func (s *Service) do(
	ctx context.Context, name model.RolloutName, verb func(decide.Input) (*model.RolloutState, []model.FleetWeight, error),
) (model.Rollout, error) {
	for try := 1; ; try++ {
		r, in, err := s.read(ctx, name)
		if err != nil {
			return model.Rollout{}, err
		}
		next, weights, err := verb(in)
		if err != nil {
			return model.Rollout{}, cannotError{fmt.Errorf("rollout %s: %w", name, err)}
		}
		r, err = s.write(ctx, r, *next, weights)
		if errors.Is(err, store.ErrConflict) && try < maxRaces {
			continue
		}
		return r, err
	}
}

// read is a rollout and its route as they are in the store now.
func (s *Service) read(ctx context.Context, name model.RolloutName) (model.Rollout, decide.Input, error) {
	r, err := s.cfg.Store.GetRollout(ctx, name)
	if err != nil {
		return model.Rollout{}, decide.Input{}, err
	}
	r.Spec = r.Spec.WithDefaults()
	route, err := s.cfg.Store.GetRoute(ctx, r.Spec.Route)
	return r, s.input(r, route), err
}

// Rollback gives a route the weights back that it had before its last rollout began; when it answers, every router has
// them. done is false when that was so already: then nothing was changed. The sentence says either. ErrNoRollout.
func (s *Service) Rollback(
	ctx context.Context, route model.RouteName, sessions Sessions, reason, actor string,
) (r model.Rollout, done bool, sentence string, err error) {
	if reason == "" {
		reason = "asked for"
	}
	for try := 1; ; try++ {
		last, err := s.last(ctx, route)
		if err != nil {
			return model.Rollout{}, false, "", err
		}
		_, in, err := s.read(ctx, last.Name)
		if err != nil {
			return model.Rollout{}, false, "", err
		}
		drain := sessions == Drain || sessions == AsSpec && in.Spec.DrainBack
		next, weights, changed := decide.Rollback(in, drain, reason, actor)
		if !changed {
			move := in.State.LastMove()
			return last, false, fmt.Sprintf("%s was rolled back by %s at %s already (%s): nothing was changed; its weights are %s",
				route, move.Actor, move.At.UTC().Format(time.RFC3339), move.Reason, decide.Shares(in.Route.Fleets)), nil
		}
		last.Spec, last.State = in.Spec, in.State
		r, err := s.write(ctx, last, *next, weights)
		if errors.Is(err, store.ErrConflict) && try < maxRaces {
			continue
		}
		if err != nil {
			return model.Rollout{}, false, "", err
		}
		sentence := fmt.Sprintf("rolled %s back to %s; the sessions on %s stay until they end", route, decide.Shares(r.State.Before), r.Spec.To)
		if drain {
			sentence = fmt.Sprintf("rolled %s back to %s; the servers of %s drain", route, decide.Shares(r.State.Before), r.Spec.To)
		}
		if err := s.drain(ctx, r); err != nil { // the next tick tries again
			s.cfg.Logger.Warn("rollouts", "error", err)
		}
		return r, true, sentence, nil
	}
}

// last is the rollout that is under way on a route, or began last on it.
func (s *Service) last(ctx context.Context, route model.RouteName) (model.Rollout, error) {
	all, err := s.cfg.Store.ListRollouts(ctx)
	if err != nil {
		return model.Rollout{}, err
	}
	specs := store.Specs{Rollouts: all}
	r, ok := specs.RolloutOf(route)
	if !ok || r.State.Phase == model.RolloutReplaced { // by one that was deleted
		return model.Rollout{}, fmt.Errorf("route %s has %w to roll back: to move its new sessions, apply the route with other weights", route, ErrNoRollout)
	}
	return r, nil
}
