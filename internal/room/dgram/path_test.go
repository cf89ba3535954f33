package dgram

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

var elsewhere = netip.MustParseAddrPort("203.0.113.9:61000")

// A NAT gives the player a new port in mid-connection: nothing is lost, and nothing comes twice.
func TestAConnectionSurvivesANewAddress(t *testing.T) {
	for seed := range uint64(30) {
		w := newWorld(t, seed, weather{lose: 0.05, delay: 20 * time.Millisecond, vary: 10 * time.Millisecond})
		var want []byte
		for tick := range 40 {
			if tick == 20 {
				w.player.addr = elsewhere
			}
			b := bytes.Repeat([]byte{byte(tick)}, 3000)
			want = append(want, b...)
			w.server.Write(b, Shared, w.now)
			w.server.Tell([]wire.Latest{position(1, uint32(tick))})
			w.player.Tell([]wire.Latest{position(0, uint32(tick))})
			w.run(w.now.Add(50 * time.Millisecond))
		}
		w.run(w.now.Add(5 * time.Second))
		if !bytes.Equal(w.player.stream, want) || w.player.latest[1].value != 39 || w.server.latest[0].value != 39 {
			t.Fatalf("seed %d: %d bytes of %d, stand at %v", seed, len(w.player.stream), len(want), w.player.latest)
		}
		if w.server.Peer() != elsewhere || !w.server.path.proved {
			t.Fatalf("seed %d: the server sends to %v, proved %v", seed, w.server.Peer(), w.server.path.proved)
		}
	}
}

// A player says that it is at somebody else's address. Until an answer comes from there, no more than three times of
// what came is sent, whatever there is to send.
func TestAnAddressThatIsNotProvedGetsLittle(t *testing.T) {
	w := newWorld(t, 1, weather{})
	got := 0
	for tick := range 200 {
		w.server.Write(make([]byte, 5000), Shared, w.now)
		if tick%40 == 0 {
			w.player.Tell([]wire.Latest{position(0, uint32(tick))})
			for _, b := range w.drain(w.player) {
				got += len(b)
				if err := w.server.Receive(b, elsewhere, w.now, w.server); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.run(w.now.Add(50 * time.Millisecond))
		if w.sent[elsewhere] > amplification*got {
			t.Fatalf("%d bytes came, %d were sent", got, w.sent[elsewhere])
		}
	}
	if w.sent[elsewhere] == 0 {
		t.Fatal("nothing was sent, not even a challenge")
	}
}

// An old datagram from somewhere else, and an answer from the wrong place, change nothing.
func TestOnlyTheNewestMovesThePath(t *testing.T) {
	w := newWorld(t, 1, weather{})
	w.player.Tell([]wire.Latest{position(0, 1)})
	old := w.drain(w.player)[0]
	w.player.Tell([]wire.Latest{position(0, 2)})
	for _, b := range w.drain(w.player) {
		_ = w.server.Receive(b, playerAddr, w.now, w.server)
	}
	if err := w.server.Receive(old, elsewhere, w.now, w.server); err != nil || w.server.Peer() != playerAddr {
		t.Fatalf("%v; the server sends to %v", err, w.server.Peer())
	}
	if err := w.server.Receive(w.sealed([]byte{4}), elsewhere, w.now, w.server); err != nil || w.server.Peer() != elsewhere {
		t.Fatalf("%v; the server sends to %v", err, w.server.Peer())
	}
	w.server.path.answered(w.server.path.challenge, playerAddr)
	w.server.path.answered(w.server.path.challenge+1, elsewhere)
	if w.server.path.proved {
		t.Fatal("proved by an answer from another place, or a wrong one")
	}
	// Back at the old place nothing needs to be proved.
	if err := w.server.Receive(w.sealed([]byte{4}), playerAddr, w.now, w.server); err != nil || !w.server.path.proved {
		t.Fatalf("%v; proved %v", err, w.server.path.proved)
	}
}
