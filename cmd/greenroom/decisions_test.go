package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDecisionsAreFollowed: what was decided is printed first, then what is decided while one looks, each once.
func TestDecisionsAreFollowed(t *testing.T) {
	p := startPlane(t, "--demo", "--bots", "0")
	p.waitOpen(1)
	cmd := p.command("decisions", "--follow", "-o", "json")
	lines, err := linesOf(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	until := func(verb string) {
		t.Helper()
		for timeout := time.After(time.Minute); ; {
			select {
			case line := <-lines:
				var d struct {
					ID   uint64 `json:"id,string"`
					Verb string
				}
				if err := json.Unmarshal([]byte(line), &d); err != nil || d.ID == last {
					t.Fatalf("%v, after %d: %s", err, last, line)
				}
				if last = d.ID; strings.HasPrefix(d.Verb, verb) {
					return
				}
			case <-timeout:
				t.Fatalf("no decision to %s is printed", verb)
			}
		}
	}
	until("open")
	p.run("drain", p.servers("OPEN")[0].Name)
	until("stop")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}
