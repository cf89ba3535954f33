package room_test

import (
	"bytes"
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

// A frozen room keeps what MQTT said of a message: its QoS and its properties.
func TestFrozenProperties(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	for qos, props := range []string{"", "some", "more"} {
		m := retained(fmt.Sprint("key", qos), "v")
		m.QoS, m.Props, m.Flags = byte(qos), []byte(props), wire.Retain
		ann.send(tb.now, m)
		e := event(fmt.Sprint("event", qos), "v")
		e.QoS, e.Props = byte(qos), []byte(props)
		ann.send(tb.now, e)
	}
	var before, after []byte
	_ = tb.room.Freeze(func(b []byte) { before = b })
	tb.tick(0)
	restored, err := room.Restore(room.Config{Session: tb.room.Session()}, before, true, tb.now)
	if err != nil {
		t.Fatal(err)
	}
	_ = restored.Freeze(func(b []byte) { after = b })
	restored.Tick(tb.now)
	equal(t, "frozen again", string(after), string(before))
	equal(t, "properties in it", bytes.Count(before, []byte("some"))+bytes.Count(before, []byte("more")), 4)
}
