package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rooms is a room server with all doors that a load can take.
type rooms struct {
	plane    *server.Standalone
	ws, mqtt string
	udp      string
}

func newRooms(t *testing.T, settings model.RoomSettings) rooms {
	t.Helper()
	listeners := map[string]net.Listener{}
	for _, door := range []string{"ws", "mqtt"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners[door] = l
	}
	datagrams, err := udp.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := rooms{
		&server.Standalone{Room: settings}, listeners["ws"].Addr().String(), listeners["mqtt"].Addr().String(),
		datagrams[0].LocalAddr().String(),
	}
	s, err := server.New(server.Config{
		Standalone: r.plane, Listeners: listeners, PacketListeners: map[string][]*net.UDPConn{udp.Endpoint: datagrams},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return r
}

func (r rooms) ticket(i int) string {
	return r.plane.Ticket(model.SessionRef{Route: "load", Key: "room"}, model.PlayerID(fmt.Sprintf("p%d", i)), 100)
}

func (r rooms) webSocket(i int) *WebSocket {
	return &WebSocket{Host: r.ws, Ticket: r.ticket(i), Key: fmt.Sprintf("pos/p%d", i), Body: Padded(32)}
}

func (r rooms) stock(i int) *MQTT {
	name := fmt.Sprintf("p%d", i)
	return &MQTT{User: name, Password: r.ticket(i), Topic: "r/room/s/pos/" + name, Filter: "r/room/s/#", Body: Padded(32)}
}

func (r rooms) datagrams(i int) *UDP {
	token := r.plane.ConnectToken(model.SessionRef{Route: "load", Key: "room"}, model.PlayerID(fmt.Sprintf("p%d", i)), 100)
	return &UDP{Token: token, Stamped: true, Position: func(stamp int64) wire.Position { return wire.Position{X: int16(stamp)} }}
}

func dialUDP(addr string, w Wire) (net.Conn, Wire, error) {
	conn, err := net.Dial("udp", addr)
	return conn, w, err
}

func dial(addr string, w Wire) (net.Conn, Wire, error) {
	conn, err := net.Dial("tcp", addr)
	return conn, w, err
}

// until has the crowd go on until the result is as wanted, for 10 s at most.
func until(t *testing.T, c *Crowd, enough func(Result) bool) Result {
	t.Helper()
	for tick, end := time.NewTicker(20*time.Millisecond), time.Now().Add(10*time.Second); ; <-tick.C {
		if r := c.End(); enough(r) || time.Now().After(end) {
			tick.Stop()
			return r
		}
	}
}

// TestAllWires: everybody receives what everybody sends, whichever door they came by.
func TestAllWires(t *testing.T) {
	r := newRooms(t, model.RoomSettings{Tick: 10 * time.Millisecond})
	both := func(i int) Wire { // a state and a position at once, and events
		w := r.webSocket(i)
		w.Stamped, w.EventEvery = true, 3
		w.Position = func(int64) wire.Position { return wire.Position{X: int16(i)} }
		return w
	}
	for name, dialer := range map[string]func(i int) (net.Conn, Wire, error){
		"mqtt":      func(i int) (net.Conn, Wire, error) { return dial(r.mqtt, r.stock(i)) },
		"websocket": func(i int) (net.Conn, Wire, error) { return dial(r.ws, r.webSocket(i)) },
		"udp":       func(i int) (net.Conn, Wire, error) { return dialUDP(r.udp, r.datagrams(i)) },
		"both":      func(i int) (net.Conn, Wire, error) { return dial(r.ws, both(i)) },
	} {
		t.Run(name, func(t *testing.T) {
			const members = 6
			c := New(Config{Hz: 20, Sample: 2, Dial: func(_ context.Context, i int) (net.Conn, Wire, error) { return dialer(i) }})
			defer c.Close()
			if err := c.Resize(t.Context(), members); err != nil {
				t.Fatal(err)
			}
			c.Begin()
			got := until(t, c, func(r Result) bool { return r.Sent >= 60 && r.Delivered >= 60*members/2 })
			most := (got.Sent + members) * members
			if name == "both" {
				most *= 2
			}
			if got.Sent < 60 || got.Delivered < 60*members/2 || got.Delivered > most {
				t.Errorf("%d sent, %d delivered to %d members", got.Sent, got.Delivered, members)
			}
			if p50 := got.Latency.Quantile(0.5); got.Latency.Count() == 0 || p50 <= 0 || p50 > time.Second {
				t.Errorf("%d latencies, p50 %v", got.Latency.Count(), p50)
			}
			if got.Lost != 0 || got.Gaps != 0 || got.Bytes == 0 || got.Late.Count() != got.Sent {
				t.Errorf("lost %d (%v), %d gaps, %d bytes, %d of %d updates timed", got.Lost, got.Why, got.Gaps, got.Bytes, got.Late.Count(), got.Sent)
			}
		})
	}
}

func TestCrowdShrinksAndGrows(t *testing.T) {
	r := newRooms(t, model.RoomSettings{})
	c := New(Config{Hz: 50, Polite: true, Dial: func(_ context.Context, i int) (net.Conn, Wire, error) { return dial(r.ws, r.webSocket(i)) }})
	defer c.Close()
	for _, n := range []int{3, 1, 4, 2} {
		if err := c.Resize(t.Context(), n); err != nil || c.Len() != n {
			t.Fatalf("%d of %d members: %v", c.Len(), n, err)
		}
		c.Begin()
		if got := until(t, c, func(r Result) bool { return r.Delivered > 20 }); got.Members != n || got.Lost != 0 || got.Delivered <= 20 {
			t.Errorf("%d of %d members, %d lost (%v), %d delivered", got.Members, n, got.Lost, got.Why, got.Delivered)
		}
	}
}

// TestRefusedMemberIsNamed: who does not get in is told with its number, and the others stay.
func TestRefusedMemberIsNamed(t *testing.T) {
	r := newRooms(t, model.RoomSettings{})
	c := New(Config{Dial: func(_ context.Context, i int) (net.Conn, Wire, error) {
		w := r.webSocket(i)
		if i == 2 {
			w.Ticket = "forged"
		}
		return dial(r.ws, w)
	}})
	defer c.Close()
	if err := c.Resize(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	err := c.Resize(t.Context(), 5)
	if err == nil || c.Len() < 2 || c.Len() > 4 {
		t.Fatalf("%d members, error %v", c.Len(), err)
	}
	if want := "member 3: the room closed the connection: 4101"; len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("%q does not begin with %q", err, want)
	}
}

// TestWhoGotInStays: that the first is refused sends nobody away, and its number is the next one's.
func TestWhoGotInStays(t *testing.T) {
	r := newRooms(t, model.RoomSettings{})
	var mu sync.Mutex
	entered, refused := 0, false
	others := make(chan struct{})
	c := New(Config{Dial: func(_ context.Context, i int) (net.Conn, Wire, error) {
		mu.Lock()
		defer mu.Unlock()
		if i == 0 && !refused {
			refused = true
			mu.Unlock()
			<-others
			mu.Lock()
			return nil, nil, errors.New("full")
		}
		if entered++; entered == 3 {
			close(others)
		}
		return dial(r.ws, r.webSocket(i))
	}})
	defer c.Close()
	if err := c.Resize(t.Context(), 4); err == nil || c.Len() != 3 {
		t.Fatalf("%d members, error %v", c.Len(), err)
	}
	if err := c.Resize(t.Context(), 4); err != nil || c.Len() != 4 || c.members[0].i != 0 {
		t.Fatalf("%d members, error %v", c.Len(), err)
	}
}

// TestSeatGivenBackIsJoinedAnew: who comes back at once is handed the seat that is free by now, and joins once more.
func TestSeatGivenBackIsJoinedAnew(t *testing.T) {
	r := newRooms(t, model.RoomSettings{})
	old, dials := r.ticket(0), 0
	c := New(Config{Polite: true, Dial: func(_ context.Context, i int) (net.Conn, Wire, error) {
		w := r.webSocket(i)
		if dials++; dials < 3 {
			w.Ticket = old
		}
		return dial(r.ws, w)
	}})
	defer c.Close()
	for _, n := range []int{1, 0, 1} {
		if err := c.Resize(t.Context(), n); err != nil || c.Len() != n {
			t.Fatalf("%d members, %d wanted: %v", c.Len(), n, err)
		}
	}
	if dials != 3 {
		t.Errorf("dialled %d times", dials)
	}
}

// TestViewFollows: a view holds everybody who is there.
func TestViewFollows(t *testing.T) {
	r := newRooms(t, model.RoomSettings{})
	view := &View{}
	c := New(Config{Dial: func(_ context.Context, i int) (net.Conn, Wire, error) {
		w := r.webSocket(i)
		if i == 0 {
			w.View = view
		}
		return dial(r.ws, w)
	}})
	defer c.Close()
	if err := c.Resize(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(Result) bool { return len(view.Look().Members) == 4 })
	if seen := view.Look(); len(seen.Members) != 4 || seen.Members[seen.Me] != "p0" {
		t.Errorf("%+v", seen)
	}
}
