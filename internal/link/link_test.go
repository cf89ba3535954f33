package link

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/ticket"
	"greenroom.dev/greenroom/sdk/go/server"
)

// house is a control plane's registry, keys and hub, and the session servers that link to it.
type house struct {
	t      *testing.T
	facts  *memory.Memory
	keys   *ticket.Keys
	signer *ticket.Signer
	hub    *Hub
	rpc    *connect.Server
	stop   context.CancelFunc
	room   atomic.Pointer[model.RoomSettings]
	flags  atomic.Pointer[[]model.Flag]
	shown  func() []model.StageMessage // by the stages
	waits  atomic.Bool                 // for servers from before a restart
	ahead  atomic.Int64                // of the real clock, the hub's
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, facts: memory.New(time.Now()), keys: ticket.NewKeys(make([]byte, 32))}
	h.signer = ticket.NewSigner(h.keys)
	h.room.Store(&model.RoomSettings{Tick: 20 * time.Millisecond})
	h.flags.Store(&[]model.Flag{})
	h.open()
	return h
}

// open starts the hub, or starts it again.
func (h *house) open() {
	h.hub = New(Config{
		Registry: h.facts, Keys: h.keys, Now: h.now, Shown: h.shown, Recovering: h.waits.Load,
		Fleet: func(model.FleetName) (model.Fleet, bool) {
			return model.Fleet{Spec: model.FleetSpec{Room: *h.room.Load(), Flags: *h.flags.Load()}}, true
		},
	})
	h.rpc = connect.NewServer()
	h.hub.Register(h.rpc)
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.hub.Run(ctx) }()
	h.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
		ended <- nil
	}
	h.t.Cleanup(h.stop)
}

func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

// overHTTP serves the hub on loopback and gives a transport to it.
func (h *house) overHTTP() connect.Transport {
	mux := http.NewServeMux()
	connecthttp.Mount(mux, h.rpc, connecthttp.WithReadMaxBytes(MaxMessageBytes))
	web := httptest.NewUnstartedServer(mux)
	web.Config.Protocols = new(http.Protocols)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	h.t.Cleanup(func() { web.CloseClientConnections(); web.Close() })
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return connecthttp.NewTransport(&http.Client{Transport: &http.Transport{Protocols: protocols}}, web.URL,
		connecthttp.WithReadMaxBytes(MaxMessageBytes))
}

