// Package sqlite keeps the durable facts in one SQLite file: the default store, with nothing to set up. Every write is
// one transaction on the one writing connection; readers have connections of their own and never wait for it (WAL).
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/watch"
)

// Store is a store.Store in one file.
type Store struct {
	path     string
	write    *sql.DB // one connection; its transactions begin immediate
	read     *sql.DB
	watchers watch.Watchers
}

var _ store.Store = (*Store)(nil)

// Watch signals after every committed change of a fleet, a route, an event, a rollout or a node's notice.
func (s *Store) Watch(ctx context.Context) <-chan struct{} { return s.watchers.Watch(ctx) }

// Close ends all connections. Calls under way fail.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// masterKeyName is the row of the secrets table.
const masterKeyName = "master"

// MasterKey answers the 32 bytes made when the file was first opened. The caller owns them.
func (s *Store) MasterKey(ctx context.Context) ([]byte, error) {
	var key []byte
	err := s.read.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, masterKeyName).Scan(&key)
	if err != nil {
		return nil, fmt.Errorf("read master key from %s: %w", s.path, err)
	}
	return key, nil
}

func (s *Store) makeMasterKey(ctx context.Context) error {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	_, err := s.write.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, masterKeyName, key)
	if err != nil {
		return fmt.Errorf("make the master key: %w", err)
	}
	return nil
}

// errDry rolls a transaction back that was a dry run.
var errDry = errors.New("dry run")

// change runs do in one writing transaction. With dry it is rolled back; otherwise, when do says that something
// changed, watchers are told once it is on disk.
func (s *Store) change(ctx context.Context, dry bool, do func(tx *sql.Tx) (changed bool, err error)) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	changed, err := do(tx)
	if err == nil && dry {
		err = errDry
	}
	if err != nil {
		if rollback := tx.Rollback(); rollback != nil {
			err = errors.Join(err, rollback)
		}
		if errors.Is(err, errDry) {
			return nil
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if changed {
		s.watchers.Notify()
	}
	return nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// querier is a *sql.DB or *sql.Tx.
type querier interface {
	rowsQuerier
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// rowsQuerier is a *sql.DB or *sql.Tx.
type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// list reads all rows of a query.
func list[T any](ctx context.Context, db rowsQuerier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
