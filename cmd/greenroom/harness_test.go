package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/app"
)

// binary answers the program under test: GREENROOM_TEST_BINARY (make test sets it to the one with the console inside), or
// one built here.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GREENROOM_TEST_BINARY"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "greenroom-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "greenroom")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// testPlane is a real control plane, run from the binary on a data folder of its own.
type testPlane struct {
	t    *testing.T
	path string // of the binary
	dir  string // data folder
	args []string
	cmd  *exec.Cmd
	log  *lockedBuffer
}

// lockedBuffer is a bytes.Buffer that two goroutines may use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startPlane runs `greenroom up` with args, on free ports, and stops it and its servers at the test's end.
func startPlane(t *testing.T, args ...string) *testPlane {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &testPlane{t: t, path: path, dir: t.TempDir(), args: args, log: &lockedBuffer{}}
	p.start("127.0.0.1:0")
	t.Cleanup(func() {
		p.interrupt()
		if t.Failed() {
			t.Logf("the control plane said:\n%s", p.log)
		}
	})
	return p
}

// beside runs a test at the same time as others: it waits for bots for most of its time. At full length, which is for figures, it
// has the machine alone.
func beside(t *testing.T) {
	t.Helper()
	if !fullLength() {
		t.Parallel()
	}
}

// start runs the control plane and waits until it answers.
func (p *testPlane) start(listen string) {
	p.t.Helper()
	_ = os.Remove(filepath.Join(p.dir, app.RunningFile)) // of one that was killed
	p.cmd = exec.Command(p.path, append([]string{"up", "--listen", listen, "--server-ports", "20000-32000"}, p.args...)...)
	p.cmd.Env = append(os.Environ(), "GREENROOM_DATA_DIR="+p.dir)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	cmd := p.cmd
	go func() { ended <- cmd.Wait() }()
	p.eventually("the control plane to answer", func() bool {
		select {
		case err := <-ended:
			p.t.Fatalf("up ended: %v\n%s", err, p.log)
		default:
		}
		_, err := p.try("version", "--server")
		return err == nil
	})
}

// url answers where it listens.
func (p *testPlane) url() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, app.RunningFile))
	if err != nil {
		p.t.Fatal(err)
	}
	var r app.Running
	if err := json.Unmarshal(text, &r); err != nil {
		p.t.Fatal(err)
	}
	return r.URL
}

// kill ends the control plane with SIGKILL; its servers live on.
func (p *testPlane) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
}

// interrupt is Ctrl-C: the control plane stops, with its servers.
func (p *testPlane) interrupt() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	deadline := time.Now().Add(30 * time.Second)
	for p.cmd.Process.Signal(syscall.Signal(0)) == nil && time.Now().Before(deadline) {
		pause()
	}
	_ = p.cmd.Process.Kill()
}

// command makes a command of the binary that talks to this control plane.
func (p *testPlane) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, args...)
	cmd.Env = append(os.Environ(), "GREENROOM_DATA_DIR="+p.dir)
	return cmd
}

// try runs a command and answers what it printed.
func (p *testPlane) try(args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := p.command(args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("greenroom %s: %w\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out), err
}

// run is try that must succeed.
func (p *testPlane) run(args ...string) string {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// serverRow is what `get servers -o json` says of one.
type serverRow struct {
	Name, Fleet, State string
	Sessions           int
	SeatsClaimed       int    `json:"seats_claimed"`
	ProviderRef        string `json:"provider_ref"`
}

// servers answers the servers in a state ("OPEN", "READY", …), or all for "".
func (p *testPlane) servers(state string) []serverRow {
	p.t.Helper()
	var list struct{ Servers []serverRow }
	if err := json.Unmarshal([]byte(p.run("get", "servers", "-o", "json")), &list); err != nil {
		p.t.Fatal(err)
	}
	var chosen []serverRow
	for _, s := range list.Servers {
		if state == "" || s.State == "SERVER_STATE_"+state {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// waitOpen waits until n servers are open.
func (p *testPlane) waitOpen(n int) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("%d open servers", n), func() bool { return len(p.servers("OPEN")) >= n })
}

// eventually waits for a condition, a minute at most.
func (p *testPlane) eventually(what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); pause() {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited a minute for %s\n%s", what, p.log)
		}
	}
}

// pause lets another process get on; it is how this test polls the world outside of it.
func pause() { <-time.After(50 * time.Millisecond) }

// botsReport is what the tests read of a bots' report.
type botsReport struct {
	Joined, Rejoined, Moved, Disconnected int
	LostState                             int `json:"lost_state"`
	Delivered                             int
	Gaps, Duplicates                      int
	RejoinGapMS                           struct{ P50, P99, Max float64 } `json:"rejoin_gap_ms"`
}

// startBots sends bots and answers a function that waits for their report.
func (p *testPlane) startBots(args ...string) (wait func() botsReport) {
	p.t.Helper()
	_, wait = p.startCrowd(args...)
	return wait
}

// startCrowd is startBots for bots that can be told to end early, as by Ctrl-C.
func (p *testPlane) startCrowd(args ...string) (end func(), wait func() botsReport) {
	p.t.Helper()
	cmd := p.command(append([]string{"bots", "-o", "json"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return func() { _ = cmd.Process.Signal(os.Interrupt) }, func() botsReport {
		p.t.Helper()
		err := cmd.Wait()
		var report botsReport
		if decodeErr := json.Unmarshal(stdout.Bytes(), &report); decodeErr != nil {
			p.t.Fatalf("bots: %v, %v\n%s%s", err, decodeErr, stdout.String(), stderr.String())
		}
		p.t.Logf("bots: %s", strings.Join(strings.Fields(stdout.String()), " "))
		return report
	}
}

// players counts the claimed seats of all servers.
func (p *testPlane) players() int {
	n := 0
	for _, s := range p.servers("") {
		n += s.SeatsClaimed
	}
	return n
}

// linesOf gives each line of a stream as it comes.
func linesOf(cmd *exec.Cmd) (<-chan string, error) {
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	lines := make(chan string, 1024)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(pipe); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines, nil
}
