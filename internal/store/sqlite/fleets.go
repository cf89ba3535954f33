package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

const fleetColumns = `name, labels, spec, generation, created_at, updated_at, deleted, revision`

// GetFleet answers one fleet, also one that is marked deleted.
func (s *Store) GetFleet(ctx context.Context, name model.FleetName) (model.Fleet, error) {
	return fleetIn(ctx, s.read, name)
}

// ListFleets answers all fleets by name, also those marked deleted.
func (s *Store) ListFleets(ctx context.Context) ([]model.Fleet, error) {
	return list(ctx, s.read, scanFleet, `SELECT `+fleetColumns+` FROM fleets ORDER BY name`)
}

// DeleteFleet marks a fleet deleted. Repeating it is harmless.
func (s *Store) DeleteFleet(ctx context.Context, name model.FleetName, gen model.Generation, dry bool, now time.Time) error {
	return s.change(ctx, dry, func(tx *sql.Tx) (bool, error) {
		old, err := fleetIn(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if err := checkGeneration("fleet", string(name), gen, old.Generation, true); err != nil {
			return false, err
		}
		var route string
		err = tx.QueryRowContext(ctx, `SELECT route FROM route_fleets WHERE fleet = ? ORDER BY route LIMIT 1`, name).Scan(&route)
		if err == nil {
			return false, fmt.Errorf("fleet %s: route %s names it: %w", name, route, store.ErrInUse)
		}
		if !errors.Is(err, sql.ErrNoRows) || old.Deleted {
			return false, ignoreNoRows(err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE fleets SET deleted = 1, generation = generation + 1, updated_at = ? WHERE name = ?`, nanos(now), name)
		return true, err
	})
}

// RemoveFleet removes a fleet that is marked deleted; ErrConflict for one that is not (any more).
func (s *Store) RemoveFleet(ctx context.Context, name model.FleetName) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		old, err := fleetIn(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if !old.Deleted {
			return false, fmt.Errorf("fleet %s is not being deleted: %w", name, store.ErrConflict)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM fleets WHERE name = ?`, name)
		return true, err
	})
}

func putFleet(ctx context.Context, tx *sql.Tx, f model.Fleet) error {
	labels, spec, err := encode(f.Labels, convert.FleetSpecProto(f.Spec))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO fleets (`+fleetColumns+`) VALUES (?, ?, ?, ?, ?, ?, 0, ?)
		ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, spec = excluded.spec, generation = excluded.generation,
		updated_at = excluded.updated_at, deleted = 0, revision = excluded.revision`,
		f.Name, labels, spec, int64(f.Generation), nanos(f.CreatedAt), nanos(f.UpdatedAt), int64(f.Revision))
	return err
}

func fleetIn(ctx context.Context, q querier, name model.FleetName) (model.Fleet, error) {
	f, err := scanFleet(q.QueryRowContext(ctx, `SELECT `+fleetColumns+` FROM fleets WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return model.Fleet{}, missing(ctx, q, "fleets", "fleet", string(name))
	}
	return f, err
}

func scanFleet(row scanner) (model.Fleet, error) {
	var f model.Fleet
	var labels, spec string
	var gen, created, updated, revision int64
	if err := row.Scan(&f.Name, &labels, &spec, &gen, &created, &updated, &f.Deleted, &revision); err != nil {
		return model.Fleet{}, err
	}
	var message greenroomv1.FleetSpec
	if err := decode(labels, spec, &f.Labels, &message); err != nil {
		return model.Fleet{}, fmt.Errorf("read fleet %s: %w", f.Name, err)
	}
	f.Spec = convert.FleetSpecModel(&message)
	f.Generation, f.Revision = model.Generation(gen), uint64(revision)
	f.CreatedAt, f.UpdatedAt = fromNanos(created), fromNanos(updated)
	return f, nil
}

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
