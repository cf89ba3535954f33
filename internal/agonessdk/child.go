package agonessdk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// child is one server that the SDK is served to.
type child struct {
	id         model.ServerID
	path       string // of the memo
	grpc, rest net.Listener
	web        *http.Server

	following sync.Mutex // held while memo and registry are brought together

	mu      sync.Mutex
	memo    memo
	changed chan struct{} // closed, and made anew, when something may have changed
	heardAt time.Time     // last report to the registry
}

// memo is what outlives the control plane.
type memo struct {
	GRPCPort int `json:"grpc_port"`
	HTTPPort int `json:"http_port"`
	// State is the one the server was last seen in; unknown until it has said something of itself.
	State model.ServerState `json:"state"`
	// Wanted is the state it asked for that could not be given yet; unknown for none.
	Wanted model.ServerState `json:"wanted,omitempty"`
	// Reserved: Cordoned because it asked for it, until ReservedUntil; zero for no end.
	Reserved      bool              `json:"reserved,omitempty"`
	ReservedUntil time.Time         `json:"reserved_until,omitzero"`
	Labels        map[string]string `json:"labels,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

func memoPath(dir string) string { return filepath.Join(dir, "agones.json") }

// remember reads the memo; there is none for a new server.
func (c *child) remember() error {
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &c.memo)
}

// save writes the memo as a whole. The caller holds mu, or nobody else knows c yet.
func (c *child) save() error {
	text, err := json.Marshal(c.memo)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.path+".next", text, 0o600); err != nil {
		return err
	}
	return os.Rename(c.path+".next", c.path)
}

// note changes the memo and saves it if f tells that there is something new.
func (c *child) note(f func(*memo) bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !f(&c.memo) {
		return nil
	}
	return c.save()
}

func (c *child) recall() memo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.memo
}

// wake wakes everybody who waits for changes.
func (c *child) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *child) waitForChange() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}
