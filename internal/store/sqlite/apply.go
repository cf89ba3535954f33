package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// ApplyAll creates or replaces fleets, then routes, events and rollouts, in one transaction: the later see the earlier, and one
// refusal undoes them all. A fleet that is marked deleted is taken back by it.
func (s *Store) ApplyAll(ctx context.Context, objects store.Objects, dry bool, now time.Time) (store.Applied, error) {
	var out store.Applied
	err := s.change(ctx, dry, func(tx *sql.Tx) (bool, error) {
		changed := false
		for _, f := range objects.Fleets {
			applied, err := applyFleet(ctx, tx, f, now)
			if err != nil {
				return false, fmt.Errorf("apply fleet %s: %w", f.Name, err)
			}
			changed = changed || applied.Outcome != store.Unchanged
			out.Fleets = append(out.Fleets, applied)
		}
		for _, r := range objects.Routes {
			applied, err := applyRoute(ctx, tx, r, now)
			if err != nil {
				return false, fmt.Errorf("apply route %s: %w", r.Name, err)
			}
			changed = changed || applied.Outcome != store.Unchanged
			out.Routes = append(out.Routes, applied)
		}
		for _, e := range objects.Events {
			applied, err := applyEvent(ctx, tx, e, now)
			if err != nil {
				return false, fmt.Errorf("apply event %s: %w", e.Name, err)
			}
			changed = changed || applied.Outcome != store.Unchanged
			out.Events = append(out.Events, applied)
		}
		for _, r := range objects.Rollouts {
			applied, err := applyRollout(ctx, tx, r, now)
			if err != nil {
				return false, fmt.Errorf("apply rollout %s: %w", r.Name, err)
			}
			changed = changed || applied.Outcome != store.Unchanged
			out.Rollouts = append(out.Rollouts, applied)
		}
		return changed, nil
	})
	if err != nil {
		return store.Applied{}, err
	}
	return out, nil
}

func applyFleet(ctx context.Context, tx *sql.Tx, f model.Fleet, now time.Time) (store.AppliedFleet, error) {
	old, err := fleetIn(ctx, tx, f.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.AppliedFleet{}, err
	}
	exists := err == nil
	yours, there := convert.FleetSpecProto(f.Spec), convert.FleetSpecProto(old.Spec)
	if err := checkWrite("fleet", string(f.Name), f.Generation, old.Generation, exists, yours, there); err != nil {
		return store.AppliedFleet{}, err
	}
	if exists && !old.Deleted && sameFleet(f, old) {
		return store.AppliedFleet{Fleet: old, Outcome: store.Unchanged}, nil
	}
	outcome := store.Changed
	if !exists {
		outcome, old.CreatedAt = store.Created, now.UTC()
	}
	f.Generation, f.CreatedAt, f.UpdatedAt, f.Deleted = old.Generation+1, old.CreatedAt, now.UTC(), false
	if f.Revision, err = revise(ctx, tx, f); err != nil {
		return store.AppliedFleet{}, err
	}
	if err := putFleet(ctx, tx, f); err != nil {
		return store.AppliedFleet{}, err
	}
	return store.AppliedFleet{Fleet: f, Outcome: outcome}, putRevision(ctx, tx, f, f.Revision != old.Revision)
}

func applyRoute(ctx context.Context, tx *sql.Tx, r model.Route, now time.Time) (store.AppliedRoute, error) {
	old, err := routeIn(ctx, tx, r.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.AppliedRoute{}, err
	}
	exists := err == nil
	yours, there := convert.RouteProto(r).GetSpec(), convert.RouteProto(old).GetSpec()
	if err := checkWrite("route", string(r.Name), r.Generation, old.Generation, exists, yours, there); err != nil {
		return store.AppliedRoute{}, err
	}
	for _, w := range r.Fleets {
		if err := checkStays(ctx, tx, w.Fleet); err != nil {
			return store.AppliedRoute{}, err
		}
	}
	if exists && sameRoute(r, old) {
		return store.AppliedRoute{Route: old, Outcome: store.Unchanged}, nil
	}
	outcome := store.Changed
	if !exists {
		outcome, old.CreatedAt = store.Created, now.UTC()
	}
	r.Generation, r.CreatedAt, r.UpdatedAt = old.Generation+1, old.CreatedAt, now.UTC()
	return store.AppliedRoute{Route: r, Outcome: outcome}, putRoute(ctx, tx, r)
}

// checkStays tells whether there is a fleet of the name that is not being deleted.
func checkStays(ctx context.Context, tx *sql.Tx, fleet model.FleetName) error {
	var deleted bool
	err := tx.QueryRowContext(ctx, `SELECT deleted FROM fleets WHERE name = ?`, fleet).Scan(&deleted)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("fleet %s: %w", fleet, store.ErrNotFound)
	case err == nil && deleted:
		return fmt.Errorf("fleet %s is being deleted: %w", fleet, store.ErrNotFound)
	default:
		return err
	}
}
