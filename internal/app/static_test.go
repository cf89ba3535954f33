package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"

	roomserver "greenroom.dev/greenroom/internal/room/server"
	server "greenroom.dev/greenroom/sdk/go/server"
)

// handRun is a game server that somebody else runs: all that is seen of it from outside is that it takes connections.
type handRun struct {
	t       *testing.T
	address string
	l       net.Listener
	taking  sync.WaitGroup
}

func runByHand(t *testing.T) *handRun {
	h := &handRun{t: t, address: "127.0.0.1:0"}
	h.listen()
	t.Cleanup(h.cutOff)
	return h
}

func (h *handRun) listen() {
	h.t.Helper()
	var err error
	if h.l, err = net.Listen("tcp", h.address); err != nil {
		h.t.Fatal(err)
	}
	h.address = h.l.Addr().String()
	h.taking.Go(func() {
		for {
			conn, err := h.l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	})
}

func (h *handRun) cutOff() {
	_ = h.l.Close()
	h.taking.Wait()
}

type object = map[string]any

// quickProbe finds out within half a second.
var quickProbe = object{"interval": "0.1s", "timeout": "0.1s", "threshold": 3, "tcp": object{}}

func staticFleet(name string, spec object, servers ...object) object {
	fleet := object{"provider": object{"static": object{"servers": servers, "probe": quickProbe}}, "capacity": object{"sessions": 50, "seatsPerSession": 4}}
	maps.Copy(fleet, spec)
	return object{"name": name, "spec": fleet}
}

func (h *handRun) listed(name string) object {
	return object{"name": name, "endpoints": []object{{"name": "game", "url": "tcp://" + h.address}}}
}

func route(name string, weights object) object {
	fleets := []object{}
	for _, fleet := range slices.Sorted(maps.Keys(weights)) {
		fleets = append(fleets, object{"fleet": fleet, "weightPpm": weights[fleet]})
	}
	return object{"name": name, "spec": object{"fleets": fleets}}
}

// joined is what a join answers, as far as these tests look.
type joined struct {
	Fleet, Server, Region string
	Created               bool
	Endpoints             []struct{ Name, URL string }
}

func (a *testApp) join(route, key, player string, more object) (out joined) {
	a.t.Helper()
	request := object{"route": route, "key": key, "players": []string{player}}
	maps.Copy(request, more)
	a.must("JoinService/Join", request, &out)
	return out
}

func (a *testApp) state(server string) string {
	a.t.Helper()
	for _, c := range a.children() {
		if c.Name == server {
			return c.State
		}
	}
	return "gone"
}

func (a *testApp) become(server, state string) {
	a.t.Helper()
	eventually(a.t, server+" "+state, func() bool { return a.state(server) == "SERVER_STATE_"+state })
}

// A route leads to a static fleet in one region and to a process fleet in another. A static server whose network is cut
// leaves the rotation and comes back by itself; what is full or cut off spills over to the next region.
func TestAStaticServerIsCutOffAndComesBack(t *testing.T) {
	cfg := testConfig(t)
	a := start(t, cfg)
	one, two := runByHand(t), runByHand(t)
	a.must("ApplyService/Apply", object{
		"fleets": []object{staticFleet("old", object{"region": object{"name": "tokyo"}}, one.listed("rack-1"), two.listed("rack-2"))},
		"routes": []object{route("arena", object{"old": 500_000, "rooms": 500_000})},
	}, &object{})
	a.become("old.rack-1", "OPEN")
	a.become("old.rack-2", "OPEN")
	a.waitOpen(3)

	near := object{"latencies": object{"tokyo": "0.010s"}}
	first := a.join("arena", "first", "ann", near)
	if first.Region != "tokyo" || first.Fleet != "old" || len(first.Endpoints) != 1 || first.Endpoints[0].URL == "" {
		t.Fatalf("joined %+v", first)
	}
	hands := map[string]*handRun{"old.rack-1": one, "old.rack-2": two}
	other := map[string]string{"old.rack-1": "old.rack-2", "old.rack-2": "old.rack-1"}[first.Server]

	hands[first.Server].cutOff()
	a.become(first.Server, "CORDONED")
	for i := range 5 {
		if got := a.join("arena", fmt.Sprintf("cut-%d", i), "bob", near); got.Server != other {
			t.Errorf("a new session went to %+v while %s was cut off", got, first.Server)
		}
	}
	if again := a.join("arena", "first", "cid", near); again.Server != first.Server || again.Created {
		t.Errorf("a session left the server that may only be cut off: %+v", again)
	}
	hands[other].cutOff()
	a.become(other, "CORDONED")
	if got := a.join("arena", "over", "bob", near); got.Fleet != "rooms" || got.Region != "" {
		t.Errorf("with the nearest region cut off: %+v", got)
	}
	for _, h := range hands {
		h.listen()
	}
	a.become(first.Server, "OPEN")
	a.become(other, "OPEN")
	if got := a.join("arena", "later", "bob", near); got.Fleet != "old" {
		t.Errorf("with the nearest region back: %+v", got)
	}
	if again := a.join("arena", "first", "dan", near); again.Server != first.Server || again.Created {
		t.Errorf("the session is not where it was: %+v", again)
	}
}

// A control plane that ends says nothing to anybody; the next one knows the static servers, and the sessions on them
// although nobody could tell it.
func TestStaticServersAndTheirSessionsOutliveTheControlPlane(t *testing.T) {
	cfg := testConfig(t)
	cfg.Demo = false
	a := start(t, cfg)
	one, two := runByHand(t), runByHand(t)
	fleet := staticFleet("old", nil, one.listed("rack-1"), two.listed("rack-2"))
	a.must("ApplyService/Apply", object{"fleets": []object{fleet}, "routes": []object{route("arena", object{"old": 1_000_000})}}, &object{})
	a.become("old.rack-1", "OPEN")
	a.become("old.rack-2", "OPEN")
	where := map[string]string{}
	for i := range 8 {
		key := fmt.Sprintf("room-%d", i)
		where[key] = a.join("arena", key, "ann", nil).Server
	}
	a.must("SessionService/EndSession", object{"route": "arena", "key": "room-7"}, &object{})
	a.stop()

	a = start(t, cfg)
	for key, before := range where {
		got := a.join("arena", key, "bob", object{"maxWait": "10s"})
		if key == "room-7" {
			if !got.Created {
				t.Error("a session that ended came back")
			}
			continue
		}
		if got.Created || got.Server != before {
			t.Errorf("%s was on %s: %+v", key, before, got)
		}
	}
	var session struct {
		Session struct{ Seats []struct{ Player string } }
	}
	a.must("SessionService/GetSession", object{"route": "arena", "key": "room-1"}, &session)
	if len(session.Session.Seats) != 2 {
		t.Errorf("its seats: %+v", session)
	}

	// Taken off the list while it is in use, it is drained first.
	a.must("ApplyService/Apply", object{"fleets": []object{staticFleet("old", nil, two.listed("rack-2"))}}, &object{})
	a.become("old.rack-1", "DRAINING")
	for key, at := range where {
		if at == "old.rack-1" && key != "room-7" {
			a.must("SessionService/EndSession", object{"route": "arena", "key": key}, &object{})
		}
	}
	eventually(t, "rack-1 to go", func() bool {
		var list struct {
			Sessions []struct{ Key, Server string }
		}
		a.must("SessionService/ListSessions", object{}, &list)
		for _, x := range list.Sessions {
			if x.Server == "old.rack-1" {
				a.must("SessionService/EndSession", object{"route": "arena", "key": x.Key}, &object{})
			}
		}
		return a.state("old.rack-1") == "gone"
	})
	if a.state("old.rack-2") != "SERVER_STATE_OPEN" {
		t.Error("the server that stayed on the list is not open")
	}
}

// A server that is run by hand and uses Greenroom's SDK links by the token of its name, checks tickets, and is the same
// server after the control plane's restart.
func TestAHandRunServerLinks(t *testing.T) {
	cfg := testConfig(t)
	cfg.Demo = false
	a := start(t, cfg)
	cfg.Listen = a.listener.Addr().String()
	port := freePort(t)
	listed := object{"name": "rack-9", "linked": true, "endpoints": []object{{"name": "ws", "url": fmt.Sprintf("ws://127.0.0.1:%d/room", port)}}}
	a.must("ApplyService/Apply", object{
		"fleets": []object{staticFleet("old", nil, listed)}, "routes": []object{route(demoRoute, object{"old": 1_000_000})},
	}, &object{})
	var given struct {
		Server string
		Env    map[string]string
	}
	a.must("ServerService/CreateServerToken", object{"fleet": "old", "name": "rack-9"}, &given)
	if given.Server != "old.rack-9" {
		t.Fatalf("given %+v", given)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- roomserver.Run(ctx, roomserver.Config{Logger: slog.New(slog.DiscardHandler), Link: server.Config{
			Server: given.Env["GREENROOM_SERVER"], Fleet: given.Env["GREENROOM_FLEET"], Link: given.Env["GREENROOM_LINK"],
			Token: given.Env["GREENROOM_SERVER_TOKEN"], Host: given.Env["GREENROOM_HOST"], Ports: map[string]int{"ws": port},
		}})
	}()
	stopServer := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("room server: %v", err)
		}
	})
	defer stopServer()
	a.become("old.rack-9", "OPEN")
	room := a.enter("room-1", "ann")
	a.stop()

	a = start(t, cfg)
	a.become("old.rack-9", "OPEN")
	again := a.join(demoRoute, "room-1", "bob", object{"maxWait": "10s"})
	if again.Server != "old.rack-9" || again.Created {
		t.Errorf("after the restart: %+v", again)
	}
	if err := room.Err(); err != nil {
		t.Errorf("the player was cut: %v", err)
	}
	var list struct {
		Sessions []struct{ SeatsClaimed int }
	}
	a.must("SessionService/ListSessions", object{}, &list)
	if len(list.Sessions) != 1 || list.Sessions[0].SeatsClaimed != 1 {
		t.Errorf("sessions: %+v", list)
	}
	room.Close()
	stopServer()
	a.become("old.rack-9", "CORDONED")
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
