package interop_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

func TestV311Basic(t *testing.T) { basic(t, level311) }
func TestV5Basic(t *testing.T)   { basic(t, level5) }

// Messages of every QoS arrive once, in order, with the QoS they were published with.
func basic(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	ann.subscribe(2, room+"e/chat")
	for qos := range byte(3) {
		if reason := ann.publish(message{topic: room + "e/chat", payload: "qos " + string('0'+qos), qos: qos}); reason != 0 {
			t.Errorf("QoS %d is answered %#x", qos, reason)
		}
	}
	got := ann.messages()
	if len(got) != 3 {
		t.Fatalf("came: %v", got)
	}
	for i, p := range got {
		if p.topic != room+"e/chat" || p.payload != "qos "+string('0'+rune(i)) || int(p.qos) != i || p.retain || p.dup {
			t.Errorf("message %d: %v", i, p)
		}
	}
	ann.leave()
}
