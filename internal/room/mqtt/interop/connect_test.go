package interop_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

func TestV311SecondConnectEndsTheConnection(t *testing.T) { secondConnect(t, level311) }
func TestV5SecondConnectEndsTheConnection(t *testing.T)   { secondConnect(t, level5) }

// A client says CONNECT once (3.1.1 §3.1-2, 5 §3.1-2).
func secondConnect(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	ann.write(ann.connectPacket(w, connect{}))
	if goodbye := ann.closed(); level == level5 && goodbye.reason != v5.DisconnectProtocolError {
		t.Errorf("closed with %#x", goodbye.reason)
	}
}

// A client identifier of length zero means "give me one", which 3.1.1 does for clean sessions only.
func TestV311ZeroLengthClientID(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	keeps := w.call(t, level311)
	if ack := keeps.connect(w, connect{nameless: true, resume: true}); ack.reason != 2 {
		t.Errorf("without clean session: return code %d", ack.reason)
	}
	keeps.closed()
	ann, ack := w.arrive(t, level311, connect{nameless: true})
	if ack.present {
		t.Error("a session was present")
	}
	ann.leave()
}
