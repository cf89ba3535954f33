package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNodeDrain: a machine goes away while bots play on it, and they play on: nobody is cut, nothing is lost, and nothing is
// left on it.
func TestNodeDrain(t *testing.T) {
	beside(t)
	p := startPlane(t, "--demo", "--bots", "0", "--node", "east,west")
	p.waitOpen(2)
	args, players, _ := crowd()
	wait := p.startBots(args...)
	p.eventually("the bots", func() bool { return p.players() == players })
	node := "east"
	for _, line := range strings.Split(p.run("node", "list"), "\n") {
		if cells := strings.Fields(line); len(cells) > 4 && cells[0] == "west" && cells[4] != "0" {
			node = "west"
		}
	}
	said := p.run("node", "drain", node, "--deadline", "5m")
	if !strings.HasPrefix(said, "drains ") || !strings.Contains(said, " of "+node+", at latest ") {
		t.Errorf("it said %q", said)
	}
	p.eventually(node+" to be empty", func() bool { return strings.Contains(p.run("node", "list"), "\n"+node+"  -") })
	r := wait()
	if r.Joined != players || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 || r.Rejoined == 0 {
		t.Errorf("report: %+v", r)
	}
}

// merging is a fleet that is consolidated within seconds.
const merging = `
kind: Fleet
name: rooms
spec:
  capacity: {sessions: 4, seats_per_session: 20}
  max_servers: 6
  scale_in_after: 1s
  scaling:
    policies: [{buffer: {}}]
    consolidation: {after: 1s, min_stay: 1s}
---
kind: Route
name: plaza
spec:
  fleets: [{fleet: rooms}]
`

// TestConsolidation: two sessions that bots play in are each alone on a server, and come together on one: the other server
// goes, nobody is cut, nothing is lost.
func TestConsolidation(t *testing.T) {
	p := startPlane(t)
	file := filepath.Join(t.TempDir(), "rooms.yaml")
	if err := os.WriteFile(file, []byte(merging), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("apply", "-f", file)
	fillers := []string{"a", "b", "c"}
	for _, key := range fillers { // so that only one of the bots' sessions fits beside them
		p.run("join", "plaza", "--key", key, "--player", "ann-"+key)
	}
	wait := p.startBots("--route", "plaza", "--sessions", "2", "--players", "20", "--hz", "10", "--for", "14s")
	p.eventually("the bots", func() bool { return p.players() == 20 })
	if open := len(p.servers("OPEN")); open != 2 {
		t.Fatalf("%d servers are open, not 2", open)
	}
	for _, key := range fillers {
		p.run("end", "plaza/"+key)
	}
	p.eventually("one server", func() bool { return len(p.servers("")) == 1 })
	if n := p.players(); n != 20 {
		t.Errorf("%d players on it, of 20", n)
	}
	if !strings.Contains(p.run("decisions"), "consolidation: room for its 1 session on 1 other server") {
		t.Errorf("decisions:\n%s", p.run("decisions"))
	}
	r := wait()
	if r.Joined != 20 || r.Rejoined != 10 || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 {
		t.Errorf("report: %+v", r)
	}
}
