package interop_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

func TestV311KeepAlive(t *testing.T) { keepAlive(t, level311) }
func TestV5KeepAlive(t *testing.T)   { keepAlive(t, level5) }

// A client that is silent for one and a half times its keep-alive is closed, and its will published; any packet counts as a word.
func keepAlive(t *testing.T, level byte) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		bob := w.enter(t, level, connect{player: "bob"})
		bob.subscribe(1, room+"e/gone")
		ann := w.enter(t, level, connect{keepAlive: 2, will: &message{topic: room + "e/gone", payload: "silent", qos: 1}})
		for range 3 {
			pass(2 * time.Second)
			ann.write([]byte{v5.PINGREQ << 4, 0})
			ann.await(v5.PINGRESP)
			pass(2 * time.Second)
			ann.start(message{topic: room + "e/here", payload: "word"})
			if got := bob.messages(); len(got) > 0 {
				t.Fatalf("before: %v", got)
			}
		}
		pass(300 * time.Millisecond)
		silent := time.Now()
		ann.start(message{topic: room + "e/here", payload: "last word"})
		goodbye := ann.closed()
		if took := time.Since(silent); took < 3*time.Second || took > 3500*time.Millisecond {
			t.Errorf("closed after %v", took)
		}
		if level == level5 && goodbye.reason != v5.DisconnectKeepAliveTimeout {
			t.Errorf("closed with %#x", goodbye.reason)
		}
		if p := bob.message(); p.payload != "silent" {
			t.Error(p)
		}
	})
}
