package interop_test

import (
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// What is wrong with one message alone is answered to that message; the connection goes on.
func TestRefusedMessages(t *testing.T) {
	w := newWorld(t, model.RoomSettings{MaxMessageBytes: 1000})
	ann := w.enter(t, level5, connect{})
	for _, c := range []struct {
		name   string
		m      message
		reason byte
	}{
		{"3.3.2-2: a wildcard", message{topic: room + "e/+"}, v5.PubackTopicNameInvalid},
		{"3.3.2-2: a wildcard of many levels", message{topic: room + "e/#"}, v5.PubackTopicNameInvalid},
		{"another room", message{topic: "r/another/e/chat"}, v5.PubackNotAuthorized},
		{"presence", message{topic: room + "p/ann"}, v5.PubackNotAuthorized},
		{"the server's own", message{topic: room + "sys/reconnect"}, v5.PubackNotAuthorized},
		{"the stage", message{topic: "stage/lights"}, v5.PubackNotAuthorized},
		{"a name of 200 bytes", message{topic: room + "e/" + strings.Repeat("x", 200)}, v5.PubackTopicNameInvalid},
		{"a payload of 1,001 bytes", message{topic: room + "e/chat", payload: strings.Repeat("x", 1001)}, v5.PubackQuotaExceeded},
		{"nobody's signal", message{topic: room + "m/nobody/wave"}, v5.PubackNoMatchingSubscribers},
	} {
		for c.m.qos = 1; c.m.qos <= 2; c.m.qos++ {
			if got := ann.publish(c.m); got != c.reason {
				t.Errorf("%s with QoS %d is answered %#x, want %#x", c.name, c.m.qos, got, c.reason)
			}
		}
	}
	if reason := ann.publish(message{topic: room + "e/chat", qos: 2}); reason != 0 {
		t.Errorf("after all this: %#x", reason)
	}
}
