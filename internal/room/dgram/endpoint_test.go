package dgram

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
	"pgregory.net/rapid"
)

// Whatever the link loses, doubles, delays and mixes up: the stream comes in order and once, and in the end everybody
// stands where it stood last.
func TestExactOverABadLink(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		bad := weather{
			lose:   rapid.Float64Range(0, 0.3).Draw(rt, "lose"),
			double: rapid.Float64Range(0, 0.2).Draw(rt, "double"),
			delay:  time.Duration(rapid.IntRange(0, 100).Draw(rt, "delay")) * time.Millisecond,
			vary:   time.Duration(rapid.IntRange(0, 60).Draw(rt, "vary")) * time.Millisecond,
		}
		w := newWorld(t, rapid.Uint64().Draw(rt, "seed"), bad)
		var down, up []byte
		last := map[uint64]uint32{}
		for tick := range rapid.IntRange(1, 60).Draw(rt, "ticks") {
			n := rapid.SampledFrom([]int{0, 0, 1, 30, 500, 4000}).Draw(rt, "bytes")
			b := bytes.Repeat([]byte{byte(tick)}, n)
			down = append(down, b...)
			w.server.Write(b, Shared, w.now)
			var moved []wire.Latest
			for m := range uint64(rapid.IntRange(0, 300).Draw(rt, "moved")) {
				m = m * 7 % 301
				last[m] = uint32(tick)
				moved = append(moved, position(m, uint32(tick)))
			}
			w.server.Tell(moved)
			b = bytes.Repeat([]byte{byte(tick)}, rapid.IntRange(0, 200).Draw(rt, "said"))
			up = append(up, b...)
			w.player.Write(b, Private, w.now)
			w.player.Tell([]wire.Latest{position(0, uint32(tick))})
			last[1000] = uint32(tick)
			w.run(w.now.Add(50 * time.Millisecond))
		}
		w.run(w.now.Add(30 * time.Second))
		if !bytes.Equal(w.player.stream, down) {
			rt.Fatalf("the player has %d bytes, want %d: %v", len(w.player.stream), len(down), firstDifference(w.player.stream, down))
		}
		if !bytes.Equal(w.server.stream, up) {
			rt.Fatalf("the server has %d bytes, want %d", len(w.server.stream), len(up))
		}
		if got := w.server.latest[0].value; got != last[1000] {
			rt.Fatalf("the player stands at %d, want %d", got, last[1000])
		}
		delete(last, 1000)
		for m, want := range last {
			if got := w.player.latest[m]; got.value != want {
				rt.Fatalf("member %d stands at %d, want %d", m, got.value, want)
			}
		}
		if !w.server.Idle() || !w.player.Idle() {
			rt.Fatal("something is still waiting")
		}
	})
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// drain lets s send what it has and answers the datagrams instead of sending them.
func (w *world) drain(s *side) (all [][]byte) {
	for {
		buf := make([]byte, MaxDatagram)
		n := s.Send(buf, w.now)
		if n == 0 {
			return all
		}
		all = append(all, buf[:n])
	}
}

// A player acknowledges positions late, and at once what follows a gap; the stream as soon as ever, whatever came before.
func TestPositionsAreAcknowledgedLate(t *testing.T) {
	w := newWorld(t, 1, weather{})
	tell := func() []byte {
		w.server.Tell([]wire.Latest{position(1, 1)})
		return w.drain(w.server)[0]
	}
	take := func(b []byte, wait time.Duration) {
		t.Helper()
		if err := w.player.Receive(b, serverAddr, w.now, w.player); err != nil {
			t.Fatal(err)
		}
		if got := w.player.Next().Sub(w.now); got != wait {
			t.Fatalf("acknowledges in %v, want %v", got, wait)
		}
	}
	take(tell(), LatestAckDelay)
	if got := w.server.Next().Sub(w.now); got <= LatestAckDelay {
		t.Fatalf("positions are taken for lost after %v", got)
	}
	w.server.Write([]byte("news"), Private, w.now)
	take(w.drain(w.server)[0], PlayerAckDelay)
	if got := w.server.Next().Sub(w.now); got <= PlayerAckDelay {
		t.Fatalf("the stream is taken for lost after %v", got)
	}
	w.now = w.now.Add(PlayerAckDelay)
	if n := len(w.drain(w.player)); n != 1 {
		t.Fatalf("%d acknowledgements", n)
	}
	tell() // is lost
	take(tell(), 0)
}

