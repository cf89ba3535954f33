package interop_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// A session lives as long after its connection as the client asked for, and at most as long as the seat is kept: then the server says so.
func TestV5SessionExpiry(t *testing.T) {
	const window = 10
	for _, c := range []struct {
		name         string
		asked        *uint32
		granted      uint32
		away         time.Duration
		present      bool
		disconnected *uint32 // asked for in DISCONNECT
	}{
		{"none", nil, 0, 0, false, nil},
		{"zero", ptr[uint32](0), 0, 0, false, nil},
		{"within", ptr[uint32](5), 5, 4 * time.Second, true, nil},
		{"over", ptr[uint32](5), 5, 7 * time.Second, false, nil},
		{"too long", ptr[uint32](100), window, 9 * time.Second, true, nil},
		{"for ever", ptr[uint32](0xffffffff), window, 9 * time.Second, true, nil},
		{"shortened at the end", ptr[uint32](5), 5, time.Second, false, ptr[uint32](0)},
		{"lengthened at the end", ptr[uint32](1), 1, 4 * time.Second, true, ptr[uint32](8)},
	} {
		t.Run(c.name, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{ResumeWindow: window * time.Second}, func(t *testing.T, w *world) {
				props := v5.Properties{SessionExpiryInterval: c.asked}
				ann, ack := w.arrive(t, level5, connect{props: props})
				told := ack.props.SessionExpiryInterval
				if c.asked != nil && *c.asked != c.granted && told == nil || told != nil && *told != c.granted {
					t.Errorf("told %v", ack.props)
				}
				ann.subscribe(1, room+"e/chat")
				ann.disconnect(0, v5.Properties{SessionExpiryInterval: c.disconnected})
				pass(c.away)
				ann, ack = w.arrive(t, level5, connect{resume: true, props: props})
				if ack.present != c.present {
					t.Errorf("session present after %v: %v", c.away, ack.present)
				}
				ann.publish(message{topic: room + "e/chat", payload: "x", qos: 1})
				if got := ann.messages(); len(got) == 1 != c.present {
					t.Errorf("subscribed after %v: %v", c.away, got)
				}
			})
		})
	}
}

// A session that was to end with its connection cannot be lengthened by DISCONNECT (5 §3.14.2.2.2).
func TestV5SessionExpiryIsNotRaisedFromZero(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{})
	ann.send(&v5.Disconnect{Properties: &v5.Properties{SessionExpiryInterval: ptr[uint32](5)}})
	if goodbye := ann.closed(); goodbye.reason != v5.DisconnectProtocolError {
		t.Errorf("closed with %#x", goodbye.reason)
	}
}
