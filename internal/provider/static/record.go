package static

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const suffix = ".json"

// record is what a file tells of an address in use. It is comparable, so that only what changed is written.
type record struct {
	ID    model.ServerID  `json:"id"`
	Fleet model.FleetName `json:"fleet"`
	*saved
	Revision  uint64    `json:"revision,omitempty"`
	StartedAt time.Time `json:"started_at"`
	Answered  bool      `json:"answered,omitempty"` // a look at it was good since its start
	Doubt     string    `json:"doubt,omitempty"`
	Stopping  bool      `json:"stopping,omitempty"`
	Ended     bool      `json:"ended,omitempty"`
	Exit      string    `json:"exit,omitempty"`
}

// saved is the server as it was on its fleet's list when it was taken into use. It is not changed.
type saved struct {
	Server model.StaticServer `json:"server"`
	Probe  model.Probe        `json:"probe"`
}

func (r *record) path(dir string) string { return filepath.Join(dir, string(r.ID)+suffix) }

// write replaces the record on disk as a whole.
func (r *record) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	next := r.path(dir) + ".next"
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, r.path(dir))
}

func (r *record) remove(dir string) error {
	if err := os.Remove(r.path(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func readRecord(path string) (record, error) {
	r := record{saved: &saved{}}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && string(r.ID)+suffix != filepath.Base(path) {
		err = fmt.Errorf("it is of server %q", r.ID)
	}
	return r, err
}

// load takes the addresses over that are on record. They are silent since now, whatever was before.
func (s *Static) load() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("folder for static servers: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		path := filepath.Join(s.cfg.Dir, e.Name())
		r, err := readRecord(path)
		if err != nil {
			s.log.Warn("a static server's record cannot be read; it is left alone", "file", path, "err", err)
			continue
		}
		s.places[r.ID] = &place{record: r, health: health{goodAt: s.cfg.Now(), doubtful: r.Doubt}}
	}
	return nil
}

// save writes a record whose change must not be lost, and is tried again with the next change if it could not be.
func (s *Static) save(p *place) {
	if err := p.write(s.cfg.Dir); err != nil {
		s.log.Error("a static server's record could not be written", "server", p.ID, "err", err)
	}
}

func (s *Static) forgotten(p *place) {
	if err := p.remove(s.cfg.Dir); err != nil {
		s.log.Error("a static server's record could not be removed", "server", p.ID, "err", err)
	}
}
