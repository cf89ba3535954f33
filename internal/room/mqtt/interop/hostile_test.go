package interop_test

import (
	"fmt"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// Every violation ends its own connection, with the reason that MQTT 5 gives it and 3.1.1 has no words for, and hurts nobody else.
func TestViolations(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	for _, level := range []byte{level311, level5} {
		neighbour := w.enter(t, level, connect{player: "bob"})
		neighbour.subscribe(1, room+"e/after")
		for _, v := range beforeConnack() {
			if v.only == 0 || v.only == level {
				t.Run(fmt.Sprintf("level %d/%s", level, v.name), func(t *testing.T) { w.violateFirst(t, level, v) })
			}
		}
		for _, v := range afterConnack() {
			if v.only == 0 || v.only == level {
				t.Run(fmt.Sprintf("level %d/%s", level, v.name), func(t *testing.T) { w.violate(t, level, v) })
			}
		}
		neighbour.publish(message{topic: room + "e/after", payload: "all is well", qos: 1})
		if got := neighbour.messages(); len(got) != 1 {
			t.Errorf("level %d: the neighbour got %v", level, got)
		}
		neighbour.leave()
	}
}

func (w *world) violateFirst(t *testing.T, level byte, v violation) {
	c := w.call(t, level)
	c.write(v.packet(level))
	c.closed()
	switch {
	case level == level311 || v.reason == 0:
		if len(c.held) > 0 {
			t.Errorf("answered with %v", c.held)
		}
	case len(c.held) != 1 || c.held[0].kind != v5.CONNACK || c.held[0].reason != v.reason:
		t.Errorf("answered with %v, want CONNACK %#x", c.held, v.reason)
	}
}

func (w *world) violate(t *testing.T, level byte, v violation) {
	c := w.enter(t, level, connect{})
	c.write(v.packet(level))
	goodbye := c.closed()
	if level == level5 && goodbye.reason != v.reason {
		t.Errorf("closed with %#x %q, want %#x", goodbye.reason, goodbye.props.ReasonString, v.reason)
	}
	if level == level311 && goodbye.kind != 0 {
		t.Errorf("3.1.1 is told %v", goodbye)
	}
	if len(c.held) > 0 {
		t.Errorf("before that came %v", c.held)
	}
}
