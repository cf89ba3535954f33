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
	beside(t)
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, found := strings.Cut(string(text), "<!-- tour:")
	if !found {
		t.Fatal("README.md has no tour")
	}
	tour, _, _ = strings.Cut(tour, "<!-- doors:")
	blocks := shellBlocks(tour)
	if len(blocks) < 5 {
		t.Fatalf("the tour has %d blocks", len(blocks))
	}
	p := startPlane(t, "--demo")
	p.waitOpen(2)
	for _, block := range blocks {
		p.shell(strings.ReplaceAll(block, "/tmp/", t.TempDir()+"/"))
	}
}

// TestReadmeDoors runs those of the section about doors: up with a certificate, and players who come by TLS.
func TestReadmeDoors(t *testing.T) {
	beside(t)
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "<!-- doors:")
	blocks := shellBlocks(strings.ReplaceAll(section, "/tmp/", t.TempDir()+"/"))
	if len(blocks) != 2 {
		t.Fatalf("the section has %d blocks", len(blocks))
	}
	prepare, up, found := strings.Cut(blocks[0], "\ngreenroom up ")
	if !found {
		t.Fatal("the first block does not end with greenroom up")
	}
	if out, err := exec.Command("bash", "-euc", prepare).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := startPlane(t, strings.Fields(up)...)
	out := p.shell(blocks[1])
	for _, way := range []string{"wss://127.0.0.1:", "mqtts://127.0.0.1:", "https://127.0.0.1:", "joined            10 of 10", "lost state        0"} {
		if !strings.Contains(out, way) {
			t.Errorf("nothing of %s was said", way)
		}
	}
}

// shellBlocks are the fenced blocks of shell commands in a page.
func shellBlocks(page string) (all []string) {
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(page, -1) {
		all = append(all, block[1])
	}
	return all
}

// shell runs commands of the README as a person beside p would, and answers what they printed.
func (p *testPlane) shell(script string) string {
	p.t.Helper()
	bin := p.t.TempDir()
	if err := os.Symlink(p.path, filepath.Join(bin, "greenroom")); err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", strings.NewReplacer("http://127.0.0.1:7350", p.url(), "$PWD/bin", bin).Replace(script))
	cmd.Env = append(os.Environ(), "GREENROOM_DATA_DIR="+p.dir, "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	p.t.Logf("%s\n%s", script, out)
	if err != nil {
		p.t.Fatalf("%v", err)
	}
	return string(out)
}
