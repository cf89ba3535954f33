package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShowRollout: a route goes from room servers that are run by hand to a fleet of processes, in steps, under players who notice
// nothing; and after a rollback no new session comes to the processes. scripts/show-rollout runs it at full length, and
// with it TestRollout, whose last version drops connections and goes back by itself.
func TestShowRollout(t *testing.T) {
	t.Parallel()
	players, sessions, hold := 12, 4, "1s"
	if fullLength() {
		players, sessions, hold = 100, 10, "20s"
	}
	p := startPlane(t)
	ports := freePorts(t, 2)
	p.applyText(t, fmt.Sprintf(`kind: Fleet
name: racks
spec:
  capacity: {sessions: 400, seats_per_session: 20}
  provider: {static: {servers: [
    {name: rack-1, linked: true, endpoints: [{name: ws, url: "ws://127.0.0.1:%d/room"}]},
    {name: rack-2, linked: true, endpoints: [{name: ws, url: "ws://127.0.0.1:%d/room"}]}]}}
---
kind: Fleet
name: pods
spec:
  capacity: {sessions: 200, seats_per_session: 20}
  buffers: {open: 20}
  min_servers: 1
---
kind: Route
name: plaza
spec: {fleets: [{fleet: racks}]}
`, ports[0], ports[1]))
	for _, rack := range []string{"rack-1", "rack-2"} {
		p.runByHand(t, "racks/"+rack)
	}
	p.waitOpen(3)
	end, wait := p.startCrowd("--route", "plaza", "--sessions", fmt.Sprint(sessions), "--players", fmt.Sprint(players), "--for", "30m", "--hz", "5")
	p.eventually("the bots", func() bool { return p.players() == players })

	p.applyText(t, fmt.Sprintf(`kind: Rollout
name: to-pods
spec:
  route: plaza
  to: pods
  steps: [{weight_ppm: 10000, hold: %[1]s}, {weight_ppm: 100000, hold: %[1]s}, {weight_ppm: 500000, hold: %[1]s}, {weight_ppm: 1000000, hold: %[1]s}]
  gates: [{crashes: {}}]
`, hold))
	began := time.Now()
	p.within(5*time.Minute, "the rollout is done", func() bool {
		text, err := p.try("get", "rollouts", "to-pods")
		return err == nil && strings.Contains(text, " done ")
	})
	t.Logf("from servers run by hand to processes within %s", time.Since(began).Round(time.Second))
	if got := p.fleetOfJoin(t, "after"); got != "pods" {
		t.Errorf("after the rollout a new session came to %s", got)
	}

	p.run("rollback", "plaza", "--stay", "--reason", "a try")
	n := 0
	for began := time.Now(); time.Since(began) < time.Second; n++ {
		if got := p.fleetOfJoin(t, fmt.Sprintf("back-%d", n)); got != "racks" {
			t.Errorf("%s after the rollback a new session came to %s", time.Since(began), got)
		}
	}
	t.Logf("%d new sessions in the second after the rollback, none on pods", n)
	end()
	if r := wait(); r.Joined != players || r.Disconnected != 0 || r.LostState != 0 || r.Moved != 0 || r.Gaps != 0 {
		t.Errorf("who was there before was disturbed: %+v", r)
	}
}

// applyText applies a manifest.
func (p *testPlane) applyText(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("apply", "-f", file)
}

// freePorts answers n different TCP ports that nobody listened on a moment ago, for servers that are told theirs by a list.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// runByHand runs a room server of a static fleet, as its operator would.
func (p *testPlane) runByHand(t *testing.T, server string) {
	t.Helper()
	cmd := p.command("room")
	cmd.Env = append(os.Environ(), strings.Fields(p.run("server", "token", server))...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// fleetOfJoin makes a new session and answers where it came to.
func (p *testPlane) fleetOfJoin(t *testing.T, key string) string {
	t.Helper()
	var joined struct{ Fleet string }
	if err := json.Unmarshal([]byte(p.run("join", "plaza", "--key", key, "-o", "json")), &joined); err != nil {
		t.Fatal(err)
	}
	return joined.Fleet
}
