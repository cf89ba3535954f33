package interop_test

import (
	"slices"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// kinds are a topic of each class that a player publishes to, and whether it is retained.
var kinds = []message{
	{topic: room + "e/chat"},
	{topic: room + "s/passing"},
	{topic: room + "s/kept", retain: true},
	{topic: room + "m/ann/wave"},
}

// User properties arrive as they were sent: in order, repeated names too (5 §3.3.2-18).
func TestV5UserProperties(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{})
	ann.subscribe(2, room+"#")
	ann.messages() // presence
	want := []v5.User{{Key: "a", Value: "2"}, {Key: "c", Value: "3"}, {Key: "a", Value: ""}, {Key: "", Value: "ü"}, {Key: "a", Value: "2"}}
	for _, m := range kinds {
		m.payload, m.props = "x", v5.Properties{User: want}
		for m.qos = range byte(3) {
			ann.publish(m)
			if p := ann.message(); !slices.Equal(p.props.User, want) || p.topic != m.topic || p.qos != m.qos {
				t.Errorf("%v with the properties %v", p, p.props.User)
			}
		}
	}
}

// The payload format and the content type arrive as they were sent (5 §3.3.2-4, -20), or are left out.
func TestV5PayloadFormat(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{})
	ann.subscribe(2, room+"#")
	ann.messages() // presence
	for _, m := range kinds {
		for _, c := range []v5.Properties{
			{}, {PayloadFormat: ptr[byte](0), ContentType: "application/octet-stream"}, {PayloadFormat: ptr[byte](1), ContentType: "My name"},
		} {
			m.payload, m.qos, m.props = "x", 1, c
			ann.publish(m)
			p := ann.message()
			format := p.props.PayloadFormat
			same := format == nil && c.PayloadFormat == nil || format != nil && c.PayloadFormat != nil && *format == *c.PayloadFormat
			if unspecified := c.PayloadFormat != nil && *c.PayloadFormat == 0 && format == nil; !same && !unspecified || p.props.ContentType != c.ContentType {
				t.Errorf("%v: sent %v, came %v", m.topic, &c, p.props)
			}
		}
	}
}

// A request names where the answer goes and what it answers; both arrive, and the answer finds its way.
func TestV5RequestResponse(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, connect{}), w.enter(t, level5, connect{player: "bob"})
	ann.subscribe(2, room+"m/ann/+")
	bob.subscribe(2, room+"e/request")
	ann.publish(message{topic: room + "e/request", payload: "what time is it?", qos: 1, props: v5.Properties{
		ResponseTopic: room + "m/ann/answer", CorrelationData: []byte{0, 1, 0xff},
	}})
	request := bob.message()
	if request.props.ResponseTopic != room+"m/ann/answer" || string(request.props.CorrelationData) != "\x00\x01\xff" {
		t.Fatalf("the request came with %v", request.props)
	}
	bob.publish(message{topic: request.props.ResponseTopic, payload: "noon", qos: 1, props: v5.Properties{
		CorrelationData: request.props.CorrelationData,
	}})
	answer := ann.message()
	if answer.topic != room+"m/ann/answer" || answer.payload != "noon" || string(answer.props.CorrelationData) != "\x00\x01\xff" {
		t.Errorf("%v with %v", answer, answer.props)
	}
}
