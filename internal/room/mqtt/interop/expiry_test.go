package interop_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// A message with an expiry tells how much of it is left, and is nobody's afterwards: neither as a retained one …
func TestV5PublicationExpiryOfRetained(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		ann := w.enter(t, level5, connect{})
		ann.publish(message{topic: room + "s/kept", payload: "for ever", qos: 1, retain: true})
		ann.publish(message{topic: room + "s/lamp", payload: "for 5 s", qos: 1, retain: true, props: v5.Properties{MessageExpiry: ptr[uint32](5)}})
		pass(2 * time.Second)
		bob := w.enter(t, level5, connect{player: "bob"})
		bob.subscribe(1, room+"s/lamp")
		if got := bob.messages(); len(got) != 1 || !expires(got[0], 3) {
			t.Errorf("after 2 s: %v", got)
		}
		pass(4 * time.Second)
		cid := w.enter(t, level5, connect{player: "cid"})
		cid.subscribe(1, room+"s/+")
		if got := cid.messages(); len(got) != 1 || got[0].payload != "for ever" || got[0].props.MessageExpiry != nil {
			t.Errorf("after 6 s: %v", got)
		}
	})
}

// … nor as one that waits for a client who is away.
func TestV5PublicationExpiryOfQueued(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{ResumeWindow: time.Minute}, func(t *testing.T, w *world) {
		keep := v5.Properties{SessionExpiryInterval: ptr[uint32](60)}
		ann, bob := w.enter(t, level5, connect{props: keep}), w.enter(t, level5, connect{player: "bob"})
		ann.subscribe(2, room+"e/+", room+"s/+")
		ann.vanish()
		for _, m := range []message{
			{topic: room + "e/gone", qos: 1, props: v5.Properties{MessageExpiry: ptr[uint32](1)}},
			{topic: room + "e/left", qos: 2, props: v5.Properties{MessageExpiry: ptr[uint32](6)}},
			{topic: room + "e/kept", qos: 1},
			{topic: room + "s/gone", qos: 1, props: v5.Properties{MessageExpiry: ptr[uint32](1)}},
		} {
			m.payload = "x"
			bob.publish(m)
		}
		pass(3 * time.Second)
		ann = w.enter(t, level5, connect{resume: true, props: keep})
		got := ann.messages()
		if len(got) != 2 || got[0].topic != room+"e/left" || got[1].topic != room+"e/kept" {
			t.Fatalf("after 3 s: %v", got)
		}
		if !expires(got[0], 3) || got[1].props.MessageExpiry != nil {
			t.Errorf("after 3 s: %v, %v", got[0].props, got[1].props)
		}
	})
}

// expires tells whether a message has so many seconds left; one that was about to change may be off by it.
func expires(p packet, seconds uint32) bool {
	e := p.props.MessageExpiry
	return e != nil && (*e == seconds || *e == seconds+1)
}
