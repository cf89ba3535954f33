package interop_test

import (
	"slices"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

// A client that is away keeps as much as its queue holds, the oldest messages first, and is shown the retained ones again.
func TestV311OfflineQueueIsBounded(t *testing.T) { offlineQueueIsBounded(t, level311) }
func TestV5OfflineQueueIsBounded(t *testing.T)   { offlineQueueIsBounded(t, level5) }

func offlineQueueIsBounded(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{MaxMemberQueueBytes: 20_000})
	ann, bob := w.enter(t, level, kept(level, false)), w.enter(t, level, connect{player: "bob"})
	ann.subscribe(1, room+"e/+", room+"s/+")
	ann.vanish()
	sent := bob.repeat(100, message{topic: room + "e/chat", payload: strings.Repeat("x", 500)})
	bob.publish(message{topic: room + "s/lamp", payload: "on", qos: 1, retain: true})
	ann = w.enter(t, level, kept(level, true))
	var got, lamp []string
	for _, p := range ann.messages() {
		if p.topic == room+"s/lamp" {
			lamp = append(lamp, p.payload)
		} else {
			got = append(got, p.payload)
		}
	}
	if n := len(got); n < 20 || n > 40 || !slices.Equal(got, sent[:n]) {
		t.Errorf("%d of 100 messages came", n)
	}
	if !slices.Contains(lamp, "on") {
		t.Error("the lamp was not shown again")
	}
}
