package sqlite

import (
	"context"
	"database/sql"

	"greenroom.dev/greenroom/internal/store"
)

// Audit appends lines; their IDs are given here.
func (s *Store) Audit(ctx context.Context, lines ...store.AuditEntry) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		for _, e := range lines {
			_, err := tx.ExecContext(ctx, `INSERT INTO audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)`,
				nanos(e.At), e.Actor, e.Action, e.Target, e.Detail)
			if err != nil {
				return false, err
			}
		}
		return false, nil
	})
}

// ListAudit answers the newest `limit` lines, newest first.
func (s *Store) ListAudit(ctx context.Context, limit int) ([]store.AuditEntry, error) {
	return list(ctx, s.read, scanAudit, `SELECT id, at, actor, action, target, detail FROM audit ORDER BY id DESC LIMIT ?`, limit)
}

func scanAudit(row scanner) (store.AuditEntry, error) {
	var e store.AuditEntry
	var at int64
	err := row.Scan(&e.ID, &at, &e.Actor, &e.Action, &e.Target, &e.Detail)
	e.At = fromNanos(at)
	return e, err
}
