package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID is "GRRM", set by the first migration.
const applicationID = 0x4752524d

// readers bounds the reading connections: reads are rare (joins use memory), and each connection costs a page cache.
const readers = 4

// Open opens the file at path, makes it with its folder if there is none (readable by its owner only: it holds the
// master key), and brings its schema up to date. Errors name the path and what to do.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data file %s: %w", path, err)
	}
	if err := prepare(path); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if s.write, err = sql.Open("sqlite", dsn(path, true)); err != nil {
		return nil, explain(path, err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(path, false)); err != nil {
		return nil, explain(path, errors.Join(err, s.write.Close()))
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if err := s.bring(ctx); err != nil {
		return nil, explain(path, errors.Join(err, s.Close()))
	}
	return s, nil
}

// bring checks that the file is Greenroom's, migrates it and makes the master key.
func (s *Store) bring(ctx context.Context) error {
	var id, tables int
	if err := s.write.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return err
	}
	if err := s.write.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return err
	}
	if id != applicationID && (id != 0 || tables != 0) {
		return errForeign
	}
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	return s.makeMasterKey(ctx)
}

var (
	errForeign = errors.New("it is another program's SQLite file")
	errNewer   = errors.New("it was written by a newer Greenroom")
)

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return err
	}
	have, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > newest {
		return fmt.Errorf("%w: its schema is %d, this one knows up to %d", errNewer, have, newest)
	}
	_, err = provider.Up(ctx)
	return err
}

// prepare makes the folder and an empty file, and so finds out, in words of its own, what SQLite would only call
// "unable to open database file".
func prepare(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("data folder %s cannot be made: %w; choose another with --data-dir or GREENROOM_DATA_DIR", filepath.Dir(path), cause(err))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("data file %s cannot be written: %w; give this user the right to write it, or choose another folder with --data-dir or GREENROOM_DATA_DIR", path, cause(err))
	}
	return f.Close()
}

// cause strips the path and the system call, which the sentence around it says better.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// explain puts the path and the fix to an error of opening.
func explain(path string, err error) error {
	var code *sqlite.Error
	switch {
	case errors.Is(err, errForeign):
		return fmt.Errorf("data file %s: %w; choose another folder with --data-dir", path, err)
	case errors.Is(err, errNewer):
		return fmt.Errorf("data file %s: %w; run that version, or restore a copy from before the upgrade", path, err)
	case errors.As(err, &code):
		switch code.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("data file %s is damaged: %w; move it away together with its -wal and -shm files and restore a copy", path, err)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("data file %s is locked: %w; another program keeps it open: end that one, or choose another --data-dir", path, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return fmt.Errorf("data file %s cannot be written: %w; give this user the right to write its folder, or choose another with --data-dir", path, err)
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("data file %s: %w; free some space on its disk", path, err)
		}
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("data file %s: %w; free some space on its disk", path, err)
	}
	return fmt.Errorf("data file %s: %w", path, err)
}

// dsn is the connection string. synchronous is FULL, not NORMAL, since the store promises that what was written is on
// disk when the call returns: an applied fleet, and above all a revoked token, must survive a power cut. Writes here
// come from people and are few, so the fsync costs nobody anything.
func dsn(path string, writer bool) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "synchronous(FULL)"}}
	if writer {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}
