package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// upgradeState is what `upgrade status -o json` prints.
type upgradeState struct {
	Revision uint64 `json:"revision,string"`
	Phase    string `json:"phase"`
	Updated  int    `json:"updated"`
	Old      int    `json:"old"`
	Left     int    `json:"sessions_left"`
	Sentence string `json:"sentence"`
}

// release applies the fleet and the route of the bots with a template that its version stands for, and how many servers its
// upgrades may drain at once.
func (p *testPlane) release(version, draining int) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), fmt.Sprintf("v%d.yaml", version))
	text := fmt.Sprintf(`kind: Fleet
name: rooms
spec:
  provider: {process: {env: {VERSION: "%d"}}}
  capacity: {sessions: 2, seats_per_session: 20}
  buffers: {open: 4}
  max_servers: 14
  scaling: {policies: [{buffer: {free_sessions: 4}}]}
  upgrade: {surge: "2", max_draining: "%d"}
---
kind: Route
name: plaza
spec: {fleets: [{fleet: rooms}]}
`, version, draining)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.run("apply", "-f", file)
}

func (p *testPlane) upgrade() (u upgradeState) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.run("upgrade", "status", "rooms", "-o", "json")), &u); err != nil {
		p.t.Fatal(err)
	}
	return u
}

// TestUpgradeUnderPlayers: a busy fleet gets another template, and nobody who plays loses anything. Undone in the middle
// neither.
func TestUpgradeUnderPlayers(t *testing.T) {
	for _, undone := range []bool{false, true} {
		t.Run(map[bool]string{false: "done", true: "undone"}[undone], func(t *testing.T) {
			beside(t)
			p := startPlane(t)
			draining := map[bool]int{false: 3, true: 1}[undone]
			p.release(1, draining)
			p.waitOpen(2)
			args, players, _ := crowd()
			wait := p.startBots(args...)
			p.eventually("the bots", func() bool { return p.players() == players })
			before := p.servers("OPEN")

			p.release(2, draining)
			want := uint64(2)
			if undone {
				p.eventually("the middle", func() bool { u := p.upgrade(); return u.Updated > 0 && u.Left > 0 && u.Left < 5 })
				p.run("upgrade", "undo", "rooms")
				want = 1
			}
			p.eventually("the upgrade's end", func() bool { u := p.upgrade(); return u.Phase == "" && u.Revision == want })

			r := wait()
			if r.Joined != players || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 {
				t.Errorf("report: %+v", r)
			}
			if r.Rejoined == 0 || !undone && r.Rejoined < players {
				t.Errorf("%d of %d players moved", r.Rejoined, players)
			}
			for _, s := range p.servers("OPEN") {
				if !undone && s.Name == before[0].Name {
					t.Errorf("%s is still there", s.Name)
				}
			}
		})
	}
}
