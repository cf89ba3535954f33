package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// AppendDecisions keeps decisions; their IDs are given here.
func (s *Store) AppendDecisions(ctx context.Context, decisions ...model.Decision) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		for _, d := range decisions {
			servers, err := json.Marshal(append([]model.ServerID{}, d.Servers...))
			if err != nil {
				return false, err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO decisions (at, fleet, verb, servers, reason, sentence, result) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				nanos(d.At), d.Fleet, d.Verb, string(servers), d.Reason, d.Sentence, d.Result)
			if err != nil {
				return false, err
			}
		}
		return false, nil
	})
}

// ListDecisions answers the newest first, by the time at which they were made.
func (s *Store) ListDecisions(ctx context.Context, q store.DecisionQuery) ([]model.Decision, error) {
	where, args := `at >= ? AND id > ?`, []any{nanos(q.Since), int64(q.After)}
	if q.Fleet != "" {
		where, args = where+` AND fleet = ?`, append(args, q.Fleet)
	}
	if !q.Until.IsZero() {
		where, args = where+` AND at < ?`, append(args, nanos(q.Until))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = math.MaxInt32
	}
	return list(ctx, s.read, scanDecision, `SELECT id, at, fleet, verb, servers, reason, sentence, result FROM decisions
		WHERE `+where+` ORDER BY at DESC, id DESC LIMIT ?`, append(args, limit)...)
}

func scanDecision(row scanner) (model.Decision, error) {
	var d model.Decision
	var at int64
	var servers string
	if err := row.Scan(&d.ID, &at, &d.Fleet, &d.Verb, &servers, &d.Reason, &d.Sentence, &d.Result); err != nil {
		return d, err
	}
	d.At = fromNanos(at)
	if err := json.Unmarshal([]byte(servers), &d.Servers); err != nil {
		return d, fmt.Errorf("decision %d: servers: %w", d.ID, err)
	}
	return d, nil
}

// PruneDecisions forgets the old ones, and the oldest of too many.
func (s *Store) PruneDecisions(ctx context.Context, before time.Time, keep int) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM decisions WHERE at < ?`, nanos(before)); err != nil {
			return false, err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM decisions WHERE id <= (SELECT id FROM decisions ORDER BY id DESC LIMIT 1 OFFSET ?)`, keep)
		return false, err
	})
}
