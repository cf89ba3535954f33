package interop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// Neither side sends more than the other takes: the server closes on a packet above its maximum, and leaves out what is above
// the client's as if it were delivered (5 §3.1.2-25, §3.2.2-15).
func TestV5MaximumPacketSize(t *testing.T) {
	w := newWorld(t, model.RoomSettings{MaxMessageBytes: 2000})
	ann, ack := w.arrive(t, level5, connect{})
	limit := ack.props.MaximumPacketSize
	if limit == nil || *limit < 2000 || *limit > 10_000 {
		t.Fatalf("told %v", ack.props)
	}
	ann.start(message{topic: room + "e/chat", payload: strings.Repeat("x", int(*limit))})
	if goodbye := ann.closed(); goodbye.reason != v5.DisconnectPacketTooLarge {
		t.Errorf("closed with %#x", goodbye.reason)
	}
	ann = w.enter(t, level5, connect{props: v5.Properties{MaximumPacketSize: ptr[uint32](100)}})
	ann.subscribe(2, room+"e/+", room+"m/ann/+")
	for _, class := range []string{"e/chat", "m/ann/chat"} {
		for qos := range byte(3) {
			for _, size := range []int{50, 110, 50} {
				ann.publish(message{topic: room + class, payload: strings.Repeat("x", size), qos: qos})
			}
		}
		got := ann.messages()
		if len(got) != 6 {
			t.Errorf("%s: %d messages came of 6 that fit", class, len(got))
		}
		for _, p := range got {
			if p.size > 100 {
				t.Errorf("%d bytes for a client that takes 100", p.size)
			}
		}
	}
}

// The server takes as many QoS 1 and 2 messages at once as it said; a client that sends more breaks the protocol (5 §3.3.4-8, -9).
func TestV5FlowControl1(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, ack := w.arrive(t, level5, connect{})
	most := 65_535
	if m := ack.props.ReceiveMaximum; m != nil {
		most = int(*m)
	}
	for i := range most {
		ann.start(message{topic: room + "e/chat", payload: fmt.Sprint(i), qos: 2})
	}
	for i := range most {
		ann.awaitID(v5.PUBREC, uint16(i+1))
	}
	ann.start(message{topic: room + "e/chat", payload: "one too many", qos: 2})
	if goodbye := ann.closed(); goodbye.reason != v5.DisconnectReceiveMaximumExceeded {
		t.Errorf("closed with %#x", goodbye.reason)
	}
}

// The server sends no more QoS 1 and 2 messages at once than the client said, and the rest as it acknowledges; QoS 0 does not wait.
func TestV5FlowControl2(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, connect{props: v5.Properties{ReceiveMaximum: ptr[uint16](20)}}), w.enter(t, level5, connect{player: "bob"})
	ann.subscribe(2, room+"e/+")
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprint(i))
		bob.publish(message{topic: room + "e/chat", payload: want[i], qos: byte(1 + i%2)})
	}
	bob.publish(message{topic: room + "e/chat", payload: "unhindered"})
	bob.messages()
	ann.mute = true
	got := ann.messages()
	if len(got) != 21 || got[20].payload != "unhindered" {
		t.Fatalf("came before any acknowledgement: %v", got)
	}
	got = got[:20]
	ann.mute = false
	for i := 0; i < len(want); i++ {
		if i == len(got) {
			got = append(got, ann.await(v5.PUBLISH))
		}
		ann.take(got[i])
	}
	if !slices.Equal(payloads(got), want) {
		t.Errorf("came: %v", payloads(got))
	}
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("then: %v", got)
	}
}

// A QoS 2 message counts until PUBCOMP, not until PUBREC (5 §4.9).
func TestV5FlowControlCountsToPubcomp(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{props: v5.Properties{ReceiveMaximum: ptr[uint16](1)}})
	ann.subscribe(2, room+"e/+")
	ann.publish(message{topic: room + "e/chat", payload: "one", qos: 2})
	ann.publish(message{topic: room + "e/chat", payload: "two", qos: 2})
	one := ann.await(v5.PUBLISH)
	ann.answer(v5.PUBREC, one.id)
	ann.awaitID(v5.PUBREL, one.id)
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("before PUBCOMP: %v", got)
	}
	ann.answer(v5.PUBCOMP, one.id)
	if p := ann.message(); p.payload != "two" {
		t.Error(p)
	}
}

// The server bounds the keep-alive of MQTT 5 clients and tells them; it holds them to its own (5 §3.2.2-21, -22).
func TestV5ServerKeepAlive(t *testing.T) {
	for asked, name := range map[uint16]string{0: "none", 6000: "too long"} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{IdleTimeout: 5 * time.Second}, func(t *testing.T, w *world) {
				silent := time.Now() // but for CONNECT
				ann, ack := w.arrive(t, level5, connect{keepAlive: asked})
				told := ack.props.ServerKeepAlive
				if told == nil || *told == 0 || *told > 5 {
					t.Fatalf("told %v", ack.props)
				}
				goodbye := ann.closed()
				if took, want := time.Since(silent), time.Duration(*told)*time.Second*3/2; took < want || took > want+time.Second || goodbye.reason != v5.DisconnectKeepAliveTimeout {
					t.Errorf("told %d s, closed after %v with %#x", *told, took, goodbye.reason)
				}
			})
		})
	}
	w := newWorld(t, model.RoomSettings{})
	if _, ack := w.arrive(t, level5, connect{keepAlive: 5}); ack.props.ServerKeepAlive != nil {
		t.Errorf("a keep-alive of 5 s is changed to %d s", *ack.props.ServerKeepAlive)
	}
}
