package client

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

var update = flag.Bool("update", false, "write sdk/testdata/wire.json anew")

type golden struct {
	Name string `json:"name"`
	Hex  string `json:"hex"`
}

// goldenRecords are the records that every client must read and write alike; the JavaScript tests spell the same ones out.
func goldenRecords() []golden {
	records := []struct {
		name   string
		record wire.Record
	}{
		{"hello", wire.Hello{Ticket: "eyJ.t.s"}},
		{"hello resume", wire.Hello{Resume: true, Epoch: 1<<63 + 5, Offset: 300, Ticket: "eyJ.t.s"}},
		{"set state", wire.SetState{Seq: 1, Flags: wire.Retain | wire.Owned, Key: "pos/ann", Value: []byte(`{"x":1}`)}},
		{"set state checked", wire.SetState{Seq: 129, Flags: wire.Check, Expect: 7, TTL: 1500 * time.Millisecond, Key: "k", Value: []byte{0, 255}}},
		{"delete state", wire.SetState{Seq: 3, Flags: wire.Retain | wire.Delete, Key: "k"}},
		{"send event", wire.SendEvent{Seq: 4, Name: "wave", Payload: []byte("hi")}},
		{"send signal", wire.SendSignal{Seq: 5, To: []uint64{1, 200}, Name: "poke", Payload: []byte{9}}},
		{"leave", wire.Leave{}},
		{"ping", wire.Ping{Nonce: 1 << 40}},
		{"welcome", wire.Welcome{
			Recovered: true, Member: 7, Epoch: 1<<63 + 5, Offset: 300, LastSeq: 12, Tick: 50 * time.Millisecond,
			MaxMessageBytes: 65536, Route: "plaza", Key: "room-7", Player: "änn", Interest: true, PositionStep: 10000, FarEvery: time.Second,
		}},
		{"snapshot", wire.Snapshot{
			First: true, Last: true, Epoch: 9, Offset: 301,
			Members: []wire.Member{{Member: 7, Player: "ann"}, {Member: 130, Player: "bob"}},
			Entries: []wire.Entry{{Key: "pos/ann", Owner: 7, Version: 1000, Flags: wire.Retain, Value: []byte(strings.Repeat("v", 130))}},
		}},
		{"snapshot part", wire.Snapshot{First: true, Epoch: 9, Offset: 301}},
		{"state", wire.State{Owner: 7, Version: 1001, Flags: wire.Retain | wire.Owned, Key: "pos/ann", Value: []byte("v")}},
		{"state deleted", wire.State{Owner: 7, Version: 1002, Flags: wire.Delete, Key: "pos/ann"}},
		{"event", wire.Event{Offset: 302, From: 7, Name: "wave", Payload: []byte("hi")}},
		{"signal", wire.Signal{From: 7, Name: "poke", Payload: []byte{9}}},
		{"joined", wire.Joined{Member: 8, Player: "cem"}},
		{"left", wire.Left{Member: 8}},
		{"ack", wire.Ack{Seq: 12}},
		{"reconnect", wire.Reconnect{After: 120 * time.Millisecond, URL: "ws://b/room", Ticket: "t2", Reason: "drain"}},
		{"resync", wire.Resync{Reason: "too slow"}},
		{"pong", wire.Pong{Nonce: 1 << 40}},
		{"reject", wire.Reject{Seq: 12, Code: wire.RejectVersion, Sentence: "version is 8"}},
		{"send position", wire.SendPosition{Serial: 130, Position: wire.Position{X: -1, Y: 2, Z: 32767, Yaw: 128, Data: []byte{7}}}},
		{"positions", wire.Positions{Entries: []wire.MemberPosition{
			{Member: 7, Position: wire.Position{X: -300, Y: 2, Yaw: 64}},
			{Member: 130, Far: true, Position: wire.Position{X: 1, Y: -2, Z: -32768, Yaw: 255, Data: []byte{1, 2}}},
		}}},
		{"occupancy", wire.Occupancy{Members: 812}},
		{"staged", wire.Staged{Serial: 300, Retain: true, Name: "light", Payload: []byte("red")}},
	}
	all := make([]golden, 0, len(records))
	for _, r := range records {
		all = append(all, golden{r.name, hex.EncodeToString(r.record.Append(nil))})
	}
	return all
}

// TestGoldenWire proves that sdk/testdata/wire.json, which the JavaScript client is tested with, is what this codec writes.
func TestGoldenWire(t *testing.T) {
	var fresh bytes.Buffer
	encoder := json.NewEncoder(&fresh)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(goldenRecords()); err != nil {
		t.Fatal(err)
	}
	const path = "../../testdata/wire.json"
	if *update {
		if err := os.WriteFile(path, fresh.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, fresh.Bytes()) {
		t.Fatal("sdk/testdata/wire.json is stale; run go test ./sdk/go/client -run TestGoldenWire -update")
	}
}
