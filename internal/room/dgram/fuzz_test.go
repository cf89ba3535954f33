package dgram

import (
	"bytes"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// FuzzHandshake: whatever comes before a connection is there.
func FuzzHandshake(f *testing.F) {
	f.Add(AppendRequest(nil, &nonce, shown))
	f.Add(AppendChallenge(nil, &nonce, &Cookie{1}))
	f.Add(AppendResponse(nil, &secrets, nonce, Cookie{1}, shown, []byte("hello")))
	_, toPlayer := secrets.Keys(nonce, 5)
	f.Add(AppendAccept(nil, toPlayer, &nonce, 5))
	f.Add(AppendRefuse(nil, &nonce, 4101, "no"))
	f.Add(append([]byte{0x11}, bytes.Repeat([]byte{0xff}, MaxDatagram)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		KindOf(b)
		ConnectionOf(b)
		if n, part, err := ParseRequest(b); err == nil && !bytes.HasPrefix(b, bytes.TrimRight(AppendRequest(nil, &n, part), "\x00")) {
			t.Fatal("a request reads as another one")
		}
		if r, err := ParseResponse(b); err == nil {
			_, _ = r.Hello(&secrets)
		}
		if n, c, err := ParseChallenge(b); err == nil && !bytes.Equal(AppendChallenge(nil, &n, &c), b) {
			t.Fatal("a challenge reads as another one")
		}
		_, _, _, _ = ParseAccept(b, &secrets, nonce)
		if n, code, reason, err := ParseRefuse(b); err == nil && !bytes.Equal(AppendRefuse(nil, &n, code, reason), b) {
			t.Fatal("a refuse reads as another one")
		}
		if !bytes.Equal(b, before) {
			t.Fatal("the input was changed")
		}
	})
}

// FuzzFrames: whatever a peer that has the keys seals.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{1, 1, 0, 1, 1, 2, 0, 3, 'a', 'b', 'c'})
	f.Add([]byte{3, 0, 8, 1, 0, 0, 0, 2, 0, 0, 0, 4})
	f.Add([]byte{5, 1, 2, 3, 4, 5, 6, 7, 8, 6, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{7, 0xa1, 0x1f, 3, 2, 'n', 'o', 0, 0, 0})
	f.Add([]byte{2, 5, 3, 'd', 'e', 'f', 2, 0, 5, 'a', 'b', 'c', 'x', 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxDatagram-headerBytes-tagBytes {
			return
		}
		w := newWorld(t, 1, weather{})
		w.server.Write(make([]byte, 3000), Shared, w.now)
		w.server.Tell([]wire.Latest{position(1, 1), position(2, 1)})
		w.drain(w.server)
		for range 3 {
			if err := w.server.Receive(w.sealed(b), playerAddr, w.now, w.server); err != nil {
				return
			}
			w.now = w.now.Add(30 * time.Millisecond)
			if n := len(w.drain(w.server)); n > 100 {
				t.Fatalf("%d datagrams for one", n)
			}
		}
		if e := w.server.Endpoint; e.flight.open < 0 || e.out.waiting < 0 || e.out.counted < 0 || len(e.in.parts) > maxParts {
			t.Fatalf("the state is not sound: %+v", e)
		}
	})
}
