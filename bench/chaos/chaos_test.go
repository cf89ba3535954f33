//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain lets the test's own binary be every process of the command.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "chaos" || os.Args[1] == roleInit || os.Args[1] == roleWorld || os.Args[1] == rolePlayers) {
		if os.Args[1] == "chaos" {
			os.Args = append(os.Args[:1], os.Args[2:]...)
		}
		main()
	}
	os.Exit(m.Run())
}

// TestChaos is `make chaos` in short: six seconds of faults, every one but a slow network, and nothing may be wrong after them.
func TestChaos(t *testing.T) {
	binary := os.Getenv("GREENROOM_TEST_BINARY")
	if binary == "" {
		binary = filepath.Join(t.TempDir(), "greenroom")
		if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/greenroom").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	cmd := exec.Command(os.Args[0], "chaos", "-seed", "13", "-for", "6s", "-every", "1500ms", "-ghosts=false", "-bots", "6", "-sessions", "2", "-joiners", "4",
		"-binary", binary, "-manifest", "chaos.yaml", "-out", t.TempDir())
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
