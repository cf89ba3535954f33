// Package process owns the provider that runs servers as processes on Greenroom's own machine. Each server has a folder
// with its record and its log; its process leads a session of its own, so that neither the control plane's death nor
// Ctrl-C reaches it, and a control plane that starts again finds it by its process id and the time of its birth.
//
//	<dir>/<server>/instance.json   what is known of it, 0600
//	<dir>/<server>/log             stdout and stderr, appended by the server itself
//	<dir>/<server>/log.1           what was in log before it grew above 1 MiB: the last 1 MiB of it
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/watch"
)

// Defaults of Config.
const (
	DefaultHost    = "127.0.0.1"
	DefaultPortMin = 7400
	DefaultPortMax = 9399
)

const trimEvery = time.Second // how often logs are looked at

// Config says where and how servers run.
type Config struct {
	// Dir holds a folder per server; it is made if it is not there.
	Dir string
	// Host is what players reach the servers by; "" is DefaultHost.
	Host string
	// PortMin and PortMax bound the ports given to servers; 0 is the default.
	PortMin, PortMax int
	// Binary is Greenroom's own program: `Binary room` is the built-in room server.
	Binary string
	// Environ is what children inherit, less GREENROOM_ and AGONES_ names; nil is this process's own environment.
	Environ []string
	// Nodes are this machine's names; nil: the host's. Given several it pretends to be as many machines, and spreads servers
	// over them, which is how one machine shows what happens when one of several goes away.
	Nodes []string
	// Sidecar serves each child something beside the link; nil for nothing.
	Sidecar Sidecar
	Logger  *slog.Logger // nil: slog.Default
}

// Sidecar serves each child something on addresses that it finds in its environment, such as the Agones SDK.
type Sidecar interface {
	// Open begins to serve a server and answers the variables that tell it where. dir is the server's folder, for what
	// has to be remembered: after a restart of the control plane Open is called again, the server still knows what it
	// was told the first time, and dir is as it was.
	Open(id model.ServerID, dir string) (env map[string]string, err error)
	// Close ends what Open began; nothing happens for an unknown server.
	Close(id model.ServerID)
}

// Process is the provider. Its methods are safe for concurrent use.
type Process struct {
	cfg   Config
	log   *slog.Logger
	ports *ports

	life    context.Context // of the goroutines below
	endLife context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	instances map[model.ServerID]*instance
	starting  map[string]int // servers, by node
	watchers  watch.Watchers
}

var _ provider.Provider = (*Process)(nil)

// New reads what an earlier control plane left in Dir. No goroutine is started. The error says what is wrong with Dir.
func New(cfg Config) (*Process, error) {
	if cfg.Host == "" {
		cfg.Host = DefaultHost
	}
	if cfg.PortMin == 0 {
		cfg.PortMin = DefaultPortMin
	}
	if cfg.PortMax == 0 {
		cfg.PortMax = max(DefaultPortMax, cfg.PortMin)
	}
	if len(cfg.Nodes) == 0 {
		cfg.Nodes = []string{hostNode()}
	}
	if cfg.Environ == nil {
		cfg.Environ = os.Environ()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	p := &Process{
		cfg: cfg, log: cfg.Logger, ports: newPorts(cfg.PortMin, cfg.PortMax),
		instances: map[model.ServerID]*instance{}, starting: map[string]int{},
	}
	p.life, p.endLife = context.WithCancel(context.Background())
	if err := p.writable(); err != nil {
		return nil, err
	}
	return p, p.load()
}

// writable makes sure that servers' folders can be made.
func (p *Process) writable() error {
	if err := os.MkdirAll(p.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("folder for servers: %w", err)
	}
	probe, err := os.CreateTemp(p.cfg.Dir, ".probe-")
	if err != nil {
		return fmt.Errorf("folder for servers %s is not writable: %w", p.cfg.Dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// load takes over the servers that are recorded in Dir.
func (p *Process) load() error {
	entries, err := os.ReadDir(p.cfg.Dir)
	if err != nil {
		return fmt.Errorf("folder for servers: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		dir := filepath.Join(p.cfg.Dir, e.Name())
		r, err := readRecord(dir)
		if err != nil {
			p.log.Warn("a server's record cannot be read; its folder is left alone", "dir", dir, "err", err)
			continue
		}
		if !slices.Contains(p.cfg.Nodes, r.Node) { // the machine has another name by now
			r.Node = p.cfg.Nodes[0]
		}
		in := newInstance(dir, r)
		in.adopted = true
		in.recognise()
		p.instances[r.ID] = in
		if !in.record.Ended {
			p.ports.keep(r.Ports)
		}
	}
	return nil
}

// Run watches the servers until ctx ends, then returns nil; the servers go on. Call it once.
func (p *Process) Run(ctx context.Context) error {
	for _, in := range p.list() {
		if !in.adopted || !in.look().Running {
			continue
		}
		p.openSidecar(in)
		p.watch(in)
		if in.look().Stopping {
			p.running.Go(func() { p.ladder(in) })
		}
	}
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-trim.C:
			for _, in := range p.list() {
				if err := in.log.trim(); err != nil {
					p.log.Warn("a server's log could not be trimmed", "server", in.record.ID, "err", err)
				}
			}
		}
	}
	p.endLife()
	p.running.Wait()
	return nil
}

// openSidecar serves a server that was found again what it knew before.
func (p *Process) openSidecar(in *instance) {
	if p.cfg.Sidecar == nil {
		return
	}
	if _, err := p.cfg.Sidecar.Open(in.record.ID, in.dir); err != nil {
		p.log.Error("a server that was found again has lost its sidecar", "server", in.record.ID, "err", err)
	}
}

// Observe implements provider.Provider.
func (p *Process) Observe(context.Context) ([]provider.Instance, error) {
	var out []provider.Instance
	for _, in := range p.list() {
		out = append(out, in.look())
	}
	return out, nil
}

// list answers the instances by server.
func (p *Process) list() []*instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*instance, 0, len(p.instances))
	for _, in := range p.instances {
		out = append(out, in)
	}
	slices.SortFunc(out, func(a, b *instance) int { return strings.Compare(string(a.record.ID), string(b.record.ID)) })
	return out
}

func (p *Process) find(id model.ServerID) (*instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if in := p.instances[id]; in != nil {
		return in, nil
	}
	return nil, fmt.Errorf("server %s: %w", id, provider.ErrNotFound)
}

// Forget implements provider.Provider. A server that runs is not forgotten.
func (p *Process) Forget(_ context.Context, id model.ServerID) error {
	in, err := p.find(id)
	if err != nil {
		return nil // already
	}
	if in.look().Running {
		return fmt.Errorf("forget server %s: it is still running", id)
	}
	if err := os.RemoveAll(in.dir); err != nil {
		return fmt.Errorf("forget server %s: %w", id, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.instances, id)
	return nil
}

// Watch implements provider.Provider.
func (p *Process) Watch(ctx context.Context) <-chan struct{} { return p.watchers.Watch(ctx) }

// Logs implements provider.Provider.
func (p *Process) Logs(ctx context.Context, id model.ServerID, tail int, follow bool, w io.Writer) error {
	in, err := p.find(id)
	if err != nil {
		return err
	}
	return in.log.copy(ctx, tail, follow, w)
}
