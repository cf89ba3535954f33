package client

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/room/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestViewFollowsTheRoom(t *testing.T) {
	w := newWatcher()
	room, v := enterFake(t, newFakeRoom(t), w, Options{})
	if first := next(t, w.states); first.Key != "door" || string(first.Value) != "shut" {
		t.Fatalf("snapshot told %+v", first)
	}
	v.say(
		wire.State{Owner: 7, Version: 2, Flags: wire.Retain, Key: "lamp", Value: []byte("on")},
		wire.State{Owner: 8, Version: 3, Key: "blink", Value: []byte("not kept")},
		wire.Joined{Member: 8, Player: "bob"},
		wire.State{Owner: 8, Version: 4, Flags: wire.Retain | wire.Delete, Key: "door"},
	)
	if lamp := next(t, w.states); !lamp.Mine || string(lamp.Value) != "on" {
		t.Fatalf("lamp: %+v", lamp)
	}
	next(t, w.states)
	if door := next(t, w.states); !door.Deleted || door.Key != "door" {
		t.Fatalf("door: %+v", door)
	}
	want := map[string]State{"lamp": {Owner: 7, Version: 2, Value: []byte("on")}}
	if got := room.State(); !reflect.DeepEqual(got, want) {
		t.Fatalf("state %v, want %v", got, want)
	}
	if got := room.Members(); !reflect.DeepEqual(got, map[uint64]string{7: "ann", 8: "bob"}) {
		t.Fatalf("members %v", got)
	}
}

func TestEventsOnce(t *testing.T) {
	w := newWatcher()
	room, v := enterFake(t, newFakeRoom(t), w, Options{})
	for i, offset := range []uint64{4, 5, 5, 6, 9} {
		v.say(wire.Event{Offset: offset, Name: fmt.Sprint("e", i)})
	}
	for _, want := range []uint64{5, 6, 9} {
		if e := next(t, w.events); e.Offset != want || e.Epoch != 9 {
			t.Fatalf("event %+v, want offset %d of epoch 9", e, want)
		}
	}
	if got := room.Stats(); got != (Stats{Gaps: 2, Duplicates: 2}) {
		t.Fatalf("stats %+v", got)
	}
	v.say(wire.Resync{Reason: "too slow"}, wire.Snapshot{First: true, Last: true, Epoch: 9, Offset: 12}, wire.Event{Offset: 13})
	next(t, w.events)
	if got := room.Stats(); got != (Stats{Gaps: 2, Duplicates: 2, Resyncs: 1, Missed: 3}) {
		t.Fatalf("stats after the resync %+v", got)
	}
}

func TestFollowsToTheNewPlace(t *testing.T) {
	w, old, new := newWatcher(), newFakeRoom(t), newFakeRoom(t)
	room, v := enterFake(t, old, w, Options{})
	must(t)(room.SetState("pos/ann", []byte("here"), Retain|Owned))
	if s := heard[wire.SetState](v); s.Seq != 1 || s.Flags != Retain|Owned || string(s.Value) != "here" {
		t.Fatalf("sent %+v", s)
	}
	must(t)(room.SendEvent("wave", []byte("not acknowledged")))
	heard[wire.SendEvent](v)
	v.say(wire.Ack{Seq: 1}, wire.Event{Offset: 5}, wire.Reconnect{After: 10 * time.Millisecond, URL: new.url, Ticket: "t2"})
	v.close(wire.CloseMoved)

	again := new.visit(t)
	if hello := heard[wire.Hello](again); hello != (wire.Hello{Resume: true, Epoch: 9, Offset: 5, Ticket: "t2"}) {
		t.Fatalf("came with %+v", hello)
	}
	if status := next(t, w.statuses); status.Status != Reconnecting || !status.Told {
		t.Fatalf("status %+v", status)
	}
	again.welcome(wire.Welcome{Recovered: true, Epoch: 9, Offset: 5, LastSeq: 1}, wire.Snapshot{
		Offset: 7, Entries: []wire.Entry{{Key: "pos/ann", Owner: 7, Version: 2, Flags: Retain, Value: []byte("here")}},
	})
	again.say(wire.Event{Offset: 6}, wire.Event{Offset: 7})
	if e := heard[wire.SendEvent](again); e.Seq != 2 || string(e.Payload) != "not acknowledged" {
		t.Fatalf("sent again %+v", e)
	}
	if status := next(t, w.statuses); status.Status != Open || status.Away <= 0 {
		t.Fatalf("status %+v", status)
	}
	for range 3 {
		next(t, w.events)
	}
	if got := room.Stats(); got != (Stats{Reconnects: 1, Recovered: 1}) {
		t.Fatalf("stats %+v", got)
	}
}

