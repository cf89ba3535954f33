package interop_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// A client that asks for response information is told where its answers may go (5 §3.2.2.3.15); others are not.
func TestV5ResponseInformation(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	bob := w.enter(t, level5, connect{player: "bob"})
	ann, ack := w.arrive(t, level5, connect{props: v5.Properties{RequestResponseInfo: ptr[byte](1)}})
	where := ack.props.ResponseInfo
	if where == "" {
		t.Fatalf("told %v", ack.props)
	}
	ann.subscribe(1, where+"#")
	bob.publish(message{topic: where + "answer", payload: "42", qos: 1})
	if p := ann.message(); p.topic != where+"answer" || p.payload != "42" {
		t.Error(p)
	}
	if _, ack := w.arrive(t, level5, connect{player: "cid"}); ack.props.ResponseInfo != "" {
		t.Errorf("who did not ask is told %q", ack.props.ResponseInfo)
	}
}

// Reasons are given in words, unless the client does not want them: then in CONNACK and DISCONNECT alone (5 §3.1.2-29).
func TestV5RequestProblemInformation(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	for _, wanted := range []byte{1, 0} {
		ann := w.enter(t, level5, connect{props: v5.Properties{RequestProblemInfo: &wanted}})
		id := ann.start(message{topic: room + "e/+", qos: 1})
		ack := ann.awaitID(v5.PUBACK, id)
		if words := ack.props.ReasonString; ack.reason < 0x80 || wanted == 0 && words != "" {
			t.Errorf("wanted %d: answered %#x %q", wanted, ack.reason, words)
		}
		ann.write([]byte{0xf0, 0})
		if goodbye := ann.closed(); goodbye.props.ReasonString == "" {
			t.Errorf("wanted %d: closed with %#x without a word", wanted, goodbye.reason)
		}
	}
}
