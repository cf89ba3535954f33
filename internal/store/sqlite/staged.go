package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// ListStaged answers what the stages show, by route and serial.
func (s *Store) ListStaged(ctx context.Context) ([]model.StageMessage, error) {
	return list(ctx, s.read, scanStaged, `SELECT route, space, name, serial, payload FROM staged ORDER BY route, serial`)
}

// ReplaceStaged forgets some of what a stage shows and keeps others.
func (s *Store) ReplaceStaged(ctx context.Context, gone, kept []model.StageMessage) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		for _, m := range gone {
			if _, err := tx.ExecContext(ctx, `DELETE FROM staged WHERE route = ? AND space = ? AND name = ?`, m.Route, m.Space, m.Name); err != nil {
				return false, err
			}
		}
		for _, m := range kept {
			if _, err := routeIn(ctx, tx, m.Route); err != nil {
				return false, err
			}
			_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO staged (route, space, name, serial, payload) VALUES (?, ?, ?, ?, ?)`,
				m.Route, m.Space, m.Name, int64(m.Serial), append([]byte{}, m.Payload...)) // nil would be NULL
			if err != nil {
				return false, fmt.Errorf("keep %q of the stage of %s: %w", m.Name, m.Route, err)
			}
		}
		return false, nil
	})
}

func scanStaged(row scanner) (model.StageMessage, error) {
	m := model.StageMessage{Retain: true}
	var serial int64
	err := row.Scan(&m.Route, &m.Space, &m.Name, &serial, &m.Payload)
	m.Serial = uint64(serial)
	return m, err
}
