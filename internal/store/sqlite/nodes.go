package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// ListNodeLeaves answers operators' notices that machines go away, by node.
func (s *Store) ListNodeLeaves(ctx context.Context) ([]model.NodeLeave, error) {
	return list(ctx, s.read, scanNodeLeave, `SELECT node, noticed_at, deadline_at, reason FROM node_leaves ORDER BY node`)
}

// PutNodeLeave keeps a node's notice, in place of an earlier one.
func (s *Store) PutNodeLeave(ctx context.Context, l model.NodeLeave) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO node_leaves (node, noticed_at, deadline_at, reason) VALUES (?, ?, ?, ?)`,
			l.Node, nanos(l.NoticedAt), nanos(l.DeadlineAt), l.Reason)
		return true, err
	})
}

// DropNodeLeave forgets it. ErrNotFound.
func (s *Store) DropNodeLeave(ctx context.Context, node string) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		result, err := tx.ExecContext(ctx, `DELETE FROM node_leaves WHERE node = ?`, node)
		if err != nil {
			return false, err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return false, errors.Join(err, fmt.Errorf("notice that node %s goes away: %w", node, store.ErrNotFound))
		}
		return true, nil
	})
}

func scanNodeLeave(row scanner) (model.NodeLeave, error) {
	var l model.NodeLeave
	var noticed, deadline int64
	err := row.Scan(&l.Node, &noticed, &deadline, &l.Reason)
	l.NoticedAt, l.DeadlineAt = fromNanos(noticed), fromNanos(deadline)
	return l, err
}
