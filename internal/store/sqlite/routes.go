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
)

const routeColumns = `name, labels, spec, generation, created_at, updated_at`

// GetRoute answers one route.
func (s *Store) GetRoute(ctx context.Context, name model.RouteName) (model.Route, error) {
	return routeIn(ctx, s.read, name)
}

// ListRoutes answers all routes by name.
func (s *Store) ListRoutes(ctx context.Context) ([]model.Route, error) {
	return list(ctx, s.read, scanRoute, `SELECT `+routeColumns+` FROM routes ORDER BY name`)
}

// DeleteRoute removes a route, unless an event is still to come on it or a rollout is under way.
func (s *Store) DeleteRoute(ctx context.Context, name model.RouteName, gen model.Generation, dry bool, now time.Time) error {
	return s.change(ctx, dry, func(tx *sql.Tx) (bool, error) {
		old, err := routeIn(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if err := checkGeneration("route", string(name), gen, old.Generation, true); err != nil {
			return false, err
		}
		if err := checkFree(ctx, tx, name, now); err != nil {
			return false, err
		}
		if err := checkAlone(ctx, tx, name); err != nil {
			return false, err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM routes WHERE name = ?`, name)
		return true, err
	})
}

func putRoute(ctx context.Context, tx *sql.Tx, r model.Route) error {
	labels, spec, err := encode(r.Labels, convert.RouteProto(r).GetSpec())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO routes (`+routeColumns+`) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, spec = excluded.spec, generation = excluded.generation,
		updated_at = excluded.updated_at`,
		r.Name, labels, spec, int64(r.Generation), nanos(r.CreatedAt), nanos(r.UpdatedAt))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM route_fleets WHERE route = ?`, r.Name); err != nil {
		return err
	}
	for _, w := range r.Fleets {
		_, err := tx.ExecContext(ctx, `INSERT INTO route_fleets (route, fleet) VALUES (?, ?) ON CONFLICT DO NOTHING`, r.Name, w.Fleet)
		if err != nil {
			return err
		}
	}
	return nil
}

func routeIn(ctx context.Context, q querier, name model.RouteName) (model.Route, error) {
	r, err := scanRoute(q.QueryRowContext(ctx, `SELECT `+routeColumns+` FROM routes WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return model.Route{}, missing(ctx, q, "routes", "route", string(name))
	}
	return r, err
}

func scanRoute(row scanner) (model.Route, error) {
	var name, labels, spec string
	var gen, created, updated int64
	if err := row.Scan(&name, &labels, &spec, &gen, &created, &updated); err != nil {
		return model.Route{}, err
	}
	message := greenroomv1.Route{Name: name, Spec: &greenroomv1.RouteSpec{}, Generation: uint64(gen)}
	if err := decode(labels, spec, &message.Labels, message.Spec); err != nil {
		return model.Route{}, fmt.Errorf("read route %s: %w", name, err)
	}
	r := convert.RouteModel(&message)
	r.CreatedAt, r.UpdatedAt = fromNanos(created), fromNanos(updated)
	return r, nil
}