func TestGivesACrashedRoomWhatItLost(t *testing.T) {
	w, old, new := newWatcher(), newFakeRoom(t), newFakeRoom(t)
	joins := 0
	room, v := enterFake(t, old, w, Options{Rejoin: func(context.Context) (*greenroomv1.JoinResponse, error) {
		if joins++; joins == 1 {
			return nil, errors.New("not yet")
		}
		return &greenroomv1.JoinResponse{
			Endpoints: []*greenroomv1.Endpoint{{Name: "ws", Url: new.url}},
			Tickets:   []*greenroomv1.Ticket{{Player: "ann", Ticket: "t9"}},
		}, nil
	}})
	next(t, w.states)
	for i, key := range []string{"kept", "lost", "older", "theirs"} {
		seq := must(t)(room.SetState(key, []byte("mine"), Retain))
		heard[wire.SetState](v)
		v.say(wire.State{Owner: 7, Version: 11 + uint64(i), Flags: Retain, Key: key, Value: []byte("mine")}, wire.Ack{Seq: seq})
		next(t, w.states)
	}
	old.gone()

	again := new.visit(t)
	if hello := heard[wire.Hello](again); hello.Ticket != "t9" {
		t.Fatalf("came with %+v", hello)
	}
	if status := next(t, w.statuses); status.Status != Reconnecting || status.Told {
		t.Fatalf("status %+v", status)
	}
	again.welcome(wire.Welcome{Epoch: 10}, wire.Snapshot{Entries: []wire.Entry{
		{Key: "kept", Owner: 7, Version: 11, Flags: Retain, Value: []byte("mine")},
		{Key: "older", Owner: 7, Version: 9, Flags: Retain, Value: []byte("before")},
		{Key: "theirs", Owner: 8, Version: 20, Flags: Retain, Value: []byte("newer")},
	}})
	restored := map[string]string{}
	for range 2 {
		s := heard[wire.SetState](again)
		restored[s.Key] = string(s.Value)
	}
	if want := map[string]string{"lost": "mine", "older": "mine"}; !reflect.DeepEqual(restored, want) || joins != 2 {
		t.Fatalf("restored %v after %d joins, want %v after 2", restored, joins, want)
	}
	if theirs, _ := room.Get("theirs"); string(theirs.Value) != "newer" {
		t.Fatalf("theirs is %q", theirs.Value)
	}
}

func TestALostConnectionComesBackToItsPlace(t *testing.T) {
	w, f := newWatcher(), newFakeRoom(t)
	room, v := enterFake(t, f, w, Options{})
	_ = v.conn.CloseNow()
	again := f.visit(t)
	if hello := heard[wire.Hello](again); hello != (wire.Hello{Resume: true, Epoch: 9, Offset: 4, Ticket: "t1"}) {
		t.Fatalf("came with %+v", hello)
	}
	for i := range 2000 {
		must(t)(room.SetState("pos/ann", fmt.Append(nil, i), Retain))
	}
	again.welcome(wire.Welcome{Epoch: 9, Offset: 9}, wire.Snapshot{Offset: 9})
	if s := heard[wire.SetState](again); s.Seq != 1 || string(s.Value) != "1999" {
		t.Fatalf("sent %+v, want only the last of 2,000 values", s)
	}
	next(t, w.statuses)
	next(t, w.statuses)
	if got := room.Stats(); got != (Stats{Reconnects: 1, Missed: 5}) {
		t.Fatalf("stats %+v", got)
	}
}

func TestAStopCodeStops(t *testing.T) {
	w := newWatcher()
	room, v := enterFake(t, newFakeRoom(t), w, Options{})
	v.close(wire.CloseEnded)
	status := next(t, w.statuses)
	var closed *ClosedError
	if status.Status != Closed || !errors.As(status.Err, &closed) || closed.Code != 4106 {
		t.Fatalf("status %+v", status)
	}
	<-room.Done()
	if _, err := room.SendEvent("e", nil); !errors.Is(err, ErrClosed) || !errors.As(room.Err(), &closed) {
		t.Fatalf("sending: %v, the room's end: %v", err, room.Err())
	}
}

func TestEnterFails(t *testing.T) {
	f := newFakeRoom(t)
	go func() { (<-f.visits).close(wire.CloseExpired) }()
	var closed *ClosedError
	if _, err := Enter(t.Context(), f.place("old"), Options{}); !errors.As(err, &closed) || closed.Code != 4103 {
		t.Fatalf("with an expired ticket: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-f.visits; cancel() }()
	if _, err := Enter(ctx, f.place("t1"), Options{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	f.gone()
	if _, err := Enter(t.Context(), f.place("t1"), Options{RejoinFor: 50 * time.Millisecond}); !errors.As(err, &closed) {
		t.Fatalf("with nobody there: %v", err)
	}
}

func TestLeaveComesLast(t *testing.T) {
	room, v := enterFake(t, newFakeRoom(t), newWatcher(), Options{})
	must(t)(room.SetState("k", []byte("last word"), Retain))
	left := make(chan struct{})
	go func() { defer close(left); room.Leave() }()
	heard[wire.SetState](v)
	heard[wire.Leave](v)
	v.close(1000)
	<-left
	if room.Err() != nil || room.Status() != Closed {
		t.Fatalf("%v, %v", room.Status(), room.Err())
	}
}

func TestWhatTheClientCannotReadEndsTheRoom(t *testing.T) {
	w := newWatcher()
	_, v := enterFake(t, newFakeRoom(t), w, Options{})
	if err := v.conn.Write(t.Context(), 2, []byte{byte(wire.TypeState), 1, 0x80}); err != nil {
		t.Fatal(err)
	}
	var closed *ClosedError
	if status := next(t, w.statuses); !errors.As(status.Err, &closed) || closed.Code != 4107 {
		t.Fatalf("status %+v", status)
	}
}

func TestASilentConnectionIsPingedAndGivenUp(t *testing.T) {
	f := newFakeRoom(t)
	_, v := enterFake(t, f, newWatcher(), Options{Quiet: 40 * time.Millisecond})
	heard[wire.Ping](v)
	heard[wire.Hello](f.visit(t))
}

func TestTooMuchUnacknowledged(t *testing.T) {
	room, _ := enterFake(t, newFakeRoom(t), newWatcher(), Options{})
	for range maxWaiting {
		must(t)(room.SendEvent("e", nil))
	}
	if _, err := room.SendEvent("e", nil); !errors.Is(err, ErrFull) {
		t.Fatalf("one too many: %v", err)
	}
}

func must(t *testing.T) func(uint64, error) uint64 {
	return func(seq uint64, err error) uint64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
}
