package process

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

const recordName = "instance.json"

// record is what a server's folder tells of it.
type record struct {
	ID        model.ServerID  `json:"id"`
	Fleet     model.FleetName `json:"fleet"`
	Host      string          `json:"host"`
	Ports     map[string]int  `json:"ports"`
	StopGrace time.Duration   `json:"stop_grace_ns"`
	StartedAt time.Time       `json:"started_at"`
	// PID and Birth name the process, which leads its process group; PID 0: it was being started.
	PID      int    `json:"pid"`
	Birth    string `json:"birth"`
	Stopping bool   `json:"stopping,omitempty"`
	Ended    bool   `json:"ended,omitempty"`
	Exit     string `json:"exit,omitempty"`
	Node     string `json:"node,omitempty"` // one of Config.Nodes
	// Revision is that of the template it was started from; 0: a control plane from before revisions started it.
	Revision uint64 `json:"revision,omitempty"`
}

func readRecord(dir string) (record, error) {
	var r record
	text, err := os.ReadFile(filepath.Join(dir, recordName))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && string(r.ID) != filepath.Base(dir) {
		err = fmt.Errorf("it is of server %q", r.ID)
	}
	return r, err
}

// write replaces the record on disk as a whole.
func (r *record) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	next := filepath.Join(dir, recordName+".next")
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(dir, recordName))
}

// instance is one server that runs or ran here.
type instance struct {
	dir    string
	log    *ring
	exited chan struct{} // closed when it has ended
	// adopted: an earlier control plane started it.
	adopted bool

	mu     sync.Mutex
	record record // ID, Ports and the like never change
}

func newInstance(dir string, r record) *instance {
	return &instance{dir: dir, record: r, log: newRing(filepath.Join(dir, "log")), exited: make(chan struct{})}
}

// recognise finds out whether the process of a record lives.
func (in *instance) recognise() {
	r := &in.record
	if !r.Ended && r.PID == 0 { // the control plane was killed between starting it and writing that down
		if r.PID = findByServer(r.ID); r.PID != 0 {
			r.Birth = birthOf(r.PID)
		}
	}
	if r.Ended || r.PID == 0 || r.Birth == "" || birthOf(r.PID) != r.Birth {
		r.Ended = true
		close(in.exited)
	}
}

func (in *instance) look() provider.Instance {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := &in.record
	return provider.Instance{
		ID: r.ID, Fleet: r.Fleet, Ref: fmt.Sprintf("pid %d", r.PID), Ports: r.Ports, Host: r.Host, StartedAt: r.StartedAt,
		Running: !r.Ended, Exit: r.Exit, Stopping: r.Stopping, Revision: r.Revision, Node: r.Node,
	}
}

// change changes the record in memory and on disk.
func (in *instance) change(f func(*record)) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	f(&in.record)
	return in.record.write(in.dir)
}