// An ack does not repeat for ever what the peer knows to have arrived.
func TestAcksAreShort(t *testing.T) {
	w := newWorld(t, 1, weather{delay: 10 * time.Millisecond})
	for tick := range 500 {
		w.server.Tell([]wire.Latest{position(1, uint32(tick))})
		w.player.Tell([]wire.Latest{position(0, uint32(tick))})
		w.run(w.now.Add(50 * time.Millisecond))
	}
	for _, s := range []*side{w.server, w.player} {
		b := s.appendAck(nil, w.now)
		if len(b) > 16 {
			t.Errorf("an ack of %d bytes: % x", len(b), b)
		}
	}
}

// A lost position that has no successor comes again with its value; one that has a successor does not.
func TestOnlyTheLatestIsSentAgain(t *testing.T) {
	w := newWorld(t, 1, weather{delay: 10 * time.Millisecond})
	w.server.Tell([]wire.Latest{position(1, 10), position(2, 10)})
	if n := len(w.drain(w.server)); n != 1 {
		t.Fatalf("%d datagrams", n)
	}
	w.server.Tell([]wire.Latest{position(1, 11)})
	w.run(w.now.Add(time.Second))
	if got := w.player.latest; got[1].value != 11 || got[2].value != 10 || got[2].packet <= got[1].packet {
		t.Fatalf("stand at %v", got)
	}
	if got := w.player.latest[1].packet; got != 2 {
		t.Fatalf("1 was told again in packet %d", got)
	}
}

func TestLatestKeepsOneOfEachMember(t *testing.T) {
	var o outLatest
	o.tell(run{0, []wire.Latest{position(1, 1), position(2, 1), position(3, 1)}})
	o.take(0, 8) // 1 is sent
	o.tell(run{9, []wire.Latest{position(2, 2)}})
	if len(o.due) != 1 || o.due[0].Member != 3 || o.due[0].after != 0 {
		t.Fatalf("due %+v", o.due)
	}
	// 1 and an older 2 were lost.
	o.lose([]run{{0, []wire.Latest{position(1, 1), position(2, 1)}}}, func(func(*run)) {})
	if len(o.due) != 2 || o.due[1].Member != 1 {
		t.Fatalf("after a loss: due %+v", o.due)
	}
	for _, want := range []uint64{3, 1} {
		if r, n := o.take(8, 8); n != 8 || r.entries[0].Member != want || r.after != 0 {
			t.Fatalf("took %+v, want member %d", r, want)
		}
	}
	if o.ready(8) || !o.ready(9) {
		t.Fatal("what was told after 9 is ready at 8, or not at 9")
	}
}

// Positions wait for the stream that was written before them, and are not told after what was written later.
func TestPositionsFollowTheStream(t *testing.T) {
	w := newWorld(t, 1, weather{delay: 40 * time.Millisecond})
	w.server.Write(make([]byte, 100_000), Shared, w.now) // more than the window takes at once
	w.server.Tell([]wire.Latest{position(1, 1)})
	first := len(w.drain(w.server))
	if first != firstWindow {
		t.Fatalf("%d datagrams at once, want %d", first, firstWindow)
	}
	w.run(w.now.Add(3 * time.Second))
	if len(w.player.stream) != 100_000 || w.player.latest[1].value != 1 {
		t.Fatalf("%d bytes, %v", len(w.player.stream), w.player.latest)
	}
	if w.player.after < 100_000 {
		t.Fatalf("told after %d", w.player.after)
	}
}

