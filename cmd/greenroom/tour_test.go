package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeTour runs every command of README.md's tour, in order, on a fresh demo.
func TestReadmeTour(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, found := strings.Cut(string(text), "<!-- tour:")
	if !found {
		t.Fatal("README.md has no tour")
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(tour, -1)
	if len(blocks) < 5 {
		t.Fatalf("the tour has %d blocks", len(blocks))
	}
	p := startPlane(t, "--demo")
	p.waitOpen(2)
	bin := t.TempDir()
	if err := os.Symlink(p.path, filepath.Join(bin, "greenroom")); err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks {
		script := strings.ReplaceAll(block[1], "http://127.0.0.1:7350", p.url())
		script = strings.ReplaceAll(script, "$PWD/bin", bin)
		script = strings.ReplaceAll(script, "/tmp/", t.TempDir()+"/")
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
		cmd.Env = append(os.Environ(), "GREENROOM_DATA_DIR="+p.dir, "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		t.Logf("%s\n%s", block[1], out)
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
}
