package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"greenroom.dev/greenroom/internal/link"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/stage"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/sqlite"
	"greenroom.dev/greenroom/internal/ticket"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// concert is a control plane with a stage, and the room servers that link to it over HTTP.
type concert struct {
	t     *testing.T
	facts *memory.Memory
	keys  *ticket.Keys
	store *sqlite.Store
	link  string // file with the control plane's address
	stop  func()
	*stage.Stages
}

func newConcert(t *testing.T) *concert {
	c := &concert{t: t, facts: memory.New(time.Now()), keys: ticket.NewKeys(make([]byte, 32)), link: filepath.Join(t.TempDir(), "link")}
	var err error
	if c.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "greenroom.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.store.Close() })
	for _, route := range []string{"plaza", "voice"} {
		fleets, routes := []model.Fleet{{Name: "rooms"}}, []model.Route{{Name: model.RouteName(route), Fleets: []model.FleetWeight{{Fleet: "rooms"}}}}
		if _, err := c.store.ApplyAll(t.Context(), fleets, routes, false, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c.open()
	t.Cleanup(func() { c.stop() })
	return c
}

// open starts the control plane, or another one in its place.
func (c *concert) open() {
	specs, err := store.NewSpecCache(c.t.Context(), c.store)
	if err != nil {
		c.t.Fatal(err)
	}
	hub := link.New(link.Config{
		Registry: c.facts, Keys: c.keys, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Fleet: specs.Fleet, Shown: func() []model.StageMessage { return c.Shown() },
	})
	if c.Stages, err = stage.New(c.t.Context(), stage.Config{Store: c.store, Route: specs.Route, Audience: hub, Now: time.Now}); err != nil {
		c.t.Fatal(err)
	}
	rpc := connect.NewServer()
	hub.Register(rpc)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, rpc, connecthttp.WithReadMaxBytes(link.MaxMessageBytes))
	web := httptest.NewUnstartedServer(mux)
	web.Config.Protocols = new(http.Protocols)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	if err := os.WriteFile(c.link, []byte(web.URL), 0o600); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	c.stop = func() {
		cancel()
		<-ended
		web.CloseClientConnections()
		web.Close()
	}
}

// serve runs a room server until the test ends.
func (c *concert) serve(id model.ServerID) *served {
	c.t.Helper()
	_, err := c.facts.AddServer(c.t.Context(), model.Server{
		ID: id, Fleet: "rooms", State: model.ServerStarting, SessionCapacity: 3, SeatsPerSession: 8, CreatedAt: time.Now(),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	srv, err := server.New(server.Config{
		Link: sdk.Config{
			Server: string(id), Token: c.keys.ServerToken(id), Link: "http://127.0.0.1:1", LinkFile: c.link, Host: "127.0.0.1",
		},
		Listeners: map[string]net.Listener{"ws": listen(c.t)}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("server ended: %v", err)
		}
	})
	c.eventually(string(id)+" is ready", func() bool { return c.server(id).State == model.ServerReady })
	if _, err = c.facts.SetState(c.t.Context(), id, c.server(id).Generation, registry.StateChange{State: model.ServerOpen, Now: time.Now()}); err != nil {
		c.t.Fatal(err)
	}
	return &served{Server: srv}
}

func (c *concert) server(id model.ServerID) model.Server {
	s, err := c.facts.GetServer(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *concert) eventually(what string, ok func() bool) {
	c.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// listener is a member that writes down what it hears of the stage.
type listener struct {
	*wsClient
	key   string
	heard []string // name=payload
	last  uint64   // serial
}

// enter seats a player in a session of a route and takes it in.
func (c *concert) enter(servers map[model.ServerID]*served, route model.RouteName, key string, player model.PlayerID) *listener {
	c.t.Helper()
	r, err := c.facts.Reserve(c.t.Context(), registry.Reserve{
		Route: route, Key: model.SessionKey(key), Fleets: []model.FleetName{"rooms"}, Players: []model.PlayerID{player},
		Now: time.Now(), ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	l := &listener{wsClient: servers[r.Server].ws(c.t), key: string(route) + "/" + key}
	l.send(wire.Hello{Ticket: ticket.NewSigner(c.keys).Sign(ticket.Claims{
		Server: r.Server, Player: player, Seat: r.Seats[0].ID, Session: r.Session, Generation: r.Generation,
		Capacity: r.SessionCapacity, ExpiresAt: r.Seats[0].ExpiresAt,
	})})
	until(l.wsClient, func(s wire.Snapshot) bool { return s.Last })
	return l
}

// hears reads up to a message of that name, and holds everything heard so far against want.
func (l *listener) hears(name string, want ...string) {
	l.t.Helper()
	for ended := false; !ended; {
		r := until[wire.Staged](l.wsClient, nil)
		l.heard = append(l.heard, fmt.Sprintf("%s=%s", r.Name, r.Payload))
		ended = r.Name == name
		if r.Serial <= l.last && len(r.Payload) > 0 {
			l.t.Errorf("%s: serial %d after %d", l.key, r.Serial, l.last)
		}
		l.last = r.Serial
	}
	if got := strings.Join(l.heard, " "); got != strings.Join(want, " ") {
		l.t.Errorf("%s heard %s, want %s", l.key, got, strings.Join(want, " "))
	}
	l.heard = nil
}

func (c *concert) say(route model.RouteName, space, name, payload string, retain bool) (uint64, model.StageReach) {
	c.t.Helper()
	serial, reach, err := c.Publish(c.t.Context(), model.StageMessage{
		Route: route, Space: space, Name: name, Payload: []byte(payload), Retain: retain,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return serial, reach
}

// Every member of every room of the space hears a message once, nobody else does; late joiners are shown what is
// retained, in rooms of later too, and after a restart of the control plane.
func TestStageOverTheLink(t *testing.T) {
	c := newConcert(t)
	servers := map[model.ServerID]*served{"rooms-1": c.serve("rooms-1"), "rooms-2": c.serve("rooms-2")}
	var inside, outside, elsewhere []*listener
	for i := range 2 {
		player := func(room string) model.PlayerID { return model.PlayerID(fmt.Sprintf("%s-%d", room, i)) }
		for _, key := range []string{"concert", "concert:1", "concert:2"} {
			inside = append(inside, c.enter(servers, "plaza", key, player(key)))
		}
		for _, key := range []string{"concerto", "lobby"} {
			outside = append(outside, c.enter(servers, "plaza", key, player(key)))
		}
		elsewhere = append(elsewhere, c.enter(servers, "voice", "concert:1", player("voice")))
	}
	c.eventually("both servers' rooms are known", func() bool {
		_, reach := c.say("plaza", "", "ping", "", false)
		return reach == model.StageReach{Servers: 2, Rooms: 5}
	})
	c.say("plaza", "", "start", "1", false)
	c.say("voice", "", "start", "1", false)
	for _, l := range slices.Concat(inside, outside, elsewhere) {
		until(l.wsClient, func(r wire.Staged) bool { return r.Name == "start" })
	}

	c.say("plaza", "concert", "light", "red", true)
	c.say("plaza", "concert", "clap", "!", false)
	c.say("plaza", "", "news", "hi", true)
	c.say("voice", "", "end", "1", true)
	serial, _ := c.say("plaza", "", "end", "1", true)
	for _, l := range inside {
		l.hears("end", "light=red", "clap=!", "news=hi", "end=1")
	}
	for _, l := range outside {
		l.hears("end", "news=hi", "end=1")
	}
	for _, l := range elsewhere {
		l.hears("end", "end=1")
	}
	c.enter(servers, "plaza", "concert:1", "late").hears("end", "light=red", "news=hi", "end=1")
	c.say("plaza", "concert", "light", "", true)
	c.enter(servers, "plaza", "lobby", "late").hears("end", "news=hi", "end=1")
	for _, l := range inside {
		l.hears("light", "light=")
	}

	c.stop()
	if err := c.store.ReplaceStaged(t.Context(), nil, []model.StageMessage{{Route: "plaza", Name: "song", Serial: serial + 9, Payload: []byte("aria"), Retain: true}}); err != nil {
		t.Fatal(err) // published while the servers were away
	}
	c.open()
	for _, l := range slices.Concat(inside, outside) {
		l.hears("song", "song=aria")
	}
	again, _ := c.say("plaza", "", "end", "2", true)
	if again <= serial+9 {
		t.Errorf("serial %d after %d", again, serial+9)
	}
	for _, l := range slices.Concat(inside, outside) {
		l.hears("end", "end=2")
	}
	c.enter(servers, "plaza", "concert:2", "late").hears("end", "news=hi", "song=aria", "end=2")
}
