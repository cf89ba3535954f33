package client

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/room/wire"
)

func metres() *positions {
	p := &positions{}
	p.resized(&wire.Welcome{PositionStep: 10_000, FarEvery: time.Second})
	return p
}

func TestPositionsAreToldInSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, n := metres(), rapid.Int16()
		want := wire.Position{X: n.Draw(t, "x"), Y: n.Draw(t, "y"), Z: n.Draw(t, "z"), Yaw: rapid.Uint8().Draw(t, "yaw")}
		if got, err := p.steps(p.units(&want)); err != nil || !got.Equal(want) {
			t.Fatalf("%+v became %+v, %v", want, got, err)
		}
	})
	p := metres()
	if at, err := p.steps(Position{Yaw: -90 - 720}); err != nil || at.Yaw != 192 {
		t.Errorf("three quarters of a turn: %+v, %v", at, err)
	}
	for _, bad := range []Position{{X: 327.68}, {Y: -327.7}, {Z: math.NaN()}, {Yaw: math.Inf(1)}, {Data: make([]byte, 65)}} {
		if _, err := p.steps(bad); !errors.Is(err, ErrPosition) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestFarMembersAreForgottenAfterThreeIntervals(t *testing.T) {
	p, now := metres(), time.Unix(1e9, 0)
	p.take(&wire.MemberPosition{Member: 8, Far: true}, now)
	p.take(&wire.MemberPosition{Member: 9}, now)
	if p.known(8, now.Add(3*time.Second)) == nil {
		t.Error("forgotten too early")
	}
	if p.known(8, now.Add(3*time.Second+1)) != nil || p.known(9, now.Add(time.Hour)) == nil {
		t.Error("the far one is still known, or the near one is not")
	}
}

func TestMoves(t *testing.T) {
	f := newFakeRoom(t)
	room, v := enterFake(t, f, newWatcher(), Options{})
	if err := room.Move(Position{X: 1, Y: -2.5, Yaw: 90, Data: []byte("sit")}); err != nil {
		t.Fatal(err)
	}
	want := wire.Position{X: 100, Y: -250, Yaw: 64, Data: []byte("sit")}
	first := heard[wire.SendPosition](v)
	if !first.Equal(want) || first.Serial == 0 {
		t.Fatalf("told %+v, want %+v", first, want)
	}
	if err := room.Move(Position{X: 1000}); !errors.Is(err, ErrPosition) {
		t.Fatalf("far outside: %v", err)
	}
	_ = v.conn.CloseNow()
	again := f.visit(t)
	heard[wire.Hello](again)
	again.welcome(wire.Welcome{Epoch: 9, Offset: 4, Recovered: true, PositionStep: 100_000}, wire.Snapshot{Offset: 4})
	if p := heard[wire.SendPosition](again); p.X != 10 || p.Serial <= first.Serial {
		t.Fatalf("after the reconnect told %+v", p)
	}
}

// In a room with an area of interest, whoever leaves the sight takes along what the view knew of it.
func TestSight(t *testing.T) {
	f, w := newFakeRoom(t), newWatcher()
	h := w.handler()
	places, sizes, staged := make(chan MemberPosition, 8), make(chan int, 8), make(chan Staged, 8)
	h.Position = func(p MemberPosition) { p.Data = append([]byte(nil), p.Data...); places <- p }
	h.Occupancy = func(n int) { sizes <- n }
	h.Staged = func(s Staged) { s.Payload = append([]byte(nil), s.Payload...); staged <- s }
	entered := make(chan *Room, 1)
	go func() {
		room, err := Enter(t.Context(), f.place("t1"), Options{Handler: h})
		if err != nil {
			t.Error(err)
		}
		entered <- room
	}()
	v := f.visit(t)
	heard[wire.Hello](v)
	v.welcome(wire.Welcome{Epoch: 9, Interest: true, PositionStep: 10_000, FarEvery: time.Second}, wire.Snapshot{})
	room := <-entered
	defer room.Close()
	v.say(
		wire.Joined{Member: 8, Player: "bob"},
		wire.Positions{Entries: []wire.MemberPosition{
			{Member: 8, Position: wire.Position{X: 50, Data: []byte{1}}}, {Member: 9, Far: true, Position: wire.Position{Y: 1}},
		}},
		wire.State{Owner: 8, Version: 1, Flags: wire.Retain | wire.Owned, Key: "hat"},
		wire.State{Owner: 8, Version: 2, Flags: wire.Retain, Key: "door"},
		wire.Occupancy{Members: 700},
		wire.Staged{Serial: 4, Retain: true, Name: "song", Payload: []byte("la")},
	)
	if s := next(t, staged); s.Serial != 4 || !s.Retain || s.Name != "song" || string(s.Payload) != "la" {
		t.Errorf("staged %+v", s)
	}
	if n := next(t, sizes); n != 700 || room.Occupancy() != 700 {
		t.Errorf("occupancy %d, %d", n, room.Occupancy())
	}
	bob := MemberPosition{Member: 8, Position: Position{X: 0.5, Data: []byte{1}}}
	far := MemberPosition{Member: 9, Far: true, Position: Position{Y: 0.01}}
	if a, b := next(t, places), next(t, places); !reflect.DeepEqual(a, bob) || !reflect.DeepEqual(b, far) {
		t.Errorf("told %+v, %+v", a, b)
	}
	if got, ok := room.Position(8); !ok || !reflect.DeepEqual(got, bob) || len(room.Positions()) != 2 {
		t.Errorf("bob is at %+v; all %v", got, room.Positions())
	}
	v.say(wire.Left{Member: 8}, wire.Event{Offset: 1})
	next(t, w.events)
	if _, ok := room.Position(8); ok || len(room.Members()) != 1 {
		t.Errorf("bob is still there: %v", room.Members())
	}
	if all := room.State(); len(all) != 1 || all["door"].Owner != 8 {
		t.Errorf("state %v, want the door alone", all)
	}
}
