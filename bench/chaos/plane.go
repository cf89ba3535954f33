//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/app"
)

const (
	apiPort     = 7350
	serverPorts = "7400-7499"
	restartGap  = 500 * time.Millisecond // between two tries to start the control plane
	answerWait  = 2 * time.Second        // for one answer of its API
	startWait   = 30 * time.Second
	stopWait    = 40 * time.Second
)

// plane is the control plane: it is started again on the same data folder whenever it has ended, as a service would be.
type plane struct {
	binary, dir string
	host        string // where it listens
	port        int
	ports       string // of servers
	url         string
	log         *os.File
	wrong       func(format string, args ...any)

	mu      sync.Mutex
	cmd     *exec.Cmd     // nil: it does not run
	ended   chan struct{} // closed when cmd has
	expect  bool          // its end is no surprise
	mayFail bool          // it may fail to start: the disk is full

	servers  greenroomv1connect.ServerServiceClient
	sessions greenroomv1connect.SessionServiceClient
	fleets   greenroomv1connect.FleetServiceClient
}

// start runs the control plane and returns when its process does.
func (p *plane) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := exec.Command(p.binary, "up", "--listen", fmt.Sprintf("%s:%d", p.host, p.port), "--advertise", p.host,
		"--server-ports", p.ports, "--log-level", "info", "--log-format", "text")
	cmd.Env = append(os.Environ(), "GREENROOM_DATA_DIR="+p.dir)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.cmd, p.ended, p.expect = cmd, ended, false
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.expect && !p.mayFail {
			p.wrong("the control plane ended by itself: %v; see %s", err, p.log.Name())
		}
		p.cmd = nil
		close(ended)
	}()
	return nil
}

// keep starts the control plane whenever it has ended, until ctx ends.
func (p *plane) keep(ctx context.Context) {
	for rest(ctx, restartGap) {
		p.mu.Lock()
		down := p.cmd == nil && !p.expect
		p.mu.Unlock()
		if down {
			if err := p.start(); err != nil {
				p.wrong("the control plane cannot be started: %v", err)
			}
		}
	}
}

// kill ends it with SIGKILL; keep leaves it alone until revive.
func (p *plane) kill() {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.expect = true
	p.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		<-ended
	}
}

func (p *plane) revive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expect = false
}

// tolerate says whether it may fail to start.
func (p *plane) tolerate(failure bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mayFail = failure
}

func (p *plane) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s)
	}
}

// stop is Ctrl-C: it ends with its servers.
func (p *plane) stop() error {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.expect = true
	p.mu.Unlock()
	if cmd == nil {
		return errors.New("it does not run")
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-ended:
	case <-time.After(stopWait):
		_ = cmd.Process.Kill()
		return fmt.Errorf("it had not ended %s after SIGINT", stopWait)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("it ended with exit code %d", code)
	}
	return nil
}

// dial makes the API's clients, once its token is there and it answers.
func (p *plane) dial(ctx context.Context) (token string, err error) {
	p.url = fmt.Sprintf("http://%s:%d", p.host, p.port)
	deadline, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for rest(deadline, 50*time.Millisecond) {
		var text []byte
		if text, err = os.ReadFile(filepath.Join(p.dir, app.TokenFile)); err != nil {
			continue
		}
		token = strings.TrimSpace(string(text))
		transport := connecthttp.NewTransport(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}, p.url)
		conn := connect.NewClient(transport, bearer(token))
		p.servers = greenroomv1connect.NewServerServiceClient(conn)
		p.sessions = greenroomv1connect.NewSessionServiceClient(conn)
		p.fleets = greenroomv1connect.NewFleetServiceClient(conn)
		if _, err = p.look(deadline); err == nil {
			return token, nil
		}
	}
	return "", fmt.Errorf("the control plane does not answer: %w; see %s", err, p.log.Name())
}

// freePort answers a port of the loopback that was free a moment ago; the control plane is to listen there each time.
func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return apiPort
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func bearer(token string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if info, ok := connect.CallInfoForClientContext(ctx); ok {
				info.RequestHeader().Set("Authorization", "Bearer "+token)
			}
			return next(ctx, spec)
		}
	}
}

// apply has the CLI apply a manifest.
func (p *plane) apply(ctx context.Context, file string) error {
	cmd := exec.CommandContext(ctx, p.binary, "apply", "-f", file)
	cmd.Env = append(os.Environ(), "GREENROOM_DATA_DIR="+p.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("greenroom apply: %w\n%s", err, out)
	}
	return nil
}

// picture is what the control plane says of everything at one moment.
type picture struct {
	servers  []*greenroomv1.Server
	sessions []*greenroomv1.Session
	fleets   []*greenroomv1.Fleet
}

// look asks for a picture.
func (p *plane) look(ctx context.Context) (picture, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	servers, err1 := p.servers.ListServers(ctx, &greenroomv1.ListServersRequest{})
	sessions, err2 := p.sessions.ListSessions(ctx, &greenroomv1.ListSessionsRequest{})
	fleets, err3 := p.fleets.ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
	return picture{servers.GetServers(), sessions.GetSessions(), fleets.GetFleets()}, errors.Join(err1, err2, err3)
}
