package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Files of the data folder that commands on the same machine read.
const (
	// RunningFile tells where the Greenroom that uses the folder listens; it is a Running in JSON.
	RunningFile = "running.json"
	// TokenFile holds the secret of the token "admin"; mode 0600.
	TokenFile = "admin.token"

	databaseFile  = "greenroom.db"
	serversFolder = "servers"
	staticFolder  = "static"
	ledgerFile    = "linkless.log" // of package ledger
	lockFile      = "lock"
	linkFile      = "link" // where the servers' links go now; unlike RunningFile it stays when Greenroom stops
)

// Running is what RunningFile holds.
type Running struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// dataDir is a data folder that belongs to this process until it is closed.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the folder if need be and takes it. Errors name the folder and the fix.
func openDataDir(path string) (*dataDir, error) {
	path, err := filepath.Abs(path) // children run elsewhere
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", path, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data folder %s cannot be made (%w): give another with --data-dir or GREENROOM_DATA_DIR", path, unwrapPath(err))
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder %s cannot be written to (%w): give another with --data-dir or GREENROOM_DATA_DIR", path, unwrapPath(err))
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock data folder %s: %w", path, err)
		}
		return nil, fmt.Errorf("data folder %s is in use by another Greenroom%s: stop it, or give this one its own with --data-dir", path, runningAs(path))
	}
	return &dataDir{path: path, lock: lock}, nil
}

// runningAs names the other Greenroom's process where it is known.
func runningAs(path string) string {
	text, err := os.ReadFile(filepath.Join(path, RunningFile))
	var r Running
	if err != nil || json.Unmarshal(text, &r) != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d, %s)", r.PID, r.URL)
}

func unwrapPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

// write replaces a file of the folder in one step; mode 0600.
func (d *dataDir) write(name string, text []byte) error {
	temp := d.file("." + name + ".new")
	if err := os.WriteFile(temp, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", d.file(name), unwrapPath(err))
	}
	return os.Rename(temp, d.file(name))
}

func (d *dataDir) writeRunning(r Running) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return d.write(RunningFile, append(text, '\n'))
}

// close gives the folder up.
func (d *dataDir) close() {
	_ = os.Remove(d.file(RunningFile))
	_ = d.lock.Close()
}
