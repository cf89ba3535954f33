package sqlite

import (
	"context"
	"fmt"

	"greenroom.dev/greenroom/internal/nearest"
	"greenroom.dev/greenroom/internal/store"
)

// missing says that an object is not there, and which one of its table has nearly that name. table is one of ours, never a caller's.
func missing(ctx context.Context, q querier, table, noun, name string) error {
	known, err := names(ctx, q, table)
	if err != nil {
		return fmt.Errorf("%s %s: %w: which there are: %w", noun, name, store.ErrNotFound, err)
	}
	return fmt.Errorf("%s %s: %w%s", noun, name, store.ErrNotFound, nearest.DidYouMean(name, known))
}

func names(ctx context.Context, q querier, table string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM `+table+` ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, rows.Err()
}
