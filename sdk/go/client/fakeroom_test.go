package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"greenroom.dev/greenroom/internal/room/wire"
)

// fakeRoom is a room server of one player: the test is its room.
type fakeRoom struct {
	url    string
	server *httptest.Server
	visits chan *fakeVisit
	life   context.Context
	die    context.CancelFunc
}

// fakeVisit is one connection, from the room's side.
type fakeVisit struct {
	t    *testing.T
	conn *websocket.Conn
	said chan wire.Record // closed at the connection's end
}

func newFakeRoom(t *testing.T) *fakeRoom {
	t.Helper()
	f := &fakeRoom{visits: make(chan *fakeVisit, 8)}
	f.life, f.die = context.WithCancel(context.Background())
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		v := &fakeVisit{t: t, conn: conn, said: make(chan wire.Record, 4096)}
		f.visits <- v
		v.listen(f.life)
	}))
	f.url = "ws" + strings.TrimPrefix(f.server.URL, "http") + "/room"
	t.Cleanup(f.gone)
	return f
}

// gone: the server's process dies.
func (f *fakeRoom) gone() {
	f.die()
	f.server.Close()
}

func (f *fakeRoom) place(ticket string) Place {
	return Place{URL: f.url, Ticket: ticket, Player: "ann"}
}

func (f *fakeRoom) visit(t *testing.T) *fakeVisit {
	t.Helper()
	select {
	case v := <-f.visits:
		return v
	case <-time.After(5 * time.Second):
		t.Fatal("nobody came")
		return nil
	}
}

func (v *fakeVisit) listen(ctx context.Context) {
	defer close(v.said)
	for {
		_, message, err := v.conn.Read(ctx)
		if err != nil {
			return
		}
		for len(message) > 0 {
			var record wire.Record
			if record, message, err = wire.Decode(message); err != nil {
				v.t.Errorf("the client sent %x: %v", message, err)
				return
			}
			v.said <- record
		}
	}
}

// heard takes the client's next record, which must be a T.
func heard[T wire.Record](v *fakeVisit) T {
	v.t.Helper()
	select {
	case record := <-v.said:
		got, ok := record.(T)
		if !ok {
			v.t.Fatalf("heard %#v, want a %T", record, got)
		}
		return got
	case <-time.After(5 * time.Second):
		v.t.Fatal("the client says nothing")
		panic("unreachable")
	}
}

func (v *fakeVisit) say(records ...wire.Record) {
	v.t.Helper()
	var message []byte
	for _, record := range records {
		message = record.Append(message)
	}
	if err := v.conn.Write(context.Background(), websocket.MessageBinary, message); err != nil {
		v.t.Errorf("the client cannot be told: %v", err)
	}
}

func (v *fakeVisit) close(code wire.CloseCode) { go v.conn.Close(websocket.StatusCode(code), "") }

func (v *fakeVisit) welcome(w wire.Welcome, s wire.Snapshot) {
	w.Member, w.Route, w.Key, w.Player = 7, "plaza", "room-7", "ann"
	s.First, s.Last, s.Epoch, s.Members = true, true, w.Epoch, []wire.Member{{Member: 7, Player: "ann"}}
	v.say(w, s)
}

// watcher is a handler that keeps what it was told.
type watcher struct {
	states   chan StateChange
	events   chan Event
	statuses chan StatusChange
	rejected chan Rejection
}

func newWatcher() *watcher {
	return &watcher{make(chan StateChange, 64), make(chan Event, 64), make(chan StatusChange, 64), make(chan Rejection, 64)}
}

func (w *watcher) handler() Handler {
	return Handler{
		State:  func(c StateChange) { c.Value = append([]byte(nil), c.Value...); w.states <- c },
		Event:  func(e Event) { w.events <- e },
		Status: func(c StatusChange) { w.statuses <- c },
		Reject: func(r Rejection) { w.rejected <- r },
	}
}

func next[T any](t *testing.T, from chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(5 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// enterFake enters a fake room whose events are at offset 4, of epoch 9.
func enterFake(t *testing.T, f *fakeRoom, w *watcher, options Options) (*Room, *fakeVisit) {
	t.Helper()
	options.Handler = w.handler()
	type result struct {
		room *Room
		err  error
	}
	entering := make(chan result, 1)
	go func() {
		room, err := Enter(t.Context(), f.place("t1"), options)
		entering <- result{room, err}
	}()
	v := f.visit(t)
	if hello := heard[wire.Hello](v); hello != (wire.Hello{Ticket: "t1"}) {
		t.Fatalf("came with %+v", hello)
	}
	v.welcome(wire.Welcome{Epoch: 9, Offset: 4}, wire.Snapshot{
		Offset: 4, Entries: []wire.Entry{{Key: "door", Owner: 3, Version: 1, Flags: wire.Retain, Value: []byte("shut")}},
	})
	got := next(t, entering)
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(got.room.Close)
	if status := next(t, w.statuses); status.Status != Open || status.Away != 0 {
		t.Fatalf("status %+v", status)
	}
	return got.room, v
}
