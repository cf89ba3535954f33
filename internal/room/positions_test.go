package room_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

func TestTheLatestPositionIsToldOnceATick(t *testing.T) {
	var counters room.Counters
	tb := newTable(t, func(c *room.Config) { c.Counters = &counters })
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	before := counters.Encodings.Load()
	for x := range int16(5) {
		ann.stand(tb.now, x, 7)
	}
	tb.tick(tick)
	equal(t, "ann as bob sees her", bob.positions[ann.member].X, 4)
	equal(t, "ann as she sees herself", ann.positions[ann.member].Y, 7)
	equal(t, "positions that reached the room", counters.Positions.Load(), 1)
	equal(t, "encodings", counters.Encodings.Load()-before, 1)

	ann.stand(tb.now, 4, 7)
	tb.tick(tick)
	equal(t, "encodings when she stood still", counters.Encodings.Load()-before, 1)

	eve := tb.enter("eve", 3)
	equal(t, "ann as a late joiner sees her", eve.positions[ann.member].X, 4)
	_, said := eve.positions[bob.member]
	equal(t, "bob, who never said, has a position", said, false)
	ann.link.Leave()
	tb.tick(tick)
	equal(t, "positions after ann left", len(eve.positions), 0)
}

func TestPositionsBeyondTheLimitsAreCountedAndNotAnswered(t *testing.T) {
	var counters room.Counters
	tb := newTable(t, func(c *room.Config) {
		c.Counters = &counters
		c.Settings = model.RoomSettings{MaxMessagesPerSecond: 5}
	})
	ann := tb.enter("ann", 1)
	send := func(serial uint64, p wire.Position) {
		if err := ann.link.Send(tb.now, room.Message{Kind: room.KindPosition, Seq: serial, Position: p}); err != nil {
			t.Fatal(err)
		}
		tb.tick(0)
	}
	send(2, wire.Position{X: 2})
	send(1, wire.Position{X: 1}) // overtaken on the way
	equal(t, "after a late one", ann.positions[ann.member].X, 2)
	equal(t, "late ones", counters.PositionsLate.Load(), 1)
	send(3, wire.Position{X: 3, Data: make([]byte, wire.MaxPositionData+1)})
	equal(t, "refused for its size", counters.PositionsRefused.Load(), 1)
	for i := range uint64(10) {
		send(10+i, wire.Position{X: int16(10 + i)})
	}
	equal(t, "the last within the rate", ann.positions[ann.member].X, 16)
	equal(t, "refused in all", counters.PositionsRefused.Load(), 4)
	equal(t, "answers", len(ann.rejected), 0)
}

func TestPositionsMoveWithTheRoom(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	ann.stand(tb.now, 30, -30)
	tb.tick(tick)
	var state []byte
	_ = tb.room.Freeze(func(b []byte) { state = b })
	tb.tick(tick)
	next, err := room.Restore(room.Config{}, state, true, tb.now)
	if err != nil {
		t.Fatal(err)
	}
	tb.room = next
	ann.join(next)
	tb.tick(tick)
	equal(t, "ann", ann.positions[ann.member].Y, -30)
}

// A state of version 1 is one without positions and without what logic gave.
func TestRestoreOfVersion1(t *testing.T) {
	tb := newTable(t, nil)
	tb.enter("ann", 1)
	var state []byte
	_ = tb.room.Freeze(func(b []byte) { state = b })
	tb.tick(tick)
	old := append([]byte{1}, state[1:len(state)-len(wire.Positions{}.Append(nil))-1]...)
	if _, err := room.Restore(room.Config{}, old, true, tb.now); err != nil {
		t.Error(err)
	}
	if _, err := room.Restore(room.Config{}, append([]byte{2}, old[1:]...), true, tb.now); err == nil {
		t.Error("version 2 without positions was taken")
	}
}
