package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestShowUpgrade: every server of a busy fleet is replaced by one of a new template, and a second upgrade is undone in its middle,
// under players of whom none is cut off. scripts/show-upgrade runs it at full length.
func TestShowUpgrade(t *testing.T) {
	t.Parallel()
	sessions, players := 6, 36
	if fullLength() {
		sessions, players = 20, 200
	}
	p := startPlane(t)
	p.run("apply", "-f", "../../scripts/shows/upgrade.yaml")
	p.eventually("a server", func() bool { return len(p.servers("OPEN")) >= 1 })
	for i, transport := range []string{"ws", "mqtt"} {
		first, second := fmt.Sprintf("%dms", 60+20*i), fmt.Sprintf("%dms", 70+20*i)
		t.Logf("players over %s", transport)
		end, wait := p.startCrowd("--route", "plaza", "--prefix", transport+"-", "--sessions", strconv.Itoa(sessions), "--players", strconv.Itoa(players), "--for", "30m", "--hz", "5", "--transport", transport)
		p.eventually("the players", func() bool { return p.players() >= players })
		before := p.revisionsOf()
		p.retemplate(t, first)
		next := p.upgraded(t, before)
		p.retemplate(t, second)
		p.within(time.Minute, "the second upgrade is in its middle", func() bool {
			now := p.revisionsOf()
			return now.newest > next.newest && now.of[next.newest] > 0 && (now.leaving > 0 || now.of[next.newest] < next.servers)
		})
		p.run("upgrade", "undo", "rooms")
		p.within(time.Minute, "the upgrade is undone", func() bool {
			now := p.revisionsOf()
			return now.of[next.newest] == now.servers && now.leaving == 0
		})
		end()
		r := wait()
		t.Logf("%s: %d joined, %d told to move, %d cut off, %d states lost, away for %.0f ms (p50) to %.0f ms (p99)",
			transport, r.Joined, r.Moved, r.Disconnected, r.LostState, r.RejoinGapMS.P50, r.RejoinGapMS.P99)
		if r.Joined != players || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 || r.Rejoined < r.Joined {
			t.Errorf("report: %+v", r)
		}
		if r.RejoinGapMS.P99 >= 500 {
			t.Errorf("a player in a hundred was away for %.0f ms or longer, want less than 500", r.RejoinGapMS.P99)
		}
	}
}

// retemplate changes the fleet's template: its room's tick.
func (p *testPlane) retemplate(t *testing.T, tick string) {
	t.Helper()
	text, err := os.ReadFile("../../scripts/shows/upgrade.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "next.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "tick: 50ms", "tick: "+tick, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("apply", "-f", file)
}

// revisions is how many servers there are of each template.
type revisions struct {
	of      map[int]int
	newest  int
	servers int
	leaving int // draining, empty or stopped
}

func (p *testPlane) revisionsOf() revisions {
	p.t.Helper()
	var list struct {
		Servers []struct {
			State    string
			Revision int `json:",string"` // absent: 0
		}
	}
	if err := json.Unmarshal([]byte(p.run("get", "servers", "-o", "json")), &list); err != nil {
		p.t.Fatal(err)
	}
	r := revisions{of: map[int]int{}}
	for _, s := range list.Servers {
		r.of[s.Revision]++
		r.newest = max(r.newest, s.Revision)
		r.servers++
		switch strings.TrimPrefix(s.State, "SERVER_STATE_") {
		case "DRAINING", "EMPTY", "STOPPED", "UNHEALTHY":
			r.leaving++
		}
	}
	return r
}

// upgraded waits until every server is of a template that is newer than those before.
func (p *testPlane) upgraded(t *testing.T, before revisions) (now revisions) {
	t.Helper()
	p.within(time.Minute, "every server is of the new template", func() bool {
		now = p.revisionsOf()
		return now.newest > before.newest && now.of[now.newest] == now.servers && now.leaving == 0
	})
	return now
}
