package main

import (
	"fmt"
	"testing"
	"time"
)

// TestShowConsolidate: at night most sessions end, and those that are left are merged onto few servers, with everything that is in
// them; the other servers are freed. scripts/show-consolidate runs it at full length.
func TestShowConsolidate(t *testing.T) {
	t.Parallel()
	servers, perSession := 3, 2 // a session that stays on each, and four that end
	if fullLength() {
		servers, perSession = 10, 8
	}
	p := startPlane(t)
	p.run("apply", "-f", "../../scripts/shows/consolidate.yaml")
	p.eventually("a server", func() bool { return len(p.servers("OPEN")) >= 1 })

	type crowd struct {
		end  func()
		wait func() botsReport
	}
	var day, night []crowd
	for i := range servers { // one server is filled after the other: the fullest that has room is taken
		come := func(kind string, sessions int) crowd {
			prefix := fmt.Sprintf("%s%d-", kind, i)
			end, wait := p.startCrowd("--route", "plaza", "--prefix", prefix, "--sessions", fmt.Sprint(sessions), "--players", fmt.Sprint(sessions*perSession), "--for", "30m", "--hz", "5")
			return crowd{end, wait}
		}
		night, day = append(night, come("night", 1)), append(day, come("day", 4))
		p.eventually("the players", func() bool { return p.players() == (i+1)*5*perSession })
	}
	before := p.busy()
	if before < servers {
		t.Fatalf("%d servers have sessions, want at least %d", before, servers)
	}

	began := time.Now()
	for _, c := range day {
		c.end()
	}
	for _, c := range day {
		c.wait()
	}
	// Servers of 5 sessions: those that are left, the buffer of 1, and what consolidation keeps free beside it, almost a server.
	fewest := (servers + 1 + 4 + 4) / 5
	p.within(3*time.Minute, fmt.Sprintf("%d sessions are on %d servers at most, and the others are freed", servers, fewest), func() bool {
		return p.busy() <= fewest && p.players() == servers*perSession && len(p.servers("")) <= fewest+1
	})
	t.Logf("night: %d servers with sessions became %d, %d servers are left in all, within %s", before, p.busy(), len(p.servers("")), time.Since(began).Round(time.Second))

	moved, longest := 0, 0.0
	for _, c := range night {
		c.end()
	}
	for _, c := range night {
		r := c.wait()
		moved, longest = moved+r.Moved, max(longest, r.RejoinGapMS.Max)
		if r.Joined != perSession || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 {
			t.Errorf("report: %+v", r)
		}
	}
	t.Logf("%d players moved, %.0f ms away at most; nobody was cut off, and nothing was lost", moved, longest)
	if least := (servers - fewest) * perSession; moved < least {
		t.Errorf("%d players moved, want at least %d", moved, least)
	}
}

// busy counts the servers with sessions.
func (p *testPlane) busy() (n int) {
	for _, s := range p.servers("") {
		if s.Sessions > 0 {
			n++
		}
	}
	return n
}
