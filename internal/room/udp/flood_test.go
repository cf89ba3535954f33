package udp_test

import (
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/ticket"
	"greenroom.dev/greenroom/sdk/go/client"
)

// Ten thousand datagrams of strangers, each from another address: nothing is kept, no token is opened, less is sent than
// came, and whoever plays does not notice.
func TestAFloodOfStrangers(t *testing.T) {
	h := newHouse(t, nil)
	ann := h.enter("ann", h.addr, client.Handler{})
	part, _, err := ticket.SplitSealed(h.token("mallory"))
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.asked = 0
	h.mu.Unlock()
	c := h.door.Counters()
	sentBefore, before := c.SentBytes.Load(), c.Received.Load()
	const datagrams = 10_000
	random := rand.New(rand.NewPCG(1, 2))
	bytes := 0
	for i := range datagrams {
		b := hostile(random, i, part)
		from, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, byte(i>>8), byte(i), 9)}, addrOf(t, h.addr))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = from.Write(b)
		from.Close()
		bytes += len(b)
		if i%64 == 0 {
			sent := uint64(i)
			eventually(t, "the door took what came", func() bool { return c.Received.Load()-before >= sent*9/10 })
		}
	}
	eventually(t, "all were taken", func() bool { return c.Received.Load()-before >= datagrams*9/10 })
	h.mu.Lock()
	asked := h.asked
	h.mu.Unlock()
	if n := h.door.Conns(); n != 1 || asked != 0 {
		t.Errorf("%d connections, %d tokens opened", n, asked)
	}
	if c.Challenged.Load() < datagrams/8 || c.BadCookies.Load() < datagrams/8 || c.Unknown.Load() < datagrams/8 {
		t.Errorf("the flood is none: %d challenged, %d bad cookies, %d unknown", c.Challenged.Load(), c.BadCookies.Load(), c.Unknown.Load())
	}
	if sent := c.SentBytes.Load() - sentBefore; sent >= uint64(bytes) {
		t.Errorf("%d bytes were sent for %d", sent, bytes)
	}
	if err := ann.Move(client.Position{X: 3}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ann plays on", func() bool { p, ok := ann.Position(ann.Member()); return ok && p.X == 3 })
}

// hostile is the i-th datagram of a flood.
func hostile(random *rand.Rand, i int, part []byte) []byte {
	var nonce dgram.Nonce
	for k := range nonce {
		nonce[k] = byte(random.Uint32())
	}
	noise := func(b []byte) []byte {
		for k := range b {
			b[k] = byte(random.Uint32())
		}
		return b
	}
	switch i % 5 {
	case 0:
		return dgram.AppendRequest(nil, &nonce, part)
	case 1:
		return dgram.AppendResponse(nil, &dgram.Secrets{}, nonce, dgram.Cookie(noise(make([]byte, 20))), part, []byte("hello"))
	case 2:
		return append([]byte{byte(dgram.KindData)}, noise(make([]byte, 60+random.IntN(1000)))...)
	case 3:
		return dgram.AppendRequest(nil, &nonce, part)[:100] // it asks for more than it brings
	default:
		return noise(make([]byte, 1+random.IntN(1400)))
	}
}

func addrOf(t *testing.T, s string) *net.UDPAddr {
	t.Helper()
	a, err := net.ResolveUDPAddr("udp4", s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Who shows a token that it has seen on the way, without the keys that its player holds, gets no seat and takes nobody's.
func TestATokenWithoutItsKeys(t *testing.T) {
	h := newHouse(t, nil)
	part, _, err := ticket.SplitSealed(h.token("ann"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUDP("udp4", nil, addrOf(t, h.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	nonce := dgram.Nonce{1}
	buf := make([]byte, 2048)
	exchange := func(b []byte) []byte {
		t.Helper()
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return buf[:n]
	}
	_, cookie, err := dgram.ParseChallenge(exchange(dgram.AppendRequest(nil, &nonce, part)))
	if err != nil {
		t.Fatal(err)
	}
	_, code, _, err := dgram.ParseRefuse(exchange(dgram.AppendResponse(nil, &dgram.Secrets{}, nonce, cookie, part, []byte("hello"))))
	if err != nil || code != 4101 || h.door.Conns() != 0 || h.counters.Joins.Load() != 0 {
		t.Fatalf("code %d, %v; %d connections", code, err, h.door.Conns())
	}
}
