package interop_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// Acknowledgements of what nobody sent are harmless; those that have an answer say so (5 §3.5.2.1, §3.6.2.1, §3.7.2.1).
func TestUnknownPacketIdentifiers(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	for _, level := range []byte{level311, level5} {
		ann := w.enter(t, level, connect{})
		for _, kind := range []byte{v5.PUBACK, v5.PUBCOMP} {
			ann.answer(kind, 99)
		}
		ann.answer(v5.PUBREL, 99)
		if p := ann.awaitID(v5.PUBCOMP, 99); level == level5 && p.reason != v5.PubcompPacketIdentifierNotFound {
			t.Errorf("PUBREL is answered %#x", p.reason)
		}
		ann.answer(v5.PUBREC, 99)
		if level == level5 {
			if p := ann.awaitID(v5.PUBREL, 99); p.reason != v5.PubcompPacketIdentifierNotFound {
				t.Errorf("PUBREC is answered %#x", p.reason)
			}
		}
		ann.messages()
		ann.leave()
	}
}
