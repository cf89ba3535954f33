package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

const eventColumns = `name, labels, spec, generation, created_at, updated_at`

// GetEvent answers one event.
func (s *Store) GetEvent(ctx context.Context, name model.EventName) (model.Event, error) {
	return eventIn(ctx, s.read, name)
}

// ListEvents answers events by the time of their doors, then by name.
func (s *Store) ListEvents(ctx context.Context, since, until time.Time) ([]model.Event, error) {
	before := int64(math.MaxInt64)
	if !until.IsZero() {
		before = nanos(until)
	}
	return list(ctx, s.read, scanEvent,
		`SELECT `+eventColumns+` FROM events WHERE ends_at >= ? AND doors_at < ? ORDER BY doors_at, name`, nanos(since), before)
}

// DeleteEvent removes an event.
func (s *Store) DeleteEvent(ctx context.Context, name model.EventName, gen model.Generation, dry bool) error {
	return s.change(ctx, dry, func(tx *sql.Tx) (bool, error) {
		old, err := eventIn(ctx, tx, name)
		if err != nil {
			return false, err
		}
		if err := checkGeneration("event", string(name), gen, old.Generation, true); err != nil {
			return false, err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM events WHERE name = ?`, name)
		return true, err
	})
}

// DropEvents removes the events that ended before a time.
func (s *Store) DropEvents(ctx context.Context, endedBefore time.Time) (int, error) {
	dropped := int64(0)
	err := s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		result, err := tx.ExecContext(ctx, `DELETE FROM events WHERE ends_at < ?`, nanos(endedBefore))
		if err != nil {
			return false, err
		}
		dropped, err = result.RowsAffected()
		return dropped > 0, err
	})
	return int(dropped), err
}

func applyEvent(ctx context.Context, tx *sql.Tx, e model.Event, now time.Time) (store.AppliedEvent, error) {
	old, err := eventIn(ctx, tx, e.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.AppliedEvent{}, err
	}
	exists := err == nil
	if err := checkGeneration("event", string(e.Name), e.Generation, old.Generation, exists); err != nil {
		return store.AppliedEvent{}, err
	}
	if exists && sameEvent(e, old) {
		return store.AppliedEvent{Event: old, Outcome: store.Unchanged}, nil
	}
	if _, err := routeIn(ctx, tx, e.Route); err != nil {
		return store.AppliedEvent{}, err
	}
	outcome := store.Changed
	if !exists {
		outcome, old.CreatedAt = store.Created, now.UTC()
	}
	e.Generation, e.CreatedAt, e.UpdatedAt = old.Generation+1, old.CreatedAt, now.UTC()
	return store.AppliedEvent{Event: e, Outcome: outcome}, putEvent(ctx, tx, e)
}

func putEvent(ctx context.Context, tx *sql.Tx, e model.Event) error {
	labels, spec, err := encode(e.Labels, convert.EventProto(e).GetSpec())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO events (`+eventColumns+`, route, doors_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Name, labels, spec, int64(e.Generation), nanos(e.CreatedAt), nanos(e.UpdatedAt), e.Route, nanos(e.DoorsAt), nanos(e.EndsAt))
	return err
}

// checkFree tells whether no event that is not over names the route.
func checkFree(ctx context.Context, tx *sql.Tx, route model.RouteName, now time.Time) error {
	var event string
	var ends int64
	err := tx.QueryRowContext(ctx, `SELECT name, ends_at FROM events WHERE route = ? AND ends_at > ? ORDER BY ends_at, name LIMIT 1`,
		route, nanos(now)).Scan(&event, &ends)
	if err == nil {
		return fmt.Errorf("route %s: event %s names it until %s: cancel or move the event first: %w",
			route, event, fromNanos(ends).Format(time.RFC3339), store.ErrInUse)
	}
	return ignoreNoRows(err)
}

func eventIn(ctx context.Context, q querier, name model.EventName) (model.Event, error) {
	e, err := scanEvent(q.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return model.Event{}, missing(ctx, q, "events", "event", string(name))
	}
	return e, err
}

func scanEvent(row scanner) (model.Event, error) {
	var name, labels, spec string
	var gen, created, updated int64
	if err := row.Scan(&name, &labels, &spec, &gen, &created, &updated); err != nil {
		return model.Event{}, err
	}
	message := greenroomv1.Event{Name: name, Spec: &greenroomv1.EventSpec{}, Generation: uint64(gen)}
	if err := decode(labels, spec, &message.Labels, message.Spec); err != nil {
		return model.Event{}, fmt.Errorf("read event %s: %w", name, err)
	}
	e := convert.EventModel(&message)
	e.CreatedAt, e.UpdatedAt = fromNanos(created), fromNanos(updated)
	return e, nil
}
