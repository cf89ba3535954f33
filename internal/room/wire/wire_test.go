package wire_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"

	"pgregory.net/rapid"
)

var (
	name    = rapid.StringN(0, 30, wire.MaxName)
	number  = rapid.Uint64()
	payload = rapid.Custom(func(t *rapid.T) []byte {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
		if b == nil {
			return []byte{}
		}
		return b
	})
	millis = rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 1<<20).Draw(t, "ms")) * time.Millisecond
	})
)

func anyRecord(t *rapid.T) wire.Record {
	n := func() uint64 { return number.Draw(t, "n") }
	s := func() string { return name.Draw(t, "s") }
	p := func() []byte { return payload.Draw(t, "p") }
	yes := func() bool { return rapid.Bool().Draw(t, "b") }
	d := func() time.Duration { return millis.Draw(t, "d") }
	makers := []func() wire.Record{
		func() wire.Record { return wire.Hello{Resume: yes(), Epoch: n(), Offset: n(), Ticket: s()} },
		func() wire.Record {
			return wire.SetState{Seq: n(), Flags: wire.Retain | wire.Check, Expect: n(), TTL: d(), Key: s(), Value: p()}
		},
		func() wire.Record { return wire.SetState{Seq: n(), Flags: wire.Delete, Key: s(), Value: []byte{}} },
		func() wire.Record { return wire.SendEvent{Seq: n(), Name: s(), Payload: p()} },
		func() wire.Record {
			return wire.SendSignal{Seq: n(), To: rapid.SliceOfN(number, 1, 256).Draw(t, "to"), Name: s(), Payload: p()}
		},
		func() wire.Record { return wire.Leave{} },
		func() wire.Record { return wire.Ping{Nonce: n()} },
		func() wire.Record {
			return wire.Welcome{
				Recovered: yes(), Member: n(), Epoch: n(), Offset: n(), LastSeq: n(), Tick: d(),
				MaxMessageBytes: rapid.IntRange(0, 1<<20).Draw(t, "max"), Route: s(), Key: s(), Player: s(),
				Interest: yes(), PositionStep: n(), FarEvery: d(),
			}
		},
		func() wire.Record { return anySnapshot(t) },
		func() wire.Record {
			return wire.State{Owner: n(), Version: n(), Flags: wire.Retain, Key: s(), Value: p()}
		},
		func() wire.Record { return wire.Event{Offset: n(), From: n(), Name: s(), Payload: p()} },
		func() wire.Record { return wire.Signal{From: n(), Name: s(), Payload: p()} },
		func() wire.Record { return wire.Joined{Member: n(), Player: s()} },
		func() wire.Record { return wire.Left{Member: n()} },
		func() wire.Record { return wire.Ack{Seq: n()} },
		func() wire.Record { return wire.Reconnect{After: d(), URL: s(), Ticket: s(), Reason: s()} },
		func() wire.Record { return wire.Resync{Reason: s()} },
		func() wire.Record { return wire.Pong{Nonce: n()} },
		func() wire.Record { return wire.Reject{Seq: n(), Code: wire.RejectFull, Sentence: s()} },
		func() wire.Record { return wire.SendPosition{Serial: n(), Position: anyPosition(t)} },
		func() wire.Record { return anyPositions(t) },
		func() wire.Record { return wire.Occupancy{Members: n()} },
		func() wire.Record { return wire.Staged{Serial: n(), Retain: yes(), Name: s(), Payload: p()} },
	}
	return makers[rapid.IntRange(0, len(makers)-1).Draw(t, "kind")]()
}

func anySnapshot(t *rapid.T) wire.Snapshot {
	r := wire.Snapshot{
		First: rapid.Bool().Draw(t, "first"), Last: rapid.Bool().Draw(t, "last"),
		Epoch: number.Draw(t, "epoch"), Offset: number.Draw(t, "offset"),
	}
	for range rapid.IntRange(0, 20).Draw(t, "members") {
		r.Members = append(r.Members, wire.Member{Member: number.Draw(t, "m"), Player: name.Draw(t, "player")})
	}
	for range rapid.IntRange(0, 20).Draw(t, "entries") {
		r.Entries = append(r.Entries, wire.Entry{
			Key: name.Draw(t, "key"), Owner: number.Draw(t, "owner"), Version: number.Draw(t, "version"),
			Flags: wire.Retain, Value: payload.Draw(t, "value"),
		})
	}
	return r
}

func anyPosition(t *rapid.T) wire.Position {
	p := wire.Position{
		X: rapid.Int16().Draw(t, "x"), Y: rapid.Int16().Draw(t, "y"), Z: rapid.Int16().Draw(t, "z"),
		Yaw: rapid.Uint8().Draw(t, "yaw"),
	}
	if data := rapid.SliceOfN(rapid.Byte(), 0, wire.MaxPositionData).Draw(t, "data"); len(data) > 0 {
		p.Data = data
	}
	return p
}

func anyPositions(t *rapid.T) wire.Positions {
	var r wire.Positions
	for range rapid.IntRange(0, 20).Draw(t, "entries") {
		r.Entries = append(r.Entries, wire.MemberPosition{
			Member: rapid.Uint64Range(0, 1<<62-1).Draw(t, "member"), Far: rapid.Bool().Draw(t, "far"), Position: anyPosition(t),
		})
	}
	return r
}

