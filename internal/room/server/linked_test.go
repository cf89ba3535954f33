package server_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

// linked is a control plane with a stage, and the room servers that link to it over HTTP.
type linked struct {
	t     *testing.T
	facts *memory.Memory
	keys  *ticket.Keys
	store *sqlite.Store
	link  string // file with the control plane's address
	stop  func()
	specs *store.SpecCache
	*stage.Stages

	servers map[model.ServerID]*served
}

func newLinked(t *testing.T) *linked {
	c := &linked{t: t, facts: memory.New(time.Now()), keys: ticket.NewKeys(make([]byte, 32)), link: filepath.Join(t.TempDir(), "link"), servers: map[model.ServerID]*served{}}
	var err error
	if c.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "greenroom.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.store.Close() })
	for _, route := range []string{"plaza", "voice"} {
		fleets, routes := []model.Fleet{{Name: "rooms"}}, []model.Route{{Name: model.RouteName(route), Fleets: []model.FleetWeight{{Fleet: "rooms"}}}}
		if _, err := c.store.ApplyAll(t.Context(), store.Objects{Fleets: fleets, Routes: routes}, false, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	c.open()
	t.Cleanup(func() { c.stop() })
	return c
}

// open starts the control plane, or another one in its place.
func (c *linked) open() {
	var err error
	if c.specs, err = store.NewSpecCache(c.t.Context(), c.store); err != nil {
		c.t.Fatal(err)
	}
	began := time.Now()
	fast := func() time.Time { return began.Add(1000 * time.Since(began)) } // so that its rate bounds no test
	hub := link.New(link.Config{
		Registry: c.facts, Keys: c.keys, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Fleet: c.specs.Fleet, Shown: func() []model.StageMessage { return c.Shown() },
	})
	if c.Stages, err = stage.New(c.t.Context(), stage.Config{Store: c.store, Route: c.specs.Route, Audience: hub, Now: fast}); err != nil {
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
func (c *linked) serve(id model.ServerID) {
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
		Listeners: map[string]net.Listener{"ws": listen(c.t), "mqtt": listen(c.t)}, Logger: slog.New(slog.DiscardHandler),
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
	c.servers[id] = &served{Server: srv}
}

func (c *linked) server(id model.ServerID) model.Server {
	s, err := c.facts.GetServer(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *linked) eventually(what string, ok func() bool) {
	c.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// seat reserves a seat in a session of a route, and answers its server and ticket.
func (c *linked) seat(route model.RouteName, key string, player model.PlayerID) (*served, string) {
	c.t.Helper()
	r, err := c.facts.Reserve(c.t.Context(), registry.Reserve{
		Route: route, Key: model.SessionKey(key), Fleets: []model.FleetName{"rooms"}, Players: []model.PlayerID{player},
		Now: time.Now(), ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.servers[r.Server], ticket.NewSigner(c.keys).Sign(ticket.Claims{
		Server: r.Server, Player: player, Seat: r.Seats[0].ID, Session: r.Session, Generation: r.Generation,
		Capacity: r.SessionCapacity, ExpiresAt: r.Seats[0].ExpiresAt,
	})
}

// enter seats a player and waits for the snapshot.
func (c *linked) enter(route model.RouteName, key string, player model.PlayerID) (*wsClient, wire.Welcome) {
	c.t.Helper()
	at, ticket := c.seat(route, key, player)
	client := at.ws(c.t)
	client.send(wire.Hello{Ticket: ticket})
	welcome := until[wire.Welcome](client, nil)
	until(client, func(s wire.Snapshot) bool { return s.Last })
	return client, welcome
}
