package ws

import (
	"bufio"
	"bytes"
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// One frame's bytes are what gobwas/ws makes of the same payload, at every length of header.
func TestFrame(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 1<<16 - 1, 1 << 16} {
		payload := bytes.Repeat([]byte{7}, n)
		got := frame(append(make([]byte, headRoom), payload...))
		if want := ws.MustCompileFrame(ws.NewBinaryFrame(payload)); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: header %x, want %x", n, got[:len(got)-n], want[:len(want)-n])
		}
	}
}

// A large room's snapshot comes in parts: the first has the members, the last says so, together they are all there is.
func TestSnapshotInParts(t *testing.T) {
	v := &room.View{Epoch: 1, Offset: 2, Members: []wire.Member{{Member: 1, Player: "ann"}}}
	for i := range 200 {
		v.States = append(v.States, room.State{State: wire.State{Key: string(rune('a' + i)), Value: make([]byte, 1000)}})
	}
	in := bytes.NewReader(encoder{}.Snapshot(v).Bytes)
	parts, entries := 0, 0
	for in.Len() > 0 {
		h, err := ws.ReadHeader(in)
		if err != nil {
			t.Fatal(err)
		}
		payload := make([]byte, h.Length)
		_, _ = in.Read(payload)
		r, rest, err := wire.Decode(payload)
		s, ok := r.(wire.Snapshot)
		if err != nil || !ok || len(rest) > 0 {
			t.Fatalf("part %d: %T, %v", parts, r, err)
		}
		if s.First != (parts == 0) || s.Last != (in.Len() == 0) || len(s.Members) > 0 != s.First {
			t.Errorf("part %d: first %v, last %v, %d members", parts, s.First, s.Last, len(s.Members))
		}
		parts++
		entries += len(s.Entries)
	}
	if parts < 5 || parts > 10 || entries != 200 {
		t.Errorf("%d entries in %d parts", entries, parts)
	}
}

// Whatever a client sends, a message is within the limit or the connection ends.
func FuzzMessage(f *testing.F) {
	add := func(frames ...ws.Frame) {
		var b bytes.Buffer
		for _, fr := range frames {
			_ = ws.WriteFrame(&b, ws.MaskFrame(fr))
		}
		f.Add(b.Bytes())
	}
	add(ws.NewBinaryFrame([]byte("hello")))
	add(ws.NewFrame(ws.OpBinary, false, []byte("he")), ws.NewPingFrame(nil), ws.NewFrame(ws.OpContinuation, true, []byte("llo")))
	add(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye")))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &conn{limit: 100, in: bufio.NewReader(bytes.NewReader(b)), out: room.NewOutbox(1 << 20), heard: &room.Listener{}}
		for {
			msg, err := c.message()
			if err != nil {
				return
			}
			if len(msg) > c.limit {
				t.Fatalf("a message of %d bytes", len(msg))
			}
		}
	})
}
