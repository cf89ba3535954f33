package udp

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/wire"
)

var stranger = netip.MustParseAddrPort("198.51.100.7:5000")

// still is a kernel that takes everything and gives nothing.
type still struct{ datagrams int }

func (*still) close() {}

func (*still) free() {}

func (s *still) receive() (int, error)                 { return 0, net.ErrClosed }
func (s *still) received(int) ([]byte, netip.AddrPort) { return nil, stranger }

func (s *still) send(b *batch, _ bool) (datagrams, bytes, failed int) {
	for _, m := range b.messages {
		datagrams += m.segments
	}
	s.datagrams += datagrams
	return datagrams, 0, 0
}

// quietDoor is a door with one socket that nobody runs.
func quietDoor() (*Door, *socket) {
	d := &Door{conns: map[uint64]*conn{}, shakes: map[dgram.Nonce]*shake{}, entering: make(chan admission, admissions)}
	s := &socket{
		door: d, kernel: &still{}, cookies: dgram.NewCookies(d.seed), replies: newBatch(), out: newBatch(), timers: newTimers(time.Now()), wake: make(chan struct{}, 1),
	}
	return d, s
}

func TestStrangersCostNoMemory(t *testing.T) {
	d, s := quietDoor()
	nonce, part := dgram.Nonce{7}, make([]byte, 200)
	now := time.Now()
	for name, b := range map[string][]byte{
		"request":             dgram.AppendRequest(nil, &nonce, part),
		"a short request":     dgram.AppendRequest(nil, &nonce, part)[:300],
		"made-up response":    dgram.AppendResponse(nil, &dgram.Secrets{}, nonce, dgram.Cookie{1}, part, []byte("hello")),
		"data of nobody":      append([]byte{byte(dgram.KindData)}, make([]byte, 100)...),
		"noise":               {0xff, 1, 2, 3},
		"nothing":             {},
		"what a server sends": dgram.AppendRefuse(nil, &nonce, 4101, "no"),
	} {
		in := make([]byte, len(b))
		n := testing.AllocsPerRun(1000, func() {
			copy(in, b)
			d.datagram(s, in, stranger, now)
			s.answer()
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if len(d.shakes)+len(d.conns)+len(d.entering)+len(s.ready) > 0 || s.timers.used != [wheels]uint64{} {
		t.Error("something is kept")
	}
}

// doorman lets everybody into a room.
type doorman struct {
	room.ConnectGate
	room *room.Room
}

func (g doorman) Admit(string, string) (room.Admission, *room.Refusal) {
	return room.Admission{Room: g.room, Player: "ann", Seat: 1}, nil
}

// pair is a door's connection and the player's end of it, without sockets.
func pair(t testing.TB) (*socket, *conn, *dgram.Endpoint) {
	t.Helper()
	_, s := quietDoor()
	c, player := member(t, s, 4, stranger)
	return s, c, player
}

// member is a connection of s, and its player's end.
func member(t testing.TB, s *socket, id uint64, at netip.AddrPort) (*conn, *dgram.Endpoint) {
	t.Helper()
	d := s.door
	r := room.New(room.Config{Settings: model.RoomSettings{MaxMessagesPerSecond: 1 << 30}}) // nobody ticks it
	d.Gate = doorman{room: r}
	secrets := dgram.Secrets{ToServer: [32]byte{1}, ToPlayer: [32]byte{2}}
	toServer, toPlayer := secrets.Keys(dgram.Nonce{3}, id)
	c := newConn(d, &admission{sock: s, from: at}, id, dgram.Config{
		ID: id, Seal: toPlayer, Open: toServer, Peer: at, Now: time.Now(), Head: []byte{wire.PositionsVersion}, Random: random64,
	})
	if refusal := c.join(wire.Hello{}); refusal != nil {
		t.Fatal(refusal)
	}
	d.register(c, id)
	c.accepted()
	return c, dgram.New(dgram.Config{ID: id, Seal: toServer, Open: toPlayer, Peer: at, Now: time.Now(), Player: true, Random: random64})
}

type deaf struct{}

func (deaf) Stream([]byte) error                 { return nil }
func (deaf) Latest(uint64, uint64, []byte) error { return nil }
func (deaf) Closed(uint16, string)               {}

// A tick of positions to a member, and what comes back: no memory, once the connection is there.
func TestATickCostsNoMemory(t *testing.T) {
	s, c, player := pair(t)
	shared := &room.Shared{Latest: latest(standing(100))}
	buf := make([]byte, dgram.MaxDatagram)
	now := time.Now()
	moves := []wire.Latest{{Bytes: []byte{1, 0, 0, 0, 0, 0, 0, 0, 0}}}
	turn := func() {
		now = now.Add(50 * time.Millisecond)
		if !c.Share(shared, now) {
			t.Fatal("too slow")
		}
		c.Flush()
		s.pump(c, now)
		for _, m := range s.out.messages {
			for at := m.at; at < m.end; at += dgram.MaxDatagram {
				if err := player.Receive(s.out.arena[at:min(at+dgram.MaxDatagram, m.end)], stranger, now, deaf{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.flush(s.out, true)
		s.mu.Lock()
		clear(s.ready)
		s.ready, c.ready = s.ready[:0], false
		s.mu.Unlock()
		now = now.Add(30 * time.Millisecond)
		player.Tell(moves)
		for n := player.Send(buf, now); n > 0; n = player.Send(buf, now) {
			s.door.datagram(s, buf[:n], stranger, now)
		}
	}
	for range 200 {
		turn()
	}
	if n := testing.AllocsPerRun(2000, turn); n >= 1 {
		t.Errorf("%v allocations a tick", n)
	}
}

func standing(n int) []room.MemberPosition {
	all := make([]room.MemberPosition, n)
	for i := range all {
		all[i].Member, all[i].X, all[i].Y = uint64(i+1), int16(i), int16(-i)
	}
	return all
}