func (h *house) add(id model.ServerID) {
	_, err := h.facts.AddServer(h.t.Context(), model.Server{
		ID: id, Fleet: "rooms", State: model.ServerStarting, SessionCapacity: 4, SeatsPerSession: 3, CreatedAt: time.Now(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// serve runs a session server until the test ends.
func (h *house) serve(id model.ServerID, transport connect.Transport, handler server.Handler) *server.Server {
	srv, err := server.New(server.Config{
		Server: string(id), Token: h.keys.ServerToken(id), Transport: transport, Handler: handler, Version: "v7",
		Endpoints: []*greenroomv1.Endpoint{{Name: "ws", Url: "ws://127.0.0.1:1/" + string(id)}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); <-ended })
	return srv
}

// eventually waits for the registry to change until ok gives true.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			h.t.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}

func (h *house) server(id model.ServerID) model.Server {
	s, err := h.facts.GetServer(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// linked tells whether the hub has a stream of the server.
func (h *house) linked(id model.ServerID) bool {
	_, err := h.hub.stream(id)
	return err == nil
}

// become brings a server to a state as the keeper would.
func (h *house) become(id model.ServerID, state model.ServerState, drain *model.Drain) {
	h.t.Helper()
	_, err := h.facts.SetState(h.t.Context(), id, h.server(id).Generation,
		registry.StateChange{State: state, Reason: "a test", Drain: drain, Now: time.Now()})
	if err != nil {
		h.t.Fatal(err)
	}
}

// join reserves a seat and signs its ticket.
func (h *house) join(player model.PlayerID, key model.SessionKey) (registry.Reservation, string) {
	h.t.Helper()
	r, err := h.facts.Reserve(h.t.Context(), registry.Reserve{
		Route: "plaza", Key: key, Fleets: []model.FleetName{"rooms"}, Players: []model.PlayerID{player}, Now: time.Now(),
		ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r, h.signer.Sign(ticket.Claims{
		Server: r.Server, Player: player, Seat: r.Seats[0].ID, Session: r.Session, Generation: r.Generation,
		Capacity: r.SessionCapacity, ExpiresAt: r.Seats[0].ExpiresAt,
	})
}

func (h *house) claimed(key model.SessionKey) int {
	s, err := h.facts.GetSession(h.t.Context(), model.SessionRef{Route: "plaza", Key: key})
	if errors.Is(err, registry.ErrNotFound) {
		return -1
	}
	return s.SeatsClaimed
}

func TestServerLivesOnItsLink(t *testing.T) {
	for name, transport := range map[string]func(*house) connect.Transport{
		"h2c":        (*house).overHTTP,
		"in process": func(h *house) connect.Transport { return connectinprocess.New(h.rpc) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.add("rooms-1")
			wants := make(chan *greenroomv1.Want, 16)
			kicked := make(chan string, 1)
			srv := h.serve("rooms-1", transport(h), server.Handler{
				Want: func(w *greenroomv1.Want) { wants <- w },
				Kick: func(seat server.Seat, _ string) { kicked <- seat.Player },
			})
			h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
			if s := h.server("rooms-1"); !s.Linked || s.Version != "v7" || len(s.Endpoints) != 1 {
				t.Errorf("server: %+v", s)
			}
			h.become("rooms-1", model.ServerOpen, nil)
			for w := range wants {
				if w.GetState() == greenroomv1.ServerState_SERVER_STATE_OPEN {
					break
				}
			}
			_, annTicket := h.join("ann", "room-1")
			ann, err := srv.Claim(annTicket)
			if err != nil {
				t.Fatal(err)
			}
			r, bobTicket := h.join("bob", "room-1")
			if _, err := srv.Claim(bobTicket); err != nil {
				t.Fatal(err)
			}
			h.eventually("ann and bob are seated", func() bool { return h.claimed("room-1") == 2 })
			if got := srv.Settings(); got.Tick != 20*time.Millisecond || got.MaxStateBytes != model.DefaultMaxStateBytes {
				t.Errorf("settings: %+v", got)
			}
			srv.Release(ann)
			h.eventually("ann left", func() bool { return h.claimed("room-1") == 1 })
			if err := h.hub.Release(t.Context(), r.Server, r.Session, r.Generation, r.Seats[0].ID, "rude"); err != nil {
				t.Error(err)
			}
			if got := <-kicked; got != "bob" {
				t.Errorf("kicked %s", got)
			}
			h.eventually("bob left", func() bool { return h.claimed("room-1") <= 0 })
			drain := model.Drain{StartedAt: time.Now(), HandOverAt: time.Now(), DeadlineAt: time.Now().Add(time.Hour)}
			h.become("rooms-1", model.ServerDraining, &drain)
			if w := <-wants; w.GetDeadlineAt() == nil || !srv.Draining() {
				t.Errorf("want: %v", w)
			}
		})
	}
}

// TestEndOfWhatNobodyEntered: a session ended before anybody came, and its server was not told: its next welcome says so, and a
// ticket that is still about opens nothing (I1).
func TestEndOfWhatNobodyEntered(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	stale := make(chan int, 9)
	srv := h.serve("rooms-1", connectinprocess.New(h.rpc), server.Handler{Welcome: func(w *greenroomv1.Welcome) { stale <- len(w.GetStale()) }})
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	<-stale
	r, token := h.join("ann", "room-1")
	if err := h.facts.EndSession(t.Context(), r.Session, r.Generation, 0, h.now()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.eventually("it reports", h.reports("rooms-1"))
		h.ahead.Add(int64(registry.HearsWithin))
	}
	select {
	case n := <-stale:
		if n != 1 {
			t.Fatalf("the welcome names %d sessions", n)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it did not greet again")
	}
	h.eventually("it reports on the new stream", h.reports("rooms-1"))
	if _, err := srv.Claim(token); err == nil {
		t.Error("the ticket opened it")
	}
}

// TestLostWordIsMadeGood: a server that nobody told of its session's end, while its stream lived on, hears of it all the same.
func TestLostWordIsMadeGood(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	closed := make(chan server.Session, 1)
	srv := h.serve("rooms-1", connectinprocess.New(h.rpc), server.Handler{Close: func(s server.Session, _ string, _ *server.Redirect) { closed <- s }})
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	r, token := h.join("ann", "room-1")
	if _, err := srv.Claim(token); err != nil {
		t.Fatal(err)
	}
	h.eventually("ann is seated", func() bool { return h.claimed("room-1") == 1 })
	if err := h.facts.EndSession(t.Context(), r.Session, r.Generation, 0, h.now()); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first report after the end is where the time begins
		h.eventually("it reports", h.reports("rooms-1"))
		h.ahead.Add(int64(registry.HearsWithin))
	}
	select {
	case s := <-closed:
		if s.Key != "room-1" {
			t.Errorf("%+v was closed", s)
		}
	case <-time.After(10 * time.Second):
		t.Error("it was not told")
	}
	h.eventually("it is linked", func() bool { return h.linked("rooms-1") && h.server("rooms-1").Linked })
}

// reports tells whether the server was heard of since.
func (h *house) reports(id model.ServerID) func() bool {
	last := h.server(id).ReportedAt
	return func() bool { return h.server(id).ReportedAt.After(last) }
}

// TestTicketFromBeforeARestart: one of a seat that the control plane does not know opens nothing that is not here (I1): the session
// may have been placed elsewhere since.
func TestTicketFromBeforeARestart(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	srv := h.serve("rooms-1", connectinprocess.New(h.rpc), server.Handler{})
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	old := ticket.Claims{
		Server: "rooms-1", Player: "ann", Seat: 7, Session: model.SessionRef{Route: "plaza", Key: "room-1"}, Generation: 6, Capacity: 3,
		ExpiresAt: time.Now().Add(time.Minute),
	}
	if _, err := srv.Claim(h.signer.Sign(old)); !errors.Is(err, server.ErrGone) {
		t.Errorf("it opened a session: %v", err)
	}
	_, fresh := h.join("ann", "room-1")
	if _, err := srv.Claim(fresh); err != nil {
		t.Error(err)
	}
}

func TestSessionMovesWithItsState(t *testing.T) {
	h := newHouse(t)
	transport := h.overHTTP()
	h.add("rooms-1")
	h.add("rooms-2")
	redirects := make(chan *server.Redirect, 1)
	opened := make(chan string, 1)
	one := h.serve("rooms-1", transport, server.Handler{
		HandOver: func(context.Context, server.Session) ([]byte, error) { return make([]byte, MaxCopyBytes), nil },
		Close:    func(_ server.Session, _ string, to *server.Redirect) { redirects <- to },
	})
	two := h.serve("rooms-2", transport, server.Handler{
		Open: func(_ context.Context, s server.Session, capacity int, state []byte, complete bool) error {
			if capacity != 3 || !complete || len(state) != MaxCopyBytes {
				return errors.New("not what was handed over")
			}
			opened <- s.Key
			return nil
		},
	})
	h.eventually("both are ready", func() bool {
		return h.server("rooms-1").State == model.ServerReady && h.server("rooms-2").State == model.ServerReady
	})
	h.become("rooms-1", model.ServerOpen, nil)
	r, token := h.join("ann", "room-1")
	if _, err := one.Claim(token); err != nil {
		t.Fatal(err)
	}
	h.become("rooms-2", model.ServerOpen, nil)
	ctx := t.Context()
	number, err := h.facts.BeginMove(ctx, r.Session, r.Generation, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	state, err := h.hub.HandOver(ctx, "rooms-1", r.Session, r.Generation)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := h.facts.CommitMove(ctx, registry.Move{
		Session: r.Session, Gen: r.Generation, Number: number, Fleets: []model.FleetName{"rooms"}, From: "rooms-1", Now: time.Now(),
		ExpiresAt: time.Now().Add(time.Minute),
	})
	if err != nil || moved.Server != "rooms-2" {
		t.Fatal(moved.Server, err)
	}
	open := handover.Opening{Session: r.Session, Generation: moved.Generation, Capacity: 3, State: state, Complete: true}
	if err := h.hub.Open(ctx, "rooms-2", open); err != nil {
		t.Fatal(err)
	}
	if key := <-opened; key != "room-1" {
		t.Errorf("opened %s", key)
	}
	if err := h.facts.FinishMove(ctx, r.Session, moved.Generation, time.Now()); err != nil {
		t.Fatal(err)
	}
	_, next := h.join("ann", "room-1")
	err = h.hub.Close(ctx, "rooms-1", r.Session, r.Generation, "drain", &handover.Redirect{
		Server: "rooms-2", Tickets: []handover.PlayerTicket{{Player: "ann", Ticket: next}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Claim((<-redirects).Tickets["ann"]); err != nil {
		t.Error(err)
	}
	if _, err := one.Claim(token); !errors.Is(err, server.ErrGone) {
		t.Errorf("the old ticket on the old server: %v", err)
	}
	h.eventually("ann sits on rooms-2", func() bool { return h.claimed("room-1") == 1 })
	if last, ok := h.hub.LastCopy(r.Session); !ok || len(last) != MaxCopyBytes {
		t.Errorf("last copy: %d bytes, %v", len(last), ok)
	}
	open.State = []byte("other")
	open.Session.Key = "room-2"
	if err := h.hub.Open(ctx, "rooms-2", open); !errors.Is(err, ErrRefused) {
		t.Errorf("open with a wrong state: %v", err)
	}
	if _, err := h.hub.HandOver(ctx, "rooms-2", r.Session, moved.Generation); !errors.Is(err, registry.ErrStale) {
		t.Errorf("hand over of a session that nobody moves: %v", err)
	}
	if _, err := h.hub.HandOver(ctx, "rooms-9", r.Session, 1); !errors.Is(err, ErrNotLinked) {
		t.Errorf("hand over on a server that is not there: %v", err)
	}
}

func TestCopiesOutliveTheControlPlaneAndEndWithTheSession(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	transport := &switched{}
	transport.to(connectinprocess.New(h.rpc))
	srv := h.serve("rooms-1", transport, server.Handler{})
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	r, token := h.join("ann", "room-1")
	seat, err := srv.Claim(token)
	if err != nil {
		t.Fatal(err)
	}
	srv.Copy(seat.Session, []byte("old"))
	srv.Copy(seat.Session, []byte("new"))
	last := func() string { state, _ := h.hub.LastCopy(r.Session); return string(state) }
	h.eventually("the newest copy is here", func() bool { return last() == "new" })

	h.stop() // and start again, with nothing in memory
	h.facts = memory.New(time.Now())
	h.open()
	transport.to(connectinprocess.New(h.rpc))
	h.add("rooms-1")
	h.eventually("everything is found again", func() bool { return h.claimed("room-1") == 1 && last() == "new" })
	if s := h.server("rooms-1"); s.State != model.ServerOpen {
		t.Errorf("rooms-1 is %v", s.State)
	}
	srv.Ended(seat.Session)
	h.eventually("session and copy are gone", func() bool { return h.claimed("room-1") < 0 && last() == "" })
}

// TestCopyOfALifeThatGaveWay: a session began anew while its server was cut off, and gives way to the one that is played in after the
// next restart. What is kept of its state is what is played.
func TestCopyOfALifeThatGaveWay(t *testing.T) {
	h := newHouse(t)
	play := func(id model.ServerID, player model.PlayerID, state string) (*switched, *server.Server, server.Seat) {
		h.add(id)
		transport := &switched{}
		transport.to(connectinprocess.New(h.rpc))
		srv := h.serve(id, transport, server.Handler{})
		h.eventually("a server is ready", func() bool { return h.linked(id) })
		h.become(id, model.ServerOpen, nil)
		r, token := h.join(player, "room-1")
		seat, err := srv.Claim(token)
		if err != nil || r.Server != id {
			t.Fatalf("a seat on %s: %v", r.Server, err)
		}
		srv.Copy(seat.Session, []byte(state))
		h.eventually("it is known", func() bool { last, _ := h.hub.LastCopy(r.Session); return string(last) == state })
		return transport, srv, seat
	}
	restart := func() {
		h.stop()
		h.facts = memory.New(time.Now())
		h.open()
	}
	last := func() string {
		state, _ := h.hub.LastCopy(model.SessionRef{Route: "plaza", Key: "room-1"})
		return string(state)
	}
	played, _, _ := play("rooms-1", "ann", "played")
	restart() // rooms-1 is cut off
	anew, srv, seat := play("rooms-2", "bob", "anew")
	srv.Release(seat)
	h.eventually("nobody is in it", func() bool { return h.claimed("room-1") == 0 })
	restart()
	h.add("rooms-1")
	h.add("rooms-2")
	anew.to(connectinprocess.New(h.rpc))
	h.eventually("the one that began anew is heard of first", func() bool { return last() == "anew" })
	played.to(connectinprocess.New(h.rpc))
	h.eventually("the state is that of the one that is played in", func() bool { return h.claimed("room-1") == 1 && last() == "played" })
	if s := h.server("rooms-1"); s.Sessions != 1 {
		t.Errorf("rooms-1 has %d sessions", s.Sessions)
	}
}

func TestFrozenSessionGoesOnWhenNobodyMovesIt(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	transport := &switched{}
	transport.to(connectinprocess.New(h.rpc))
	resumed := make(chan string, 1)
	srv := h.serve("rooms-1", transport, server.Handler{
		HandOver: func(context.Context, server.Session) ([]byte, error) { return []byte("all"), nil },
		Resume:   func(s server.Session) { resumed <- s.Key },
	})
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	r, token := h.join("ann", "room-1")
	if _, err := srv.Claim(token); err != nil {
		t.Fatal(err)
	}
	h.eventually("ann is seated", func() bool { return h.claimed("room-1") == 1 })
	number, err := h.facts.BeginMove(t.Context(), r.Session, r.Generation, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.hub.HandOver(t.Context(), "rooms-1", r.Session, r.Generation); err != nil {
		t.Fatal(err)
	}
	restart := func() {
		h.stop()
		h.open()
		transport.to(connectinprocess.New(h.rpc))
		h.eventually("the link is back", func() bool { _, err := h.hub.stream("rooms-1"); return err == nil })
	}
	restart() // the move is still on
	select {
	case <-resumed:
		t.Error("a session on its way went on")
	case <-time.After(50 * time.Millisecond):
	}
	if err := h.facts.AbortMove(t.Context(), r.Session, r.Generation, number, time.Now()); err != nil {
		t.Fatal(err)
	}
	restart() // nobody has told the server
	if got := <-resumed; got != "room-1" {
		t.Errorf("resumed %s", got)
	}
}

// TestFrozenSessionWaitsForNewerOne: after a restart the server that a session moved from is heard of first. Its session goes on
// only once no server is waited for, if it has not turned up elsewhere by then.
func TestFrozenSessionWaitsForNewerOne(t *testing.T) {
	for _, moved := range []bool{false, true} {
		h := newHouse(t)
		h.add("rooms-1")
		h.add("rooms-2")
		old, young := &switched{}, &switched{}
		old.to(connectinprocess.New(h.rpc))
		young.to(connectinprocess.New(h.rpc))
		var resumed, closed atomic.Int32
		srv := h.serve("rooms-1", old, server.Handler{
			HandOver: func(context.Context, server.Session) ([]byte, error) { return []byte("all"), nil },
			Resume:   func(server.Session) { resumed.Add(1) },
			Close:    func(server.Session, string, *server.Redirect) { closed.Add(1) },
		})
		h.serve("rooms-2", young, server.Handler{Open: func(context.Context, server.Session, int, []byte, bool) error { return nil }})
		h.eventually("both are ready", func() bool { return h.linked("rooms-1") && h.linked("rooms-2") })
		h.become("rooms-1", model.ServerOpen, nil)
		r, token := h.join("ann", "room-1")
		if _, err := srv.Claim(token); err != nil {
			t.Fatal(err)
		}
		h.eventually("ann is seated", func() bool { return h.claimed("room-1") == 1 })
		if _, err := h.facts.BeginMove(t.Context(), r.Session, r.Generation, time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.hub.HandOver(t.Context(), "rooms-1", r.Session, r.Generation); err != nil {
			t.Fatal(err)
		}
		if moved {
			if err := h.hub.Open(t.Context(), "rooms-2", handover.Opening{Session: r.Session, Generation: r.Generation + 1000, Capacity: 3}); err != nil {
				t.Fatal(err)
			}
		}
		h.stop()
		h.facts = memory.New(time.Now())
		h.add("rooms-1")
		h.add("rooms-2")
		h.waits.Store(true)
		h.open()
		old.to(connectinprocess.New(h.rpc))
		h.eventually("rooms-1 is back", func() bool { return h.linked("rooms-1") && h.claimed("room-1") == 1 })
		greeted := h.server("rooms-1").ReportedAt
		h.eventually("rooms-1 has reported since", func() bool { return h.server("rooms-1").ReportedAt.After(greeted) })
		if resumed.Load() > 0 {
			t.Error("the session went on before it was known whether it lives elsewhere")
		}
		young.to(connectinprocess.New(h.rpc))
		h.eventually("rooms-2 is back", func() bool { return h.linked("rooms-2") })
		h.waits.Store(false)
		if moved {
			h.eventually("rooms-1 has heard that the session is not its own", func() bool { return closed.Load() == 1 })
		} else {
			h.eventually("the session goes on", func() bool { return resumed.Load() == 1 })
		}
		if moved && resumed.Load() > 0 {
			t.Error("the session went on on both servers")
		}
	}
}

// slowFacts is a registry whose first answer takes its time.
type slowFacts struct {
	*memory.Memory
	slow           atomic.Bool
	looked, answer chan struct{}
}

func (f *slowFacts) GetSession(ctx context.Context, ref model.SessionRef) (model.Session, error) {
	s, err := f.Memory.GetSession(ctx, ref)
	if f.slow.CompareAndSwap(true, false) {
		close(f.looked)
		<-f.answer
	}
	return s, err
}

// TestResumeComesTooLate: a hand-over that is taken back late does not take back the next one.
func TestResumeComesTooLate(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	var frozen, resumed atomic.Int32
	srv := h.serve("rooms-1", connectinprocess.New(h.rpc), server.Handler{
		HandOver: func(context.Context, server.Session) ([]byte, error) { frozen.Add(1); return nil, nil },
		Resume:   func(server.Session) { resumed.Add(1) },
	})
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	r, token := h.join("ann", "room-1")
	if _, err := srv.Claim(token); err != nil {
		t.Fatal(err)
	}
	h.eventually("ann is seated", func() bool { return h.claimed("room-1") == 1 })
	begin := func() (number model.Generation) {
		number, err := h.facts.BeginMove(t.Context(), r.Session, r.Generation, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
	handOver := func() error {
		_, err := h.hub.HandOver(t.Context(), "rooms-1", r.Session, r.Generation)
		return err
	}
	resume := func() error { return h.hub.Resume(t.Context(), "rooms-1", r.Session, r.Generation) }
	want := func(what string, freezes, resumes int32) {
		t.Helper()
		if err := handOver(); err != nil { // one that is frozen answers what it answered before
			t.Fatal(err)
		}
		if f, r := frozen.Load(), resumed.Load(); f != freezes || r != resumes {
			t.Fatalf("%s: frozen %d times and resumed %d times, not %d and %d", what, f, r, freezes, resumes)
		}
	}
	number := begin()
	want("the first hand-over", 1, 0)
	if err := resume(); err != nil {
		t.Error(err)
	}
	want("a word from before the hand-over", 1, 0)
	if err := errors.Join(h.facts.AbortMove(t.Context(), r.Session, r.Generation, number, time.Now()), resume()); err != nil {
		t.Error(err)
	}

	slow := &slowFacts{Memory: h.facts, looked: make(chan struct{}), answer: make(chan struct{})}
	slow.slow.Store(true)
	h.hub.cfg.Registry = slow
	late, handed := make(chan error, 1), make(chan error, 1)
	go func() { late <- resume() }()
	<-slow.looked
	begin()
	go func() { handed <- handOver() }()
	select {
	case err := <-handed:
		t.Errorf("the next hand-over came before the word that was under way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(slow.answer)
	if err := errors.Join(<-late, <-handed); err != nil {
		t.Error(err)
	}
	want("the second hand-over", 2, 1)
}

func TestCopiesOfSessionsThatAreNoMoreAreSweptAway(t *testing.T) {
	c, now := NewCopies(), time.Unix(0, 0)
	a, b := model.SessionRef{Route: "r", Key: "a"}, model.SessionRef{Route: "r", Key: "b"}
	c.Put(a, 2, 1, []byte("a"), now)
	c.Put(b, 1, 5, []byte("b"), now)
	c.Put(b, 1, 4, []byte("older"), now)
	c.Put(a, 1, 9, []byte("older generation"), now)
	if got, _ := c.Get(b); string(got) != "b" {
		t.Errorf("copy of b: %s", got)
	}
	c.sweep(now.Add(time.Hour), func(ref model.SessionRef) bool { return ref == b })
	if _, ok := c.Get(a); ok || c.bytes != 1+copyOverhead {
		t.Errorf("a is still there, %d bytes", c.bytes)
	}
	c.Drop(b, 0)
	if _, ok := c.Get(b); !ok {
		t.Error("an older end dropped a newer copy")
	}
	c.bytes = MaxCopiesBytes
	if c.Put(a, 3, 1, []byte("a"), now) {
		t.Error("a copy beyond the bound was kept")
	}
}
