package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

const rolloutColumns = `name, labels, spec, generation, created_at, updated_at, phase, serial, began_at, route_generation, state`

// GetRollout answers one rollout.
func (s *Store) GetRollout(ctx context.Context, name model.RolloutName) (model.Rollout, error) {
	return rolloutIn(ctx, s.read, name)
}

// ListRollouts answers all rollouts by name.
func (s *Store) ListRollouts(ctx context.Context) ([]model.Rollout, error) {
	return list(ctx, s.read, scanRollout, `SELECT `+rolloutColumns+` FROM rollouts ORDER BY name`)
}

// DeleteRollout removes a rollout that is not under way.
func (s *Store) DeleteRollout(ctx context.Context, name model.RolloutName, gen model.Generation, dry bool) error {
	return s.change(ctx, dry, func(tx *sql.Tx) (bool, error) {
		old, err := rolloutIn(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if err := checkGeneration("rollout", string(name), gen, old.Generation, true); err != nil {
			return false, err
		}
		if old.State.Phase.Active() {
			return false, fmt.Errorf("rollout %s is %s: roll route %s back, or promote it to its end, first: %w",
				name, old.State.Phase, old.Spec.Route, store.ErrInUse)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM rollouts WHERE name = ?`, name)
		return true, err
	})
}

// StepRollout writes a rollout's next state and its route's weights in one transaction.
func (s *Store) StepRollout(
	ctx context.Context, name model.RolloutName, state model.RolloutState, weights []model.FleetWeight, now time.Time,
) (r model.Rollout, route model.Route, err error) {
	err = s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		if r, err = rolloutIn(ctx, tx, name); err != nil {
			return false, err
		}
		if r.State.Serial+1 != state.Serial {
			return false, fmt.Errorf("rollout %s is at serial %d, %d was expected: %w", name, r.State.Serial, state.Serial-1, store.ErrConflict)
		}
		route, err = routeIn(ctx, tx, r.Spec.Route)
		switch {
		case weights == nil && errors.Is(err, store.ErrNotFound): // whoever deleted it: the state goes on
		case err != nil:
			return false, err
		case weights != nil:
			if route, err = reweigh(ctx, tx, route, state.RouteGeneration, weights, now); err != nil {
				return false, err
			}
			state.RouteGeneration, state.Weights = route.Generation, slices.Clone(route.Fleets)
		}
		r.State = state
		return true, putRollout(ctx, tx, r)
	})
	if err != nil {
		return model.Rollout{}, model.Route{}, err
	}
	return r, route, nil
}

// reweigh gives a route other weights if its generation is still gen. Fleets of weight 0 that are gone are left out.
func reweigh(
	ctx context.Context, tx *sql.Tx, route model.Route, gen model.Generation, weights []model.FleetWeight, now time.Time,
) (model.Route, error) {
	if err := checkGeneration("route", string(route.Name), gen, route.Generation, true); err != nil {
		return model.Route{}, err
	}
	var sum uint64
	kept := make([]model.FleetWeight, 0, len(weights))
	for _, w := range weights {
		sum += uint64(w.Weight)
		switch err := checkStays(ctx, tx, w.Fleet); {
		case err == nil:
			kept = append(kept, w)
		case w.Weight > 0 || !errors.Is(err, store.ErrNotFound):
			return model.Route{}, err
		}
	}
	if sum != uint64(model.Whole) {
		return model.Route{}, fmt.Errorf("route %s: weights %s add up to %d, not %d", route.Name, rollout.Weights(weights), sum, model.Whole)
	}
	if slices.Equal(kept, route.Fleets) {
		return route, nil
	}
	route.Fleets, route.Generation, route.UpdatedAt = kept, route.Generation+1, now.UTC()
	return route, putRoute(ctx, tx, route)
}

func applyRollout(ctx context.Context, tx *sql.Tx, r model.Rollout, now time.Time) (store.AppliedRollout, error) {
	none := store.AppliedRollout{}
	old, err := rolloutIn(ctx, tx, r.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return none, err
	}
	exists := err == nil
	if err := checkWrite("rollout", string(r.Name), r.Generation, old.Generation, exists,
		convert.RolloutProto(r).GetSpec(), convert.RolloutProto(old).GetSpec()); err != nil {
		return none, err
	}
	if exists && sameRollout(r, old) {
		return store.AppliedRollout{Rollout: old, Outcome: store.Unchanged}, nil
	}
	outcome := store.Changed
	if !exists {
		outcome, old.CreatedAt = store.Created, now.UTC()
	}
	r.Generation, r.CreatedAt, r.UpdatedAt, r.State = old.Generation+1, old.CreatedAt, now.UTC(), old.State
	switch sameSpec := exists && proto.Equal(convert.RolloutSpecProto(r.Spec), convert.RolloutSpecProto(old.Spec)); {
	case sameSpec: // the labels are others
	case exists && old.State.Phase.Active():
		err = keepGoing(&r, old, now)
	default:
		err = begin(ctx, tx, &r, old.State.Serial, now)
	}
	if err != nil {
		return none, err
	}
	return store.AppliedRollout{Rollout: r, Outcome: outcome}, putRollout(ctx, tx, r)
}

// keepGoing gives a rollout that is under way other steps and gates. What it moves stays.
func keepGoing(r *model.Rollout, old model.Rollout, now time.Time) error {
	if r.Spec.Route != old.Spec.Route || r.Spec.To != old.Spec.To || r.Spec.From != "" && r.Spec.From != old.State.From {
		return fmt.Errorf("rollout %s is %s from %s to %s on route %s: these stay until it is over; roll it back or promote it first: %w",
			r.Name, old.State.Phase, old.State.From, old.Spec.To, old.Spec.Route, store.ErrInUse)
	}
	r.State = *rollout.Changed(r.Spec.WithDefaults(), old.State, now.UTC())
	return nil
}

// begin begins a rollout on its route, which must have no other under way.
func begin(ctx context.Context, tx *sql.Tx, r *model.Rollout, serial uint64, now time.Time) error {
	route, err := routeIn(ctx, tx, r.Spec.Route)
	if err != nil {
		return err
	}
	others, err := rolloutsOf(ctx, tx, r.Spec.Route)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.Name != r.Name && o.State.Phase.Active() {
			return fmt.Errorf("route %s has a rollout under way, %s (%s): roll it back or promote it to its end first: %w",
				r.Spec.Route, o.Name, o.State.Phase, store.ErrConflict)
		}
	}
	state, err := rollout.Begin(r.Spec.WithDefaults(), route, now.UTC())
	if err != nil {
		return fmt.Errorf("%w: %w", err, store.ErrConflict)
	}
	for _, f := range []model.FleetName{state.From, r.Spec.To} {
		if err := checkStays(ctx, tx, f); err != nil {
			return err
		}
	}
	for _, o := range others {
		if o.Name != r.Name && o.State.Phase == model.RolloutDone {
			o.State = *rollout.Replaced(o.State, r.Name, now.UTC())
			if err := putRollout(ctx, tx, o); err != nil {
				return err
			}
		}
	}
	state.Serial = serial + 1
	r.State = state
	return nil
}

// checkAlone tells whether no rollout is under way on a route.
func checkAlone(ctx context.Context, tx *sql.Tx, route model.RouteName) error {
	others, err := rolloutsOf(ctx, tx, route)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.State.Phase.Active() {
			return fmt.Errorf("route %s: rollout %s is %s on it: roll it back or promote it to its end first: %w", route, o.Name, o.State.Phase, store.ErrInUse)
		}
	}
	return nil
}

func putRollout(ctx context.Context, tx *sql.Tx, r model.Rollout) error {
	labels, spec, err := encode(r.Labels, convert.RolloutProto(r).GetSpec())
	if err != nil {
		return err
	}
	_, state, err := encode(nil, convert.RolloutStateProto(r.State))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO rollouts (`+rolloutColumns+`, route) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, spec = excluded.spec, generation = excluded.generation,
		updated_at = excluded.updated_at, phase = excluded.phase, serial = excluded.serial, began_at = excluded.began_at,
		route_generation = excluded.route_generation, state = excluded.state, route = excluded.route`,
		r.Name, labels, spec, int64(r.Generation), nanos(r.CreatedAt), nanos(r.UpdatedAt), r.State.Phase, int64(r.State.Serial),
		nanos(r.State.BeganAt), int64(r.State.RouteGeneration), state, r.Spec.Route)
	return err
}

func rolloutIn(ctx context.Context, q querier, name model.RolloutName) (model.Rollout, error) {
	r, err := scanRollout(q.QueryRowContext(ctx, `SELECT `+rolloutColumns+` FROM rollouts WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return model.Rollout{}, missing(ctx, q, "rollouts", "rollout", string(name))
	}
	return r, err
}

func rolloutsOf(ctx context.Context, tx *sql.Tx, route model.RouteName) ([]model.Rollout, error) {
	return list(ctx, tx, scanRollout, `SELECT `+rolloutColumns+` FROM rollouts WHERE route = ? ORDER BY name`, route)
}

func scanRollout(row scanner) (model.Rollout, error) {
	var name, labels, spec, phase, state string
	var gen, created, updated, serial, began, routeGen int64
	if err := row.Scan(&name, &labels, &spec, &gen, &created, &updated, &phase, &serial, &began, &routeGen, &state); err != nil {
		return model.Rollout{}, err
	}
	message := greenroomv1.Rollout{Name: name, Spec: &greenroomv1.RolloutSpec{}, Generation: uint64(gen), Status: &greenroomv1.RolloutStatus{}}
	if err := decode(labels, spec, &message.Labels, message.Spec); err != nil {
		return model.Rollout{}, fmt.Errorf("read rollout %s: %w", name, err)
	}
	var none map[string]string
	if err := decode("{}", state, &none, message.Status); err != nil {
		return model.Rollout{}, fmt.Errorf("read the state of rollout %s: %w", name, err)
	}
	r := convert.RolloutModel(&message)
	r.CreatedAt, r.UpdatedAt = fromNanos(created), fromNanos(updated)
	r.State = convert.RolloutStateModel(message.Status)
	r.State.Phase, r.State.Serial, r.State.BeganAt = model.RolloutPhase(phase), uint64(serial), fromNanos(began)
	r.State.RouteGeneration = model.Generation(routeGen)
	return r, nil
}
