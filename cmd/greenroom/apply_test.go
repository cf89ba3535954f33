package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestApplyIsAllOrNothing applies files of several documents with the real binary.
func TestApplyIsAllOrNothing(t *testing.T) {
	p := startPlane(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// the route stands before its fleet, and a second file is half bad
	both := file("both.yaml", "kind: Route\nname: library\nspec:\n  fleets: [{fleet: quiet}]\n---\nkind: Fleet\nname: quiet\nspec:\n  max_servers: 2\n")
	bad := file("bad.yaml", "kind: Fleet\nname: loud\nspec: {}\n---\nkind: Route\nname: party\nspec:\n  fleets:\n    - fleet: nowhere\n")

	out, err := p.try("apply", "-f", both, "-f", bad)
	want := `route party: spec.fleets[0].fleet must be a fleet that exists, not "nowhere"; apply the fleet first, or with it at ` + bad + ":9:7"
	if err == nil || !strings.Contains(err.Error(), "exit status 2") || !strings.Contains(err.Error(), want) || out != "" {
		t.Errorf("a bad second file: %q, %v", out, err)
	}
	out, err = p.try("apply", "-f", both, "-f", both)
	if want := `must be another name: there is an earlier fleet "quiet" beside it at ` + both + ":7:1"; err == nil || !strings.Contains(err.Error(), want) || out != "" {
		t.Errorf("one file twice: %q, %v", out, err)
	}
	out = p.run("apply", "-f", both, "--dry-run")
	if want := "route library created (dry run)\nfleet quiet created (dry run)\n"; out != want {
		t.Errorf("dry run: %q", out)
	}
	if out := p.run("get", "fleets", "-o", "yaml") + p.run("get", "routes", "-o", "yaml"); out != "" {
		t.Errorf("refusals and a dry run left\n%s", out)
	}

	for _, outcome := range []string{"created", "unchanged"} {
		if out, want := p.run("apply", "-f", both), "route library "+outcome+"\nfleet quiet "+outcome+"\n"; out != want {
			t.Errorf("applied: %q, want %q", out, want)
		}
	}
	if out := p.run("get", "routes", "-o", "json"); !strings.Contains(out, `"weight_ppm": 1000000`) {
		t.Errorf("the route's split:\n%s", out)
	}
	// what is printed can be applied, and is what is there
	printed := file("printed.yaml", p.run("get", "fleets", "-o", "yaml")+"---\n"+p.run("get", "routes", "-o", "yaml"))
	if out, want := p.run("apply", "-f", printed), "fleet quiet unchanged\nroute library unchanged\n"; out != want {
		t.Errorf("applied again: %q, want %q", out, want)
	}
}
