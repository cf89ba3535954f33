package client

import (
	"testing"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Where the room's game put the player, it stands: after a reconnect it says that, and not where it wanted to be.
func TestCorrected(t *testing.T) {
	f, w := newFakeRoom(t), newWatcher()
	told := make(chan Position, 4)
	room, v := enterFake(t, f, w, Options{})
	room.options.Handler.Corrected = func(at Position, stands bool) { // before the room says anything more
		if !stands {
			at.Data = []byte("nowhere")
		}
		told <- at
	}
	if err := room.Move(Position{X: 90}); err != nil {
		t.Fatal(err)
	}
	heard[wire.SendPosition](v)
	v.say(wire.Signal{Name: wire.CorrectSignal})
	if at := next(t, told); string(at.Data) != "nowhere" {
		t.Errorf("put at %+v", at)
	}
	payload := wire.Correction{Serial: 1, At: &wire.Position{X: 200, Yaw: 64, Data: []byte("sit")}}.Append(nil)
	v.say(wire.Signal{Name: wire.CorrectSignal, Payload: payload})
	if at := next(t, told); at.X != 2 || at.Yaw != 90 || string(at.Data) != "sit" {
		t.Errorf("put at %+v", at)
	}
	_ = v.conn.CloseNow()
	again := f.visit(t)
	heard[wire.Hello](again)
	again.welcome(wire.Welcome{Epoch: 9, Offset: 4, Recovered: true, PositionStep: 10_000}, wire.Snapshot{Offset: 4})
	if p := heard[wire.SendPosition](again); p.X != 200 {
		t.Errorf("after the reconnect told %+v", p)
	}
}
