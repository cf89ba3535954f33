package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/app"
	"greenroom.dev/greenroom/sdk/go/client"
)

// TestRollout moves a route under players from one version to the next in steps; gives it back by hand, after which no new
// session comes to the next; and tries a version that drops connections, which goes back by itself.
func TestRollout(t *testing.T) {
	p := startPlane(t)
	dropped := 0.10
	if os.Getenv("GREENROOM_TEST_LENGTH") == "full" {
		dropped = 0.05
	}
	p.apply(fleetsOf(t, dropped))
	p.waitOpen(3)
	wait := p.startBots("--route", "plaza", "--sessions", "2", "--players", "10", "--hz", "5", "--for", "15s")
	p.eventually("the bots", func() bool { return p.players() == 10 })
	v := p.startVisitors(24)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.run("get", "rollouts"), p.run("rollout", "status", p.under()))
		}
	})

	// How long joins take says more of this machine than of the fleets: no gate on it.
	p.apply(`kind: Rollout
name: to-next
spec:
  route: plaza
  to: next
  steps: [{weight_ppm: 100000, hold: 1s}, {weight_ppm: 500000, hold: 1s}, {weight_ppm: 1000000, hold: 1s}]
  gates: [{connect_errors: {}}, {reconnects: {}}, {crashes: {}}]
`)
	p.eventually("the rollout to be done", func() bool { return p.rollout("to-next").Phase != "running" })
	if s := p.rollout("to-next"); s.Phase != "done" || len(s.Moves) != 4 {
		t.Fatalf("%s; its way: %+v", s.Sentence, s.Moves)
	}
	if w := p.run("get", "routes", "plaza"); !strings.Contains(w, "old 0 %, next 100 %") {
		t.Errorf("done, and the route has\n%s", w)
	}

	began := time.Now()
	p.run("rollback", "plaza", "--stay", "--reason", "a try")
	answered := time.Since(began)
	v.mustNotCreateOn("next", time.Second)
	t.Logf("rollback: %s until the command had ended, and %d new sessions in the second after it, none on next", answered, v.created.Load())
	if answered > time.Second {
		t.Errorf("the rollback took %s", answered)
	}

	p.apply("kind: Rollout\nname: to-flaky\nspec:\n  route: plaza\n  to: flaky\n  steps: [{weight_ppm: 500000, hold: 5m}]\n  gates: [{reconnects: {}}, {crashes: {}}]\n")
	began = time.Now()
	p.eventually("the flaky version to go back", func() bool { return p.rollout("to-flaky").Phase == "rolled back" })
	s := p.rollout("to-flaky")
	t.Logf("caught after %s: %s", time.Since(began).Round(100*time.Millisecond), s.Sentence)
	if last := s.Moves[len(s.Moves)-1]; last.Actor != "gates" || !strings.Contains(last.Reason, "reconnects") {
		t.Errorf("it went back for %+v", last)
	}
	v.mustNotCreateOn("flaky", 500*time.Millisecond)
	if audit := p.run("get", "audit"); !strings.Contains(audit, "rollout rolled back") {
		t.Errorf("the audit log does not know\n%s", audit)
	}
	v.stop()
	if r := wait(); r.Disconnected != 0 || r.LostState != 0 || r.Joined != 10 {
		t.Errorf("who was there before was disturbed: %+v", r)
	}
}

// under is the newest rollout.
func (p *testPlane) under() string {
	if strings.Contains(p.run("get", "rollouts"), "to-flaky") {
		return "to-flaky"
	}
	return "to-next"
}

// fleetsOf is a route whose sessions are all on old, the next version, and one that drops a share of its connections.
func fleetsOf(t *testing.T, dropped float64) string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	flaky := filepath.Join(t.TempDir(), "greenroom-flaky")
	if err := os.Symlink(self, flaky); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for name, provider := range map[string]string{
		"old": "", "next": "", "flaky": fmt.Sprintf(`provider: {process: {command: [%q, "%v"], ports: [{name: ws}]}}, `, flaky, dropped),
	} {
		fmt.Fprintf(&b, "kind: Fleet\nname: %s\nspec: {%scapacity: {sessions: 200, seats_per_session: 10}, min_servers: 1, buffers: {open: 50}}\n---\n", name, provider)
	}
	return b.String() + "kind: Route\nname: plaza\nspec: {fleets: [{fleet: old}]}\n"
}

// apply applies a manifest.
func (p *testPlane) apply(text string) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.run("apply", "-f", file)
}

// rolloutStatusRow is what `describe rollout -o json` says of its status.
type rolloutStatusRow struct {
	Phase, Sentence string
	Moves           []struct{ What, Actor, Reason string }
}

func (p *testPlane) rollout(name string) rolloutStatusRow {
	p.t.Helper()
	var r struct{ Status rolloutStatusRow }
	if err := json.Unmarshal([]byte(p.run("describe", "rollout", name, "-o", "json")), &r); err != nil {
		p.t.Fatal(err)
	}
	return r.Status
}

// visitors come and go, each time to a session of its own.
type visitors struct {
	*testPlane
	api     *client.Client
	cancel  context.CancelFunc
	gone    sync.WaitGroup
	visits  atomic.Uint64
	created atomic.Uint64 // sessions, while mustNotCreateOn looks
}

func (p *testPlane) startVisitors(n int) *visitors {
	p.t.Helper()
	token, err := os.ReadFile(filepath.Join(p.dir, app.TokenFile))
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	v := &visitors{testPlane: p, cancel: cancel, api: client.New(client.Config{URL: p.url(), Token: strings.TrimSpace(string(token))})}
	for i := range n {
		v.gone.Go(func() {
			for ctx.Err() == nil {
				v.visit(ctx, fmt.Sprintf("v%d-%d", i, v.visits.Add(1)))
			}
		})
	}
	p.t.Cleanup(v.stop)
	return v
}

// visit is one visit. That it fails now and then is what the rollout is about.
func (v *visitors) visit(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	room, err := v.api.JoinRoom(ctx, "plaza", name, name, client.Options{})
	if err != nil {
		return
	}
	select {
	case <-time.After(250 * time.Millisecond):
	case <-ctx.Done():
	}
	room.Leave()
}

func (v *visitors) stop() {
	v.cancel()
	v.gone.Wait()
}

// mustNotCreateOn makes new sessions for a while, none of which may come to the fleet.
func (v *visitors) mustNotCreateOn(fleet string, during time.Duration) {
	v.t.Helper()
	v.created.Store(0)
	for began := time.Now(); time.Since(began) < during; {
		n := v.created.Add(1)
		joined, err := v.api.Join(v.t.Context(), "plaza", fmt.Sprintf("%s-after-%d-%d", fleet, time.Now().UnixNano(), n), "probe")
		if err != nil {
			v.t.Fatal(err)
		}
		if !joined.GetCreated() || joined.GetFleet() == fleet {
			v.t.Fatalf("session %d after %s came to %s", n, time.Since(began), joined.GetFleet())
		}
		if err := v.api.Leave(v.t.Context(), "plaza", joined.GetKey(), "probe"); err != nil {
			v.t.Fatal(err)
		}
	}
}
