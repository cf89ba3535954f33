package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"greenroom.dev/greenroom/internal/usage"
)

// subject is a server to be measured, in a process of its own.
type subject struct {
	Name      string
	Settings  string            // what was set, for the report
	addr      map[string]string // by door
	greenroom bool              // members log in with tickets, and it tells its memory
	cmd       *exec.Cmd
	stdin     io.WriteCloser
	stdout    *bufio.Reader
	folder    string // removed at the end; "": none
}

// starter makes a subject anew for each measurement.
type starter struct {
	name, wire string
	start      func(context.Context) (*subject, error)
}

// launch starts a program whose input and output the subject keeps.
func (s *subject) launch(name string, args ...string) (err error) {
	s.cmd = exec.Command(name, args...)
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	s.stdout = bufio.NewReader(out)
	return s.cmd.Start()
}

func (s *subject) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		s.stdin.Close()
		killer := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
		_ = s.cmd.Wait()
		killer.Stop()
	}
	if s.folder != "" {
		os.RemoveAll(s.folder)
	}
}

// ready waits until the server takes connections.
func (s *subject) ready(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not take connections: %w", s.Name, err)
		}
	}
}

func (s *subject) cpu() (time.Duration, error) { return usage.CPU(s.cmd.Process.Pid) }

func (s *subject) rss() (uint64, error) { return usage.RSS(s.cmd.Process.Pid) }

// memory asks a Greenroom server.
func (s *subject) memory() (m memory, err error) {
	if _, err := fmt.Fprintln(s.stdin); err != nil {
		return m, err
	}
	line, err := s.stdout.ReadBytes('\n')
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(line, &m)
}

// greenroom starts a room server.
func greenroom(name string, spec serverSpec) (*subject, error) {
	s, err := started(name, "-serve", spec)
	if err == nil {
		s.greenroom = true
	}
	return s, err
}

// started starts this program again in another role, which tells its addresses first.
func started(name, role string, spec any) (*subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	s := &subject{Name: name}
	if err := s.launch(self, role, string(text)); err != nil {
		return nil, err
	}
	line, err := s.stdout.ReadBytes('\n')
	if err := errors.Join(err, json.Unmarshal(line, &s.addr)); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	return s, nil
}

// configured starts a program with a configuration file and a folder that go when it ends.
func configured(ctx context.Context, s *subject, program string, ready string, args func(file string) []string, lines ...string) (*subject, error) {
	folder, err := os.MkdirTemp("", "greenroom-bench-")
	if err != nil {
		return nil, err
	}
	s.folder = folder
	file := filepath.Join(folder, "conf")
	text := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "FOLDER", folder)
	err = os.WriteFile(file, []byte(text), 0o600)
	if err == nil {
		err = s.launch(program, args(file)...)
	}
	if err == nil {
		err = s.ready(ctx, ready)
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// freePort answers an address that nobody listens on, for programs that cannot choose one.
func freePort() (addr string, port int, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", 0, err
	}
	defer l.Close()
	return l.Addr().String(), l.Addr().(*net.TCPAddr).Port, nil
}
