package interop_test

import (
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

func TestV311SignalsWaitForWhoIsAway(t *testing.T) { signalsWait(t, level311) }
func TestV5SignalsWaitForWhoIsAway(t *testing.T)   { signalsWait(t, level5) }

// A signal with QoS 1 to a player who is away waits for its return; a clean start misses it.
func signalsWait(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level, kept(level, false)), w.enter(t, level, connect{player: "bob"})
	ann.subscribe(2, room+"m/ann/+")
	ann.vanish()
	for qos := range byte(3) {
		if reason := bob.publish(message{topic: room + "m/ann/wave", payload: "qos " + string('0'+qos), qos: qos}); reason != 0 {
			t.Errorf("QoS %d is answered %#x", qos, reason)
		}
	}
	ann = w.enter(t, level, kept(level, true))
	if got := payloads(ann.messages()); !slices.Equal(got, []string{"qos 1", "qos 2"}) {
		t.Errorf("came: %q", got)
	}
}

// A player stays in the room as long as its seat is kept, with or without a session.
func TestPresenceEndsWithTheSeat(t *testing.T) {
	for _, c := range []struct {
		name   string
		expiry uint32
		leave  bool
		want   time.Duration
	}{
		{"lost without a session", 0, false, 10 * time.Second},
		{"lost with a session", 3, false, 10 * time.Second},
		{"said goodbye, to come back", 5, true, 10 * time.Second},
		{"said goodbye", 0, true, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{ResumeWindow: 10 * time.Second}, func(t *testing.T, w *world) {
				ann := w.enter(t, level5, connect{props: v5.Properties{SessionExpiryInterval: &c.expiry}})
				bob := w.enter(t, level5, connect{player: "bob"})
				bob.subscribe(0, room+"p/ann")
				if p := bob.message(); p.payload == "" {
					t.Errorf("at first: %v", p)
				}
				gone := time.Now()
				if c.leave {
					ann.leave()
				} else {
					ann.vanish()
				}
				for len(bob.messages()) == 0 && time.Since(gone) < time.Minute {
					pass(100 * time.Millisecond)
				}
				if took := time.Since(gone); took < c.want || took > c.want+2*time.Second {
					t.Errorf("gone after %v, want %v", took, c.want)
				}
			})
		})
	}
}

// A session is not gone on with in another version of MQTT, whose packets it could not read.
func TestSessionsKeepTheirVersion(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, kept(level5, false)), w.enter(t, level5, connect{player: "bob"})
	ann.subscribe(1, room+"e/+")
	ann.vanish()
	bob.publish(message{topic: room + "e/chat", payload: "in MQTT 5", qos: 1, props: v5.Properties{ContentType: "text/plain"}})
	ann, ack := w.arrive(t, level311, kept(level311, true))
	if got := ann.messages(); ack.present || len(got) > 0 {
		t.Errorf("session present: %v; came: %v", ack.present, got)
	}
}

// Messages that are sent again count against the receive maximum of the connection that they are sent over (5 §4.9).
func TestV5FlowControlOnRedelivery(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, kept(level5, false)), w.enter(t, level5, connect{player: "bob"})
	ann.subscribe(2, room+"e/+")
	ann.mute = true
	want := []string{"one", "two", "three", "four", "five"}
	for i, payload := range want {
		bob.publish(message{topic: room + "e/chat", payload: payload, qos: byte(1 + i%2)})
	}
	if got := payloads(ann.messages()); !slices.Equal(got, want) {
		t.Fatalf("at first: %q", got)
	}
	ann.vanish()
	bob.publish(message{topic: room + "e/chat", payload: "six", qos: 1})
	again := kept(level5, true)
	again.props.ReceiveMaximum = ptr[uint16](2)
	ann = w.enter(t, level5, again)
	ann.mute = true
	got := ann.messages()
	if len(got) != 2 {
		t.Fatalf("%d messages came before the first was acknowledged: %v", len(got), got)
	}
	ann.mute = false
	for i, payload := range append(want, "six") {
		if i == len(got) {
			got = append(got, ann.await(v5.PUBLISH))
		}
		if p := ann.take(got[i]); p.payload != payload || p.dup != (i < len(want)) {
			t.Errorf("message %d: %v", i, p)
		}
	}
}
