package keda

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// plane is a Greenroom in a process of its own.
type plane struct {
	*testing.T
	binary, data string
	address      string // HOST:PORT
	token        string // may look
}

// serve starts a Greenroom, which stops with the test, and its servers with it.
func serve(t *testing.T) *plane {
	t.Helper()
	p := &plane{T: t, binary: binary(t), data: filepath.Join(t.TempDir(), "data")}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	serving := exec.Command(p.binary, "up", "--listen", "127.0.0.1:0", "--data-dir", p.data, "--server-ports", "20000-29999")
	serving.Stdout, serving.Stderr = log, log
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serving.Process.Signal(syscall.SIGINT)
		err := serving.Wait()
		if t.Failed() || err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Logf("greenroom: %v\n%s", err, text)
		}
		_ = log.Close()
	})
	p.eventually("greenroom listens", func() bool {
		text, err := os.ReadFile(filepath.Join(p.data, "running.json"))
		var running struct{ URL string }
		if err != nil || json.Unmarshal(text, &running) != nil {
			return false
		}
		at, err := url.Parse(running.URL)
		if err != nil {
			t.Fatal(err)
		}
		p.address = at.Host
		return true
	})
	p.token = strings.TrimSpace(p.run("token", "create", "keda", "--scope", "view"))
	return p
}

// binary answers the program under test: GREENROOM_TEST_BINARY, or one that is built now.
func binary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("GREENROOM_TEST_BINARY"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "greenroom")
	build := exec.Command("go", "build", "-o", path, "./cmd/greenroom")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build greenroom: %v\n%s", err, out)
	}
	return path
}

// run runs a command against the plane and answers what it printed.
func (p *plane) run(args ...string) string {
	p.Helper()
	return p.in("", args...)
}

func (p *plane) apply(yaml string) {
	p.Helper()
	p.in(yaml, "apply", "-f", "-")
}

func (p *plane) in(stdin string, args ...string) string {
	p.Helper()
	command := exec.Command(p.binary, append(args, "--data-dir", p.data)...)
	command.Stdin = strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	if err != nil {
		p.Fatalf("greenroom %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// eventually asks again and again, for half a minute.
func (p *plane) eventually(what string, ok func() bool) {
	p.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			p.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}
