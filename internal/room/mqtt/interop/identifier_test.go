package interop_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// MQTT 5 tells the client which identifier it got, whatever its clean start is (5 §3.2.2.3.7); one that brought its own is told nothing.
func TestV5ZeroLengthClientID(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	seen := map[string]bool{}
	for player, resume := range map[string]bool{"ann": false, "bob": true} {
		_, ack := w.arrive(t, level5, connect{player: player, nameless: true, resume: resume})
		name := ack.props.AssignedClientID
		if name == "" || seen[name] || ack.present {
			t.Errorf("resume %v: assigned %q, session present %v", resume, name, ack.present)
		}
		seen[name] = true
	}
	if _, ack := w.arrive(t, level5, connect{player: "cid", id: "mine"}); ack.props.AssignedClientID != "" {
		t.Errorf("a client with an identifier is assigned %q", ack.props.AssignedClientID)
	}
}

// The assigned identifier is good for a later connection to the same session.
func TestV5AssignedClientID(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	props := v5.Properties{SessionExpiryInterval: ptr[uint32](60)}
	ann, ack := w.arrive(t, level5, connect{nameless: true, props: props})
	ann.subscribe(1, room+"e/chat")
	ann.vanish()
	ann, back := w.arrive(t, level5, connect{id: ack.props.AssignedClientID, resume: true, props: props})
	if !back.present || back.props.AssignedClientID != "" {
		t.Errorf("returned with %q: session present %v, assigned %q", ack.props.AssignedClientID, back.present, back.props.AssignedClientID)
	}
	ann.publish(message{topic: room + "e/chat", payload: "hello", qos: 1})
	if p := ann.message(); p.payload != "hello" {
		t.Error(p)
	}
}
