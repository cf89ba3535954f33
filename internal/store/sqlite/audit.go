package sqlite

import (
	"context"

	"greenroom.dev/greenroom/internal/store"
)

// Audit appends a line; its ID is given here.
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)`,
		nanos(e.At), e.Actor, e.Action, e.Target, e.Detail)
	return err
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
