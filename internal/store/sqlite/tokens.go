package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/store"
)

const tokenColumns = `name, hash, scope, created_at, expires_at, last_used_at`

// touchEvery is the least time between two written uses of one token.
const touchEvery = time.Minute

// PutToken keeps a token and drops those that have expired by its CreatedAt.
func (s *Store) PutToken(ctx context.Context, t store.Token) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		_, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE expires_at != 0 AND expires_at <= ?`, nanos(t.CreatedAt))
		if err != nil {
			return false, err
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO tokens (`+tokenColumns+`) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			t.Name, t.Hash[:], int64(t.Scope), nanos(t.CreatedAt), nanos(t.ExpiresAt), nanos(t.LastUsedAt))
		if err != nil {
			return false, err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return false, errors.Join(err, fmt.Errorf("token %s: a live token has this name: %w", t.Name, store.ErrConflict))
		}
		return false, nil
	})
}

// FindToken answers the token with this hash, unless it has expired by now.
func (s *Store) FindToken(ctx context.Context, hash [32]byte, now time.Time) (store.Token, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return store.Token{}, fmt.Errorf("token: %w", store.ErrNotFound)
	}
	if err != nil {
		return store.Token{}, err
	}
	if !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
		return store.Token{}, fmt.Errorf("token %s has expired: %w", t.Name, store.ErrNotFound)
	}
	return t, nil
}

// ListTokens answers all tokens by name, expired ones that were not dropped yet too.
func (s *Store) ListTokens(ctx context.Context) ([]store.Token, error) {
	return list(ctx, s.read, scanToken, `SELECT `+tokenColumns+` FROM tokens ORDER BY name`)
}

// RevokeToken removes a token. ErrNotFound.
func (s *Store) RevokeToken(ctx context.Context, name string) error {
	return s.change(ctx, false, func(tx *sql.Tx) (bool, error) {
		result, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE name = ?`, name)
		if err != nil {
			return false, err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return false, errors.Join(err, fmt.Errorf("token %s: %w", name, store.ErrNotFound))
		}
		return false, nil
	})
}

// TouchToken notes a use. An unknown token is no error: it may just have been revoked.
func (s *Store) TouchToken(ctx context.Context, name string, now time.Time) error {
	var last int64
	err := s.read.QueryRowContext(ctx, `SELECT last_used_at FROM tokens WHERE name = ?`, name).Scan(&last)
	if err != nil || now.Sub(fromNanos(last)) < touchEvery {
		return ignoreNoRows(err)
	}
	_, err = s.write.ExecContext(ctx, `UPDATE tokens SET last_used_at = ? WHERE name = ?`, nanos(now), name)
	return err
}

func scanToken(row scanner) (store.Token, error) {
	var t store.Token
	var hash []byte
	var created, expires, used int64
	if err := row.Scan(&t.Name, &hash, &t.Scope, &created, &expires, &used); err != nil {
		return store.Token{}, err
	}
	copy(t.Hash[:], hash)
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = fromNanos(created), fromNanos(expires), fromNanos(used)
	return t, nil
}
