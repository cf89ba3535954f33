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
	in := bytes.NewReader(frames.Snapshot(v).Bytes)
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

// Positions, the stage and how many there are come behind what they belong to, in a tick as after a snapshot.
func TestWhatAFrameHolds(t *testing.T) {
	at := wire.MemberPosition{Member: 3, Position: wire.Position{X: -1, Yaw: 64, Data: []byte("hi")}}
	b := room.Batch{
		Presence:  []room.Presence{{Member: 3, Player: "eve"}, {Member: 2, Left: true}},
		States:    []room.State{{State: wire.State{Owner: 3, Version: 1, Flags: wire.Retain, Key: "k", Value: []byte("v")}}},
		Events:    []room.Event{{Event: wire.Event{Offset: 1, From: 3, Name: "e", Payload: []byte("p")}}},
		Positions: []room.MemberPosition{{MemberPosition: at, Player: "eve"}},
		Staged:    []*room.Staged{{Staged: wire.Staged{Serial: 9, Name: "song"}}},
		Occupancy: 2,
	}
	want := []wire.Record{
		wire.Joined{Member: 3, Player: "eve"},
		wire.Left{Member: 2},
		b.States[0].State, b.Events[0].Event,
		wire.Positions{Entries: []wire.MemberPosition{at}},
		wire.Occupancy{Members: 2},
		b.Staged[0].Staged,
	}
	sameRecords(t, frames.Batch(&b).Bytes, want)
	shown := &room.View{Epoch: 1, Positions: b.Positions, Staged: b.Staged, Occupancy: 2}
	sameRecords(t, frames.Snapshot(shown).Bytes, append([]wire.Record{wire.Snapshot{First: true, Last: true, Epoch: 1}}, want[4:]...))
}

// sameRecords holds the records of some frames against want.
func sameRecords(t *testing.T, frames []byte, want []wire.Record) {
	t.Helper()
	var got, expect []byte
	for in := bytes.NewReader(frames); in.Len() > 0; {
		h, err := ws.ReadHeader(in)
		if err != nil {
			t.Fatal(err)
		}
		payload := make([]byte, h.Length)
		_, _ = in.Read(payload)
		got = append(got, payload...)
	}
	for _, r := range want {
		expect = r.Append(expect)
	}
	if !bytes.Equal(got, expect) {
		t.Errorf("got  %x\nwant %x", got, expect)
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