func TestAFullQueueSaysSinceWhen(t *testing.T) {
	w := newWorld(t, 1, weather{lose: 1})
	w.server.Write(make([]byte, 40_000), Granted, w.now)
	w.run(w.now.Add(time.Second))
	at := w.now
	w.server.Write(make([]byte, 500), Shared, w.now)
	w.server.Write(make([]byte, 100), Private, w.now)
	if n, since := w.server.Queued(); n != 600 || !since.Equal(at) {
		t.Fatalf("%d bytes since %v", n, since)
	}
	if n := w.server.Drop(); n != 500 {
		t.Fatalf("dropped %d", n)
	}
	w.weather.lose = 0
	w.run(w.now.Add(5 * time.Second))
	if len(w.player.stream) != 40_100 || !w.server.Idle() {
		t.Fatalf("%d bytes came", len(w.player.stream))
	}
}

// A peer that acknowledges nothing gets a bounded number of datagrams, fewer and fewer.
func TestSilenceIsAnsweredWithSilence(t *testing.T) {
	w := newWorld(t, 1, weather{lose: 1})
	for range 20 * 30 {
		w.server.Write(make([]byte, 3000), Shared, w.now)
		w.server.Tell([]wire.Latest{position(1, 1)})
		w.run(w.now.Add(50 * time.Millisecond))
		w.server.Drop()
	}
	if w.datagrams > 100 {
		t.Fatalf("%d datagrams in 30 s", w.datagrams)
	}
	w.run(start.Add(DefaultIdle + 1))
	if !w.server.Over() {
		t.Fatal("given up never")
	}
	if n := len(w.drain(w.server)); n != 0 {
		t.Fatalf("%d datagrams after the end", n)
	}
}

func TestKeepAlive(t *testing.T) {
	w := newWorld(t, 1, weather{delay: time.Millisecond})
	w.run(start.Add(10 * time.Minute))
	if w.server.Over() || w.player.Over() {
		t.Fatal("an idle connection ended")
	}
	if w.datagrams > 4*40+4 {
		t.Fatalf("%d datagrams in 10 minutes of silence", w.datagrams)
	}
}

func TestCloseComesAfterTheStream(t *testing.T) {
	for seed := range uint64(50) {
		w := newWorld(t, seed, weather{lose: 0.3, delay: 5 * time.Millisecond, vary: 20 * time.Millisecond})
		w.server.Write(make([]byte, 20_000), Shared, w.now)
		w.server.Close(4001, "the session moved", w.now)
		w.server.Write([]byte("too late"), Shared, w.now)
		w.run(w.now.Add(1900 * time.Millisecond))
		if w.player.code != 4001 || len(w.player.stream) != 20_000 {
			t.Fatalf("seed %d: code %d after %d bytes", seed, w.player.code, len(w.player.stream))
		}
		if w.run(w.now.Add(time.Second)); !w.server.Over() {
			t.Fatalf("seed %d: the server's end goes on", seed)
		}
	}
}

func TestReplayIsRefused(t *testing.T) {
	w := newWorld(t, 1, weather{})
	var tape [][]byte
	for range 3 * ReplayWindow {
		w.player.Tell([]wire.Latest{position(0, 1)})
		tape = append(tape, w.drain(w.player)...)
		b := bytes.Clone(tape[len(tape)-1])
		if err := w.server.Receive(b, playerAddr, w.now, w.server); err != nil {
			t.Fatal(err)
		}
		for _, back := range []int{1, 2, 500, ReplayWindow, ReplayWindow + 1, 2 * ReplayWindow} {
			if back > len(tape) {
				break
			}
			if err := w.server.Receive(bytes.Clone(tape[len(tape)-back]), playerAddr, w.now, w.server); err != ErrReplay {
				t.Fatalf("packet %d of %d again: %v", len(tape)-back, len(tape), err)
			}
		}
		if ack := w.drain(w.server); len(ack) > 0 {
			_ = w.player.Receive(ack[0], serverAddr, w.now, w.player)
		}
		w.now = w.now.Add(100 * time.Millisecond)
	}
}

func TestTheWindowTakesEachOnceInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r received
		came := map[uint64]bool{}
		top := uint64(0)
		for range 300 {
			n := max(1, top+uint64(rapid.IntRange(0, 40).Draw(t, "n"))-uint64(min(top, 30)))
			if rapid.IntRange(0, 99).Draw(t, "leap") == 0 {
				n = top + uint64(rapid.IntRange(1, 3000).Draw(t, "far"))
			}
			want := came[n] || n+ReplayWindow <= top
			if got := r.taken(n); got != want {
				t.Fatalf("packet %d below %d: taken %v, want %v", n, top, got, want)
			}
			if want {
				continue
			}
			r.mark(n)
			came[n] = true
			top = max(top, n)
			bits := r.below(nil, 8*maxAckBytes)
			for d := uint64(1); d <= 256 && d < top; d++ {
				if got := cameBit(d, bits); got != came[top-d] {
					t.Fatalf("the ack of %d says %v of %d", top, got, top-d)
				}
			}
		}
	})
}

func cameBit(below uint64, bits []byte) bool { return came(below, bits) }

func TestSealIsChecked(t *testing.T) {
	w := newWorld(t, 1, weather{})
	w.player.Write([]byte("hello"), Private, w.now)
	good := w.drain(w.player)[0]
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x40
		if err := w.server.Receive(b, playerAddr, w.now, w.server); err == nil {
			t.Fatalf("byte %d changed, and taken", i)
		}
	}
	if len(w.server.stream) != 0 {
		t.Fatal("something was given")
	}
	if err := w.server.Receive(bytes.Clone(good), playerAddr, w.now, w.server); err != nil || string(w.server.stream) != "hello" {
		t.Fatalf("the untouched one: %v, %q", err, w.server.stream)
	}
	if err := w.player.Receive(bytes.Clone(good), serverAddr, w.now, w.player); err != ErrForged {
		t.Fatalf("a player takes what a player sealed: %v", err)
	}
}

// The state that an end keeps is bounded whatever its peer, who has the keys, sends.
func TestAPeerThatBreaksTheProtocol(t *testing.T) {
	for name, frames := range map[string][]byte{
		"unknown frame":              {0x20},
		"ack of what was not sent":   {1, 9, 0, 0},
		"beyond the window":          append([]byte{2, 0x81, 0x80, 4}, 1, 'x'),
		"a length beyond the end":    {2, 0, 9, 'x'},
		"an offset beyond 64 bits":   {2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 'x'},
		"a close with a long reason": append([]byte{7, 1, 0, 0xff, 1}, make([]byte, 255)...),
	} {
		w := newWorld(t, 1, weather{})
		if err := w.server.Receive(w.sealed(frames), playerAddr, w.now, w.server); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t, 1, weather{})
	held := 0
	for i := range 5000 { // one byte out of two
		f := binary.AppendUvarint([]byte{2}, uint64(2*i+1))
		err := w.server.Receive(w.sealed(append(f, 1, 'x')), playerAddr, w.now, w.server)
		if err != nil {
			break
		}
		held++
	}
	if held > maxParts {
		t.Errorf("%d pieces held", held)
	}
}

// sealed is a datagram of the player's with these frames.
func (w *world) sealed(frames []byte) []byte {
	w.player.packet++
	b := append(w.player.header(make([]byte, 0, MaxDatagram)), frames...)
	return w.player.cfg.Seal.Seal(b[:headerBytes], putNonce(&w.player.nonce, w.player.packet), b[headerBytes:], b[:headerBytes])
}
