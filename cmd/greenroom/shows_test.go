package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The main job on the real binary, in short; `make nightly` runs the same at full length.

// crowd is the bots of a test: 50 of them for 8 s, or at full length 200 for 60 s.
func crowd() (args []string, players int, length time.Duration) {
	sessions, players, length := 5, 50, 8*time.Second
	if os.Getenv("GREENROOM_TEST_LENGTH") == "full" {
		sessions, players, length = 10, 200, time.Minute
	}
	args = []string{"--route", "plaza", "--sessions", strconv.Itoa(sessions), "--players", strconv.Itoa(players), "--hz", "10", "--for", length.String()}
	return args, players, length
}

func TestBotsLoseNothing(t *testing.T) {
	for _, transport := range []string{"ws", "mqtt"} {
		t.Run(transport, func(t *testing.T) {
			beside(t)
			p := startPlane(t, "--demo", "--bots", "0")
			p.waitOpen(1)
			args, players, _ := crowd()
			r := p.startBots(append(args, "--transport", transport)...)()
			if r.Joined != players || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 || r.Delivered == 0 {
				t.Errorf("report: %+v", r)
			}
		})
	}
}

// TestDrainEachServerInTurn: I3, and a drained player is back within half a second.
func TestDrainEachServerInTurn(t *testing.T) {
	beside(t)
	p := startPlane(t, "--demo", "--bots", "0")
	p.waitOpen(2)
	args, players, _ := crowd()
	wait := p.startBots(args...)
	p.eventually("the bots", func() bool { return p.players() == players })
	for _, s := range p.servers("OPEN") {
		p.run("drain", s.Name)
	}
	r := wait()
	if r.Joined != players || r.Disconnected != 0 || r.LostState != 0 || r.Gaps != 0 || r.Duplicates != 0 {
		t.Errorf("report: %+v", r)
	}
	if r.Rejoined < players {
		t.Errorf("%d rejoined: every server with players was drained, so each of the %d had to move", r.Rejoined, players)
	}
}

// TestKillTheControlPlane: I10.
func TestKillTheControlPlane(t *testing.T) {
	beside(t)
	p := startPlane(t, "--demo", "--bots", "0")
	p.waitOpen(2)
	before := p.servers("")
	url := strings.TrimPrefix(p.url(), "http://")
	args, players, length := crowd()
	wait := p.startBots(args...)
	p.eventually("the bots", func() bool { return p.players() == players })
	sessions := p.run("get", "sessions")

	p.kill()
	<-time.After(length / 6) // players play on meanwhile
	p.start(url)

	p.eventually("the servers and players to be found again", func() bool { return p.players() == players })
	for _, s := range before {
		if !strings.Contains(p.run("get", "servers"), s.Name) {
			t.Errorf("server %s was not found again", s.Name)
		}
	}
	if got, want := homes(p.run("get", "sessions")), homes(sessions); got != want {
		t.Errorf("sessions after the restart:\n%s\nbefore:\n%s", got, want)
	}
	p.run("join", "plaza", "--key", "room-1")
	r := wait()
	if r.Joined != players || r.Disconnected != 0 || r.Rejoined != 0 || r.LostState != 0 {
		t.Errorf("report: %+v", r)
	}
}

// homes keeps "session … server" of a table of sessions.
func homes(table string) string {
	var b strings.Builder
	for _, line := range strings.Split(table, "\n") {
		if cells := strings.Fields(line); len(cells) >= 5 {
			fmt.Fprintln(&b, cells[0], cells[4])
		}
	}
	return b.String()
}

// TestKillARoomServer: its players are back in their sessions, with their state.
func TestKillARoomServer(t *testing.T) {
	beside(t)
	p := startPlane(t, "--demo", "--bots", "0")
	p.waitOpen(2)
	args, players, _ := crowd()
	wait := p.startBots(args...)
	p.eventually("the bots", func() bool { return p.players() == players })
	victims := 0
	for _, s := range p.servers("OPEN") {
		if s.Sessions > 0 && victims == 0 {
			victims = s.SeatsClaimed
			pid, err := strconv.Atoi(strings.TrimPrefix(s.ProviderRef, "pid "))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	if victims == 0 {
		t.Fatal("no server had players")
	}
	r := wait()
	if r.Joined != players || r.Rejoined < victims || r.LostState != 0 {
		t.Errorf("report: %+v, victims: %d", r, victims)
	}
}

// TestNoBufferNoServer: a fleet without buffers costs nothing until somebody waits at its door.
func TestNoBufferNoServer(t *testing.T) {
	beside(t)
	p := startPlane(t)
	file := t.TempDir() + "/idle.yaml"
	text := "kind: Fleet\nname: idle\nspec: {capacity: {sessions: 2}}\n---\nkind: Route\nname: nook\nspec: {fleets: [{fleet: idle}]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("apply", "-f", file)
	if s := p.servers(""); len(s) != 0 {
		t.Errorf("servers before anybody came: %v", s)
	}
	p.run("join", "nook", "--key", "a", "--wait", "30s")
	if s := p.servers("OPEN"); len(s) != 1 {
		t.Errorf("open servers: %v", s)
	}
}

// TestMosquittoLines: what `join -o mqtt` prints works as pasted, in a room with WebSocket people.
func TestMosquittoLines(t *testing.T) {
	p := startPlane(t, "--demo", "--bots", "0")
	p.waitOpen(1)
	p.startBots("--route", "plaza", "--sessions", "1", "--players", "3", "--prefix", "cafe-", "--for", "20s")
	p.eventually("the bots", func() bool { return p.players() == 3 })

	lines := regexp.MustCompile(`(?m)^mosquitto_.*$`).FindAllString(p.run("join", "plaza", "--key", "cafe-1", "-o", "mqtt"), -1)
	if len(lines) != 3 {
		t.Fatalf("lines: %q", lines)
	}
	sub := exec.Command("bash", "-c", "exec "+lines[0])
	heard, err := linesOf(sub)
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Process.Kill(); _ = sub.Wait() })
	wants := map[string]*regexp.Regexp{
		"a WebSocket bot's place": regexp.MustCompile(`^r/cafe-1/s/pos/bot.* \{.*"x":`),
	}
	hear(t, heard, wants)
	for _, line := range lines[1:] {
		if out, err := exec.Command("bash", "-c", line).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	hear(t, heard, map[string]*regexp.Regexp{
		"the event published": regexp.MustCompile(`^r/cafe-1/e/hello hello, everybody$`),
		"the state published": regexp.MustCompile(`^r/cafe-1/s/pos/guest-\w+ \{"x":500,"y":500\}$`),
	})
}

// hear waits until every wanted line was heard.
func hear(t *testing.T, heard <-chan string, wants map[string]*regexp.Regexp) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for len(wants) > 0 {
		select {
		case line, ok := <-heard:
			if !ok {
				t.Fatalf("mosquitto_sub ended before %v", wants)
			}
			for what, pattern := range wants {
				if pattern.MatchString(line) {
					delete(wants, what)
				}
			}
		case <-timeout:
			t.Fatalf("never heard %v", wants)
		}
	}
}
