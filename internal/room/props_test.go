package room_test

import (
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Properties count like payload: in a message, and in what the room keeps.
func TestPropertiesCount(t *testing.T) {
	tb := newTable(t, func(c *room.Config) {
		c.Settings = model.RoomSettings{MaxMessageBytes: 100, MaxStateBytes: 2*room.EntryOverhead + 150}
	})
	ann := tb.enter("ann", 1)
	send := func(key string, payload, props int) {
		m := retained(key, string(make([]byte, payload)))
		m.Props = make([]byte, props)
		ann.send(tb.now, m)
		tb.tick(tb.room.Settings().Tick)
	}
	send("a", 60, 41)
	equal(t, "rejected as a whole", fmt.Sprint(ann.rejected), fmt.Sprint([]wire.RejectCode{wire.RejectTooLarge}))
	send("a", 60, 40)
	send("b", 10, 40)
	equal(t, "rejected by the room", fmt.Sprint(ann.rejected), fmt.Sprint([]wire.RejectCode{wire.RejectTooLarge, wire.RejectFull}))
	send("b", 8, 40)
	equal(t, "kept", len(ann.state), 2)
}
