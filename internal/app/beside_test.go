package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"greenroom.dev/greenroom/sdk/go/client"
)

// TestTwoSideBySide: two Greenrooms in one process share nothing, and one of them stops without the other.
func TestTwoSideBySide(t *testing.T) {
	left, right := start(t, testConfig(t)), start(t, testConfig(t))
	left.waitOpen(2)
	servers := right.waitOpen(2)
	leftServers := pids(t, left.children())

	ann, bob := left.enter("room-1", "ann"), right.enter("room-1", "bob")
	for _, room := range []*client.Room{ann, bob} {
		if _, err := room.SetState("pos/"+room.Player(), []byte(`{"x":1}`), client.Retain|client.Owned); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "ann's own place", func() bool { _, ok := ann.Get("pos/ann"); return ok })
	eventually(t, "bob's own place", func() bool { _, ok := bob.Get("pos/bob"); return ok })
	if len(ann.Members()) != 1 || len(bob.Members()) != 1 {
		t.Errorf("the rooms of the same name have met: %v, %v", ann.Members(), bob.Members())
	}

	left.enter("only-left", "carol")
	session := struct {
		Session struct{ Server string }
	}{}
	find := map[string]string{"route": demoRoute, "key": "only-left"}
	left.must("SessionService/GetSession", find, &session)
	if err := right.call("SessionService/GetSession", right.token(), find, &session); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("the left's session is known to the right: %v", err)
	}
	if err := right.call("SessionService/GetSession", left.token(), find, &session); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("the left's token is good for the right: %v", err)
	}

	began := time.Now()
	left.stop()
	if took := time.Since(began); took >= lameDuck {
		t.Errorf("the stop took %s: it waited for streams that do not end by themselves", took)
	}
	eventually(t, "the left's servers to end", func() bool {
		for _, pid := range leftServers {
			if runs(pid) {
				return false
			}
		}
		return true
	})
	for _, pid := range pids(t, servers) {
		if !runs(pid) {
			t.Errorf("process %d of the right has ended with the left", pid)
		}
	}
	if _, err := bob.SetState("pos/bob", []byte(`{"x":2}`), client.Retain|client.Owned); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bob's next step", func() bool { s, _ := bob.Get("pos/bob"); return string(s.Value) == `{"x":2}` })
	right.enter("room-2", "dave")
}

// TestRestart: fleets, tokens and servers, with who is on them, are there again after a restart, on another port too.
func TestRestart(t *testing.T) {
	cfg := testConfig(t)
	cfg.StopServers = false
	first := start(t, cfg)
	first.waitOpen(2)
	bob := first.enter("room-1", "bob")
	var made struct{ Secret string }
	first.must("SystemService/CreateToken", map[string]string{"name": "viewer", "scope": "SCOPE_VIEW"}, &made)
	before := first.waitOpen(2)
	admin := first.token()
	first.stop() // the next one takes another free port
	if _, err := os.Stat(first.DataFile(RunningFile)); err == nil {
		t.Error("running.json is still there")
	}
	for _, pid := range pids(t, before) {
		if !runs(pid) {
			t.Errorf("process %d has ended though servers were to go on", pid)
		}
	}
	if err := bob.Err(); err != nil {
		t.Errorf("bob was cut: %v", err)
	}

	cfg.StopServers = true
	second := start(t, cfg)
	after := map[string]string{}
	for _, c := range second.waitOpen(2) {
		after[c.Name] = c.ProviderRef
	}
	for _, c := range before {
		if after[c.Name] != c.ProviderRef {
			t.Errorf("server %s was %s, is %q", c.Name, c.ProviderRef, after[c.Name])
		}
	}
	var session struct {
		Session struct{ SeatsClaimed int }
	}
	eventually(t, "bob to be found again", func() bool {
		err := second.call("SessionService/GetSession", made.Secret, map[string]string{"route": demoRoute, "key": "room-1"}, &session)
		return err == nil && session.Session.SeatsClaimed == 1
	})
	if second.token() != admin {
		t.Error("the admin's token has changed")
	}
	var list struct{ Fleets, Routes []struct{ Name string } }
	second.must("FleetService/ListFleets", struct{}{}, &list)
	second.must("RouteService/ListRoutes", struct{}{}, &list)
	if got := fmt.Sprint(list); got != "{[{rooms}] [{plaza}]}" {
		t.Errorf("fleets and routes: %s", got)
	}
	bob.Close()
	second.stop()
	for _, pid := range pids(t, before) {
		if runs(pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Errorf("process %d goes on though servers were to stop", pid)
		}
	}
}

// TestAStartThatFailsStopsNoServers: I10. A Greenroom that finds its data folder unwritable ends, and whoever plays plays on.
func TestAStartThatFailsStopsNoServers(t *testing.T) {
	cfg := testConfig(t)
	cfg.StopServers = false
	first := start(t, cfg)
	first.waitOpen(2)
	bob := first.enter("room-1", "bob")
	before := first.waitOpen(2)
	link := first.DataFile(linkFile)
	first.stop()
	if err := errors.Join(os.Remove(link), os.MkdirAll(filepath.Join(link, "in the way"), 0o700)); err != nil {
		t.Fatal(err)
	}

	cfg.StopServers = true
	second, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context()); err == nil {
		t.Error("it ran though its data folder cannot be written to")
	}
	for _, pid := range pids(t, before) {
		if !runs(pid) {
			t.Errorf("process %d was stopped by a Greenroom that could not start", pid)
		}
	}
	if err := bob.Err(); err != nil {
		t.Errorf("bob was cut: %v", err)
	}

	if err := os.RemoveAll(link); err != nil {
		t.Fatal(err)
	}
	third := start(t, cfg) // stops them in the end
	third.waitOpen(2)
	bob.Close()
}

// TestNoPortsLeft: servers for which there is no port are not started, and it is said why.
func TestNoPortsLeft(t *testing.T) {
	cfg := testConfig(t)
	cfg.ServerPorts.Last = cfg.ServerPorts.First + 3 // two servers' worth; the demo wants three
	a := start(t, cfg)
	a.waitOpen(1)
	want := fmt.Sprintf("is free from %d to %d", cfg.ServerPorts.First, cfg.ServerPorts.Last)
	eventually(t, "the keeper to say so", func() bool {
		var plan struct {
			Holds   []string
			Actions []struct{ Result string }
		}
		a.must("FleetService/ExplainFleet", map[string]string{"name": "rooms"}, &plan)
		said := strings.Join(plan.Holds, "\n")
		for _, action := range plan.Actions {
			said += "\n" + action.Result
		}
		return strings.Contains(said, want)
	})
	if !strings.Contains(a.log.String(), want) {
		t.Errorf("the log does not say %q", want)
	}
	a.enter("room-1", "ann")
}
