package interop_test

import (
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

func TestV311WillMessage(t *testing.T) { will(t, level311) }
func TestV5WillMessage(t *testing.T)   { will(t, level5) }

// A client's will is published when its connection ends in any way but DISCONNECT, as the client wrote it.
func will(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	bob := w.enter(t, level, connect{player: "bob"})
	bob.subscribe(2, room+"e/+", room+"s/+")
	props := v5.Properties{
		ContentType: "text/plain", PayloadFormat: ptr[byte](1), ResponseTopic: room + "e/answer", CorrelationData: []byte("7"),
		User: []v5.User{{Key: "a", Value: "2"}, {Key: "c", Value: "3"}},
	}
	for end, c := range map[string]struct {
		end  func(*client)
		want bool
	}{
		"DISCONNECT":       {(*client).leave, false},
		"a lost one":       {(*client).vanish, true},
		"a protocol error": {func(c *client) { c.write([]byte{0xf0, 0}); c.closed() }, true},
		"a taken over one": {func(c *client) { w.enter(t, level, connect{}).leave(); c.closed() }, true},
	} {
		ann := w.enter(t, level, connect{will: &message{topic: room + "e/gone", payload: "farewell", qos: 2, props: props}})
		c.end(ann)
		got := bob.messages()
		if !c.want && len(got) > 0 || c.want && len(got) != 1 {
			t.Errorf("after %s: %v", end, got)
			continue
		}
		if c.want && (got[0].topic != room+"e/gone" || got[0].payload != "farewell" || got[0].qos != 2 || got[0].retain) {
			t.Errorf("after %s: %v", end, got)
		}
		if c.want && level == level5 {
			p := got[0].props
			if p.ContentType != "text/plain" || p.ResponseTopic != room+"e/answer" || string(p.CorrelationData) != "7" || !slices.Equal(p.User, props.User) {
				t.Errorf("after %s with the properties %v", end, p)
			}
		}
	}
}

func TestV311WillIsRetained(t *testing.T) { willIsRetained(t, level311) }
func TestV5WillIsRetained(t *testing.T)   { willIsRetained(t, level5) }

// A will with RETAIN is a retained message.
func willIsRetained(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	bob := w.enter(t, level, connect{player: "bob"})
	ann := w.enter(t, level, connect{will: &message{topic: room + "s/status/ann", payload: "gone", qos: 1, retain: true}})
	ann.vanish()
	bob.subscribe(1, room+"s/status/+")
	if p := bob.message(); p.payload != "gone" || !p.retain {
		t.Error(p)
	}
}

// DISCONNECT 0x04 asks for the will (5 §3.14.2.1).
func TestV5WillOnDisconnectWithWill(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	bob := w.enter(t, level5, connect{player: "bob"})
	bob.subscribe(2, room+"e/+")
	ann := w.enter(t, level5, connect{will: &message{topic: room + "e/gone", payload: "farewell"}})
	ann.disconnect(v5.DisconnectDisconnectWithWillMessage, v5.Properties{})
	if p := bob.message(); p.payload != "farewell" {
		t.Error(p)
	}
}

// A will waits for its delay, or for the end of the session if that comes first (5 §3.1.3.2.2).
func TestV5WillDelay(t *testing.T) {
	for _, c := range []struct {
		name          string
		delay, expiry uint32
		want          time.Duration
	}{
		{"the delay ends first", 3, 8, 3 * time.Second},
		{"the session ends first", 8, 3, 3 * time.Second},
		{"no session is kept", 8, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
				bob := w.enter(t, level5, connect{player: "bob"})
				bob.subscribe(2, room+"e/+")
				ann := w.enter(t, level5, connect{
					will: &message{topic: room + "e/gone", payload: "farewell", qos: 1}, willDelay: c.delay,
					props: v5.Properties{SessionExpiryInterval: &c.expiry},
				})
				ann.vanish()
				lost := time.Now()
				p := bob.message()
				if took := time.Since(lost); p.payload != "farewell" || took < c.want || took > c.want+1500*time.Millisecond {
					t.Errorf("%v came after %v, want %v", p, took, c.want)
				}
			})
		})
	}
}

// Who returns to its session in time takes its will back.
func TestV5WillDelayIsCancelledByReturn(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		bob := w.enter(t, level5, connect{player: "bob"})
		bob.subscribe(2, room+"e/+")
		as := connect{
			will: &message{topic: room + "e/gone", payload: "farewell", qos: 1}, willDelay: 3,
			props: v5.Properties{SessionExpiryInterval: ptr[uint32](8)},
		}
		ann := w.enter(t, level5, as)
		ann.vanish()
		pass(2 * time.Second)
		ann = w.enter(t, level5, connect{resume: true, props: as.props})
		pass(6 * time.Second)
		if got := bob.messages(); len(got) > 0 {
			t.Errorf("came: %v", got)
		}
		ann.leave()
	})
}

// Who returns with a clean start ends the session, and its will is due.
func TestV5WillDelayEndsWithACleanStart(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		bob := w.enter(t, level5, connect{player: "bob"})
		bob.subscribe(2, room+"e/+")
		ann := w.enter(t, level5, connect{
			will: &message{topic: room + "e/gone", payload: "farewell", qos: 1}, willDelay: 5,
			props: v5.Properties{SessionExpiryInterval: ptr[uint32](8)},
		})
		ann.vanish()
		pass(time.Second)
		w.enter(t, level5, connect{})
		if got := bob.messages(); len(got) != 1 {
			t.Errorf("came: %v", got)
		}
	})
}

// DISCONNECT takes the will back for good.
func TestV5WillDelayAfterDisconnect(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		bob := w.enter(t, level5, connect{player: "bob"})
		bob.subscribe(2, room+"e/+")
		ann := w.enter(t, level5, connect{
			will: &message{topic: room + "e/gone", payload: "farewell", qos: 1}, willDelay: 2,
			props: v5.Properties{SessionExpiryInterval: ptr[uint32](5)},
		})
		ann.leave()
		pass(7 * time.Second)
		if got := bob.messages(); len(got) > 0 {
			t.Errorf("came: %v", got)
		}
	})
}
