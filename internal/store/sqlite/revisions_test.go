package sqlite

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
)

// A file from before there were revisions: what its fleets are is their first.
func TestFleetsFromBeforeRevisionsAreTheirFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "greenroom.db")
	db, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	old, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO fleets VALUES ('plaza', '{}', '{"min_servers":2}', 7, 1000, 2000, 0)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s := open(t, path)
	f, err := s.GetFleet(t.Context(), "plaza")
	if err != nil || f.Revision != 1 || f.Generation != 7 {
		t.Errorf("fleet %+v, %v", f, err)
	}
	list, err := s.ListRevisions(t.Context(), "plaza")
	if err != nil || len(list) != 1 || list[0].Number != 1 || list[0].Spec.Min != 2 || !list[0].ProvedAt.IsZero() || list[0].UsedAt.UnixNano() != 2000 {
		t.Errorf("revisions %+v, %v", list, err)
	}
}
