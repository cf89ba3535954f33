package udp_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
	"greenroom.dev/greenroom/sdk/go/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const serverName = "plaza-abcd1234"

// house is one room behind a UDP door, and who may come in.
type house struct {
	t        *testing.T
	room     *room.Room
	door     *udp.Door
	addr     string
	keys     *ticket.Keys
	counters room.Counters

	mu    sync.Mutex
	seats uint64
	asked int // tokens opened
}

// newHouse opens a room and a door; change, if not nil, changes what they are made with.
func newHouse(t *testing.T, change func(*room.Config, *udp.Door)) *house {
	t.Helper()
	h := &house{t: t, keys: ticket.NewKeys(make([]byte, 32))}
	cfg := room.Config{
		Session: model.SessionRef{Route: "plaza", Key: "room-7"}, Epoch: 9, Counters: &h.counters,
		Settings: model.RoomSettings{Tick: 20 * time.Millisecond},
	}
	h.door = &udp.Door{Gate: h, Linger: 200 * time.Millisecond}
	if change != nil {
		change(&cfg, h.door)
	}
	h.room = room.New(cfg)
	conns, err := udp.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = conns[0].LocalAddr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.room.Run(ctx) })
	running.Go(func() {
		if err := h.door.Serve(ctx, conns...); err != nil {
			t.Errorf("the door: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		h.door.Close()
	})
	return h
}

func (h *house) key() []ticket.Key { return []ticket.Key{h.keys.ServerKey(serverName)} }

func (h *house) Admit(shown, _ string) (room.Admission, *room.Refusal) {
	c, err := ticket.Read(shown, h.key(), serverName, time.Now(), false)
	if err != nil {
		return room.Admission{}, &room.Refusal{Code: wire.CloseBadTicket, Reason: err.Error()}
	}
	return room.Admission{Room: h.room, Player: string(c.Player), Seat: uint64(c.Seat)}, nil
}

func (h *house) OpenConnect(part []byte) (ticket.DirectionKeys, *room.Refusal) {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	_, keys, err := ticket.Open(part, h.key(), serverName, time.Now(), false)
	if err != nil {
		return keys, &room.Refusal{Code: wire.CloseBadTicket, Reason: err.Error()}
	}
	return keys, nil
}

// token is a connect token for a new seat.
func (h *house) token(player string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seats++
	return ticket.NewSigner(h.keys).Seal(ticket.Claims{
		Server: serverName, Player: model.PlayerID(player), Seat: model.SeatID(h.seats),
		Session: model.SessionRef{Route: "plaza", Key: "room-7"}, Generation: 1, Capacity: 2000, ExpiresAt: time.Now().Add(time.Hour),
	})
}

// enter has a player come in by way of addr.
func (h *house) enter(player, addr string, handler client.Handler) *client.Room {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := client.Enter(ctx, client.Place{URL: "udp://" + addr, Ticket: h.token(player), Player: player}, client.Options{Handler: handler})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(r.Close)
	return r
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(8 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

// road is a way between players and the house on real sockets, that loses, doubles, delays and mixes up datagrams. Each
// player has a socket of its own on the far side, as behind a NAT.
type road struct {
	t      *testing.T
	near   *net.UDPConn
	server *net.UDPAddr
	bad    badness

	mu     sync.Mutex
	random *rand.Rand
	far    map[netip.AddrPort]*net.UDPConn
	closed bool
	wait   sync.WaitGroup
}

// badness is in parts of one, and a delay that varies.
type badness struct {
	lose, double float64
	delay, vary  time.Duration
}

func newRoad(t *testing.T, to string, bad badness) *road {
	t.Helper()
	near, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	_ = near.SetReadBuffer(4 << 20)
	server, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	r := &road{t: t, near: near, server: server, bad: bad, random: rand.New(rand.NewPCG(1, 2)), far: map[netip.AddrPort]*net.UDPConn{}}
	r.wait.Go(r.there)
	t.Cleanup(r.close)
	return r
}

func (r *road) addr() string { return r.near.LocalAddr().String() }

func (r *road) close() {
	r.mu.Lock()
	r.closed = true
	r.near.Close()
	for _, c := range r.far {
		c.Close()
	}
	r.mu.Unlock()
	r.wait.Wait()
}

func (r *road) there() {
	buf := make([]byte, 2048)
	for {
		n, from, err := r.near.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if c := r.farSide(from); c != nil {
			r.drive(append([]byte(nil), buf[:n]...), func(b []byte) { _, _ = c.Write(b) })
		}
	}
}

// farSide is the player's socket towards the house.
func (r *road) farSide(player netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.far[player]
	if c != nil || r.closed {
		return c
	}
	c, err := net.DialUDP("udp4", nil, r.server)
	if err != nil {
		r.t.Error(err)
		return nil
	}
	_ = c.SetReadBuffer(4 << 20)
	r.far[player] = c
	r.wait.Go(func() {
		buf := make([]byte, 2048)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			r.drive(append([]byte(nil), buf[:n]...), func(b []byte) { _, _ = r.near.WriteToUDPAddrPort(b, player) })
		}
	})
	return c
}

// rebind gives every player a new port on the far side. What is on its way to the old ones is lost.
func (r *road) rebind() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for player, c := range r.far {
		c.Close()
		delete(r.far, player)
	}
}

func (r *road) drive(b []byte, out func([]byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	copies := 1
	if r.random.Float64() < r.bad.double {
		copies = 2
	}
	for range copies {
		if r.closed || r.random.Float64() < r.bad.lose {
			continue
		}
		delay := r.bad.delay
		if r.bad.vary > 0 {
			delay += time.Duration(r.random.Int64N(int64(r.bad.vary)))
		}
		if delay == 0 {
			out(b)
			continue
		}
		r.wait.Add(1)
		time.AfterFunc(delay, func() { defer r.wait.Done(); out(b) })
	}
}

func closedError(err error) *client.ClosedError {
	var closed *client.ClosedError
	if errors.As(err, &closed) {
		return closed
	}
	return nil
}

func otherToken() string {
	return ticket.NewSigner(ticket.NewKeys([]byte("another master key, 32 bytes long"))).Seal(ticket.Claims{
		Server: serverName, Player: "ann", Seat: 1, Session: model.SessionRef{Route: "plaza", Key: "room-7"},
		Generation: 1, Capacity: 10, ExpiresAt: time.Now().Add(time.Hour),
	})
}

// lose loses such a part of all datagrams from now on.
func (r *road) lose(part float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bad.lose = part
}