// Entries encoded one by one behind a head are the record.
func TestPositionsInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := anyPositions(t)
		var entries []byte
		for _, e := range whole.Entries {
			entries = e.AppendEntry(entries)
		}
		if got := append(wire.AppendPositionsHead(nil, len(entries)), entries...); !bytes.Equal(got, whole.Append(nil)) {
			t.Fatalf("in pieces %x, whole %x", got, whole.Append(nil))
		}
	})
}

// What was encoded is decoded again, however many records stand behind each other.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sent []wire.Record
		var b []byte
		for range rapid.IntRange(1, 4).Draw(t, "records") {
			r := anyRecord(t)
			sent = append(sent, r)
			b = r.Append(b)
		}
		for _, want := range sent {
			got, rest, err := wire.Decode(b)
			if err != nil {
				t.Fatalf("decode %#v: %v", want, err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("decoded %#v, sent %#v", got, want)
			}
			b = rest
		}
		if len(b) != 0 {
			t.Fatalf("%d bytes left", len(b))
		}
	})
}

// A record cut anywhere is an error, never a shorter record.
func TestTruncated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyRecord(t).Append(nil)
		cut := rapid.IntRange(1, len(b)-1).Draw(t, "cut")
		if r, _, err := wire.Decode(b[:cut]); err == nil {
			t.Fatalf("%d of %d bytes decoded to %#v", cut, len(b), r)
		}
	})
}

func TestUnknownTypeAndTrailingBytesAreSkipped(t *testing.T) {
	b := append([]byte{0x7f, 3, 1, 2, 3}, 0x88, 3, 9, 0xaa, 0xbb)
	r, rest, err := wire.Decode(b)
	if r != nil || err != nil {
		t.Fatalf("unknown type gave %v, %v", r, err)
	}
	r, rest, err = wire.Decode(rest)
	if err != nil || r != (wire.Ack{Seq: 9}) || len(rest) != 0 {
		t.Fatalf("got %v, %v, %v", r, rest, err)
	}
}

func TestBadInput(t *testing.T) {
	for what, b := range map[string][]byte{
		"length beyond the end":      {0x88, 5, 1},
		"length above the limit":     {0x88, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"number of 11 bytes":         append([]byte{0x88, 11}, bytes.Repeat([]byte{0xff}, 11)...),
		"another version":            {0x01, 5, 2, 0, 0, 0, 0},
		"list longer than the input": {0x82, 4, 3, 0, 0, 0x7f},
		"delete with a value":        wire.SetState{Flags: wire.Delete, Key: "k", Value: []byte("v")}.Append(nil),
		"not UTF-8":                  wire.Resync{Reason: "\xff"}.Append(nil),
		"257 targets":                wire.SendSignal{To: make([]uint64, 257), Name: "n"}.Append(nil),
		"a ticket too long":          wire.Hello{Ticket: strings.Repeat("x", wire.MaxTicket+1)}.Append(nil),
	} {
		if r, _, err := wire.Decode(b); err == nil {
			t.Errorf("%s: decoded to %#v", what, r)
		}
	}
}

func TestValidName(t *testing.T) {
	for _, ok := range []string{"pos/ann", "チャット", strings.Repeat("k", 128)} {
		if !wire.ValidName(ok) {
			t.Errorf("%q is refused", ok)
		}
	}
	for _, bad := range []string{"", "/a", "a/", "a+b", "a#", "a\x00", "a\u0085b", "\xff", strings.Repeat("k", 129)} {
		if wire.ValidName(bad) {
			t.Errorf("%q is allowed", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(wire.Hello{Ticket: "t", Resume: true, Epoch: 7, Offset: 300}.Append(nil))
	f.Add(wire.SetState{Seq: 1, Flags: wire.Retain | wire.Check, Expect: 3, TTL: time.Second, Key: "k", Value: []byte("v")}.Append(nil))
	f.Add(wire.SendSignal{Seq: 1, To: []uint64{1, 500}, Name: "n"}.Append(wire.Leave{}.Append(nil)))
	f.Add(wire.Snapshot{First: true, Members: []wire.Member{{Member: 1, Player: "p"}}, Entries: []wire.Entry{{Key: "k", Value: []byte("v")}}}.Append(nil))
	f.Add(wire.Welcome{Member: 3, Tick: time.Second, Player: "p"}.Append(wire.Reject{Seq: 1, Code: 2}.Append(nil)))
	f.Add(wire.Positions{Entries: []wire.MemberPosition{{Member: 3, Far: true, Position: wire.Position{X: -1, Data: []byte{1}}}}}.Append(nil))
	f.Add(wire.SendPosition{Serial: 9}.Append(wire.Occupancy{Members: 1000}.Append(wire.Staged{Name: "n"}.Append(nil))))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			r, rest, err := wire.Decode(b)
			if err != nil {
				return
			}
			if r != nil {
				again, _, err := wire.Decode(r.Append(nil))
				if err != nil || !reflect.DeepEqual(r, again) {
					t.Fatalf("%#v encodes to something else: %#v, %v", r, again, err)
				}
			}
			b = rest
		}
	})
}
