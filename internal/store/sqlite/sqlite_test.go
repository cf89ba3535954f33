package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/storetest"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "greenroom.db")) })
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a b?c#d%20", "greenroom.db")
	s, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ApplyAll(ctx, store.Objects{Fleets: []model.Fleet{{Name: "plaza"}}}, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	key, err := s.MasterKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the master key has mode %v, %v", info.Mode(), err)
	}
	again := open(t, path)
	if _, err := again.GetFleet(ctx, "plaza"); err != nil {
		t.Error(err)
	}
	if same, err := again.MasterKey(ctx); err != nil || !bytes.Equal(same, key) {
		t.Errorf("another master key, %v", err)
	}
}

func TestPragmas(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "greenroom.db"))
	for _, c := range []struct {
		db           *sql.DB
		pragma, want string
	}{
		{s.write, "journal_mode", "wal"},
		{s.write, "synchronous", "2"},
		{s.write, "foreign_keys", "1"},
		{s.write, "busy_timeout", "5000"},
		{s.read, "query_only", "1"},
		{s.read, "journal_mode", "wal"},
	} {
		var got string
		if err := c.db.QueryRow("PRAGMA " + c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s = %s, %v; want %s", c.pragma, got, err, c.want)
		}
	}
}

func wantRefusal(t *testing.T, path string, words ...string) {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err == nil {
		t.Fatal("opened", s.Close())
	}
	for _, w := range append(words, path) {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestOpeningSaysWhatIsWrong(t *testing.T) {
	t.Run("not a database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "greenroom.db")
		write(t, path, bytes.Repeat([]byte("not a database. "), 1000))
		wantRefusal(t, path, "is damaged", "restore a copy")
	})
	t.Run("a damaged database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "greenroom.db")
		s, err := Open(context.Background(), path)
		if err != nil || s.Close() != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, append(data[:100:100], bytes.Repeat([]byte{0xff}, len(data)-100)...))
		wantRefusal(t, path, "is damaged")
	})
	t.Run("another program's", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "greenroom.db")
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Exec(`CREATE TABLE photos (id INTEGER)`)
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, path, "another program's", "--data-dir")
	})
	t.Run("a newer schema", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "greenroom.db")
		s, err := Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, path, "newer Greenroom", "schema is 9999", "run that version")
	})
	t.Run("a file where the folder should be", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		write(t, file, nil)
		_, err := Open(context.Background(), filepath.Join(file, "greenroom.db"))
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "--data-dir") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a folder that is not writable", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "greenroom.db")
		for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine, and its rights with it
			if os.Getuid() == 0 {
				if err := syscall.Setfsuid(65534); err != nil {
					t.Error(err)
					return
				}
			} else if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
				t.Error(err)
				return
			}
			wantRefusal(t, path, "permission denied", "--data-dir")
		}()
		<-done
	})
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestASpecWithUnknownFieldsIsNotSilentlyCut(t *testing.T) {
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "greenroom.db"))
	if _, err := s.ApplyAll(ctx, store.Objects{Fleets: []model.Fleet{{Name: "plaza"}}}, false, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec(`UPDATE fleets SET spec = '{"from_the_future":1}'`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetFleet(ctx, "plaza"); err == nil || !strings.Contains(err.Error(), "plaza") {
		t.Errorf("error %v", err)
	}
}
