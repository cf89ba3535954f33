package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
)

var errEnded = errors.New("the provider has ended")

// Start implements provider.Provider. It returns once the program runs.
func (p *Process) Start(_ context.Context, start provider.Start) (provider.Instance, error) {
	if in, err := p.find(start.ID); err == nil {
		return in.look(), nil
	}
	in, err := p.start(start)
	if err != nil {
		return provider.Instance{}, fmt.Errorf("start server %s: %w", start.ID, err)
	}
	p.watchers.Notify()
	return in.look(), nil
}

func (p *Process) start(start provider.Start) (in *instance, err error) {
	if p.life.Err() != nil {
		return nil, errEnded
	}
	if err := p.Check(start.Spec); err != nil {
		return nil, err
	}
	spec := start.Spec.WithDefaults().Process
	node, started, err := p.node(start.Leaving)
	if err != nil {
		return nil, err
	}
	defer started()
	numbers, err := p.ports.take(spec.Ports)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.ports.free(numbers)
		}
	}()
	in = newInstance(filepath.Join(p.cfg.Dir, string(start.ID)), record{
		ID: start.ID, Fleet: start.Fleet, Host: p.cfg.Host, Ports: numbers, StopGrace: spec.StopGrace, StartedAt: time.Now(),
		Node: node, Revision: start.Revision,
	})
	dir := in.dir // in is nil when err is not
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.closeSidecar(start.ID)
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	own := maps.Clone(start.Env)
	if p.cfg.Sidecar != nil {
		if own, err = p.withSidecar(in, own); err != nil {
			return nil, err
		}
	}
	if err := p.launch(in, spec, own); err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.instances[start.ID] = in
	p.mu.Unlock()
	p.watch(in)
	return in, nil
}

// launch starts the program. The record is on disk before and after, so that no crash loses the process.
func (p *Process) launch(in *instance, spec *model.ProcessSpec, env map[string]string) error {
	args, err := p.program(spec)
	if err != nil {
		return err
	}
	if err := in.record.write(in.dir); err != nil {
		return err
	}
	out, err := os.OpenFile(in.log.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = spec.WorkingDir, out, out
	cmd.Env = p.environ(in.record, spec.Env, env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	group := limitGroup(spec, in.record.ID, cmd.SysProcAttr, out)
	defer group.started()
	if err := cmd.Start(); err != nil {
		group.remove()
		return fmt.Errorf("provider.process.command[0]: %w", err)
	}
	limitFiles(cmd.Process.Pid, spec.OpenFiles, out)
	pid := cmd.Process.Pid
	err = in.change(func(r *record) { r.PID, r.Birth = pid, birthOf(pid) })
	if err != nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = cmd.Wait()
		group.remove()
		return err
	}
	return cmd.Process.Release() // its end is seen by watch
}

// environ is what the child finds: what is inherited, the fleet's, then Greenroom's own.
func (p *Process) environ(r record, fleet, own map[string]string) []string {
	var env []string
	for _, e := range p.cfg.Environ {
		if !reserved(e) {
			env = append(env, e)
		}
	}
	add := func(m map[string]string) {
		for name, value := range m {
			env = append(env, name+"="+value)
		}
	}
	add(fleet)
	add(own)
	for name, number := range r.Ports {
		env = append(env, fmt.Sprintf("GREENROOM_PORT_%s=%d", strings.ToUpper(name), number))
	}
	env = append(env, "GREENROOM_SERVER="+string(r.ID), "GREENROOM_FLEET="+string(r.Fleet), "GREENROOM_HOST="+r.Host)
	return env
}

// withSidecar adds the sidecar's variables to Greenroom's own.
func (p *Process) withSidecar(in *instance, own map[string]string) (map[string]string, error) {
	env, err := p.cfg.Sidecar.Open(in.record.ID, in.dir)
	if own == nil {
		own = map[string]string{}
	}
	maps.Copy(own, env)
	return own, err
}

func (p *Process) closeSidecar(id model.ServerID) {
	if p.cfg.Sidecar != nil {
		p.cfg.Sidecar.Close(id)
	}
}
