package interop_test

import (
	"fmt"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// A client names a topic by a number that it introduced, for as long as the connection lives.
func TestV5ClientTopicAlias(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	keep := connect{props: v5.Properties{SessionExpiryInterval: ptr[uint32](60)}}
	ann, ack := w.arrive(t, level5, keep)
	most := ack.props.TopicAliasMaximum
	if most == nil || *most == 0 {
		t.Fatalf("told %v", ack.props)
	}
	ann.subscribe(2, room+"#")
	ann.messages() // presence
	for i, c := range []struct {
		topic string
		alias uint16
		want  string
	}{
		{room + "e/one", 1, room + "e/one"},
		{"", 1, room + "e/one"},
		{room + "s/two", *most, room + "s/two"},
		{"", 1, room + "e/one"},
		{"", *most, room + "s/two"},
		{room + "e/three", 1, room + "e/three"}, // the number is given to another topic
		{"", 1, room + "e/three"},
	} {
		ann.publish(message{topic: c.topic, payload: "x", qos: byte(i % 3), props: v5.Properties{TopicAlias: &c.alias}})
		if p := ann.message(); p.topic != c.want || p.props.TopicAlias != nil {
			t.Errorf("message %d: %v, want %s", i, p, c.want)
		}
	}
	ann.vanish()
	keep.resume = true
	ann = w.enter(t, level5, keep)
	ann.start(message{payload: "x", props: v5.Properties{TopicAlias: ptr[uint16](1)}})
	if goodbye := ann.closed(); goodbye.reason != v5.DisconnectProtocolError {
		t.Errorf("an alias of the last connection: closed with %#x", goodbye.reason)
	}
}

// An alias of 0, one above the server's maximum and one without a topic end the connection (5 §3.3.2.3.4).
func TestV5ClientTopicAliasOutOfBounds(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	for _, c := range []struct {
		name   string
		topic  string
		beyond int // the alias; -1: one above the maximum
		reason byte
	}{
		{"zero", room + "e/chat", 0, v5.DisconnectTopicAliasInvalid},
		{"above the maximum", room + "e/chat", -1, v5.DisconnectTopicAliasInvalid},
		{"unknown", "", 1, v5.DisconnectProtocolError},
	} {
		ann, ack := w.arrive(t, level5, connect{})
		alias := uint16(max(c.beyond, 0))
		if c.beyond < 0 && ack.props.TopicAliasMaximum != nil {
			alias = *ack.props.TopicAliasMaximum + 1
		}
		ann.start(message{topic: c.topic, payload: "x", qos: 1, props: v5.Properties{TopicAlias: &alias}})
		if goodbye := ann.closed(); goodbye.reason != c.reason {
			t.Errorf("%s: closed with %#x, want %#x", c.name, goodbye.reason, c.reason)
		}
	}
}

// To a client that takes aliases the server names a topic once and then by number; to others always in full.
func TestV5ServerTopicAlias(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{props: v5.Properties{TopicAliasMaximum: ptr[uint16](2)}})
	bob := w.enter(t, level5, connect{player: "bob"})
	ann.subscribe(2, room+"e/+", room+"m/+/+")
	bob.subscribe(2, room+"e/+")
	topics := []string{room + "e/one", room + "e/two", room + "e/three"}
	for i := range 12 {
		bob.publish(message{topic: topics[i%3], payload: topics[i%3], qos: byte(1 + i%2)})
	}
	known := map[uint16]string{}
	short := 0
	for _, p := range ann.messages() {
		topic := p.topic
		if alias := p.props.TopicAlias; alias != nil {
			if *alias == 0 || *alias > 2 {
				t.Errorf("alias %d for a client that takes 2", *alias)
			}
			if topic == "" {
				topic = known[*alias]
				short++
			}
			known[*alias] = topic
		}
		if topic != p.payload {
			t.Errorf("%v is for %s", p, topic)
		}
	}
	if short == 0 {
		t.Error("no topic was left out")
	}
	for _, p := range bob.messages() {
		if p.props.TopicAlias != nil || p.topic != p.payload {
			t.Errorf("to a client without aliases: %v", p)
		}
	}
}

// An alias takes bytes of its own where it is told; the client's maximum packet size holds all the same.
func TestV5ServerTopicAliasWithinMaximumPacketSize(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	const limit = 100
	ann := w.enter(t, level5, connect{props: v5.Properties{TopicAliasMaximum: ptr[uint16](100), MaximumPacketSize: ptr[uint32](limit)}})
	bob := w.enter(t, level5, connect{player: "bob"})
	ann.subscribe(1, room+"e/+")
	fits := 0
	for size := range 20 {
		topic := fmt.Sprintf("%se/%02d", room, size)
		size += limit - 30
		if len(topic)+size+7 <= limit { // first byte, length, topic length, identifier, property length
			fits++
		}
		bob.publish(message{topic: topic, payload: strings.Repeat("x", size), qos: 1})
	}
	got := ann.messages()
	for _, p := range got {
		if p.size > limit {
			t.Errorf("%d bytes for a client that takes %d", p.size, limit)
		}
	}
	if len(got) != fits {
		t.Errorf("%d messages came of %d that fit", len(got), fits)
	}
}
