package interop_test

import (
	"slices"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

func TestV311RetainedMessages(t *testing.T) { retained(t, level311) }
func TestV5RetainedMessages(t *testing.T)   { retained(t, level5) }

// A late subscriber gets the last retained message of each topic that its filter matches, marked as retained, until an empty
// retained message takes it away. What is published without RETAIN leaves it as it is.
func retained(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	props := v5.Properties{ContentType: "text/plain", User: []v5.User{{Key: "a", Value: "2"}, {Key: "c", Value: "3"}}}
	topics := []string{room + "s/door/left", room + "s/lamp", room + "s/door/right"}
	for i, topic := range topics {
		ann.publish(message{topic: topic, payload: "first", qos: byte(i), retain: true})
		ann.publish(message{topic: topic, payload: "last", qos: byte(i), retain: true, props: props})
		ann.publish(message{topic: topic, payload: "passing", qos: byte(i)})
	}
	ann.unsubscribe("no/such/filter") // the QoS 0 one is taken too

	bob := w.enter(t, level, connect{player: "bob"})
	bob.subscribe(2, room+"s/door/+")
	got := bob.messages()
	slices.SortFunc(got, func(a, b packet) int { return int(a.qos) - int(b.qos) })
	if len(got) != 2 {
		t.Fatalf("came: %v", got)
	}
	for i, p := range got {
		if p.topic != topics[2*i] || p.payload != "last" || !p.retain || int(p.qos) != 2*i {
			t.Errorf("retained: %v", p)
		}
		if level == level5 && (p.props.ContentType != "text/plain" || !slices.Equal(p.props.User, props.User)) {
			t.Errorf("retained with the properties %+v", p.props)
		}
	}
	for i, topic := range topics {
		ann.publish(message{topic: topic, qos: byte(i), retain: true})
	}
	ann.unsubscribe("no/such/filter")
	cid := w.enter(t, level, connect{player: "cid"})
	cid.subscribe(2, room+"s/#")
	if got := cid.messages(); len(got) > 0 {
		t.Errorf("after they were taken away: %v", got)
	}
}

func TestV311NewSubscribersGetRetainedMessagesOnce(t *testing.T) { retainedOnce(t, level311) }
func TestV5NewSubscribersGetRetainedMessagesOnce(t *testing.T)   { retainedOnce(t, level5) }

// Every SUBSCRIBE sends the retained messages again (3.1.1 §3.8.4-3, 5 §3.8.4-4); what is published live is not marked.
func retainedOnce(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	ann.subscribe(1, room+"s/lamp")
	ann.publish(message{topic: room + "s/lamp", payload: "on", qos: 1, retain: true})
	if got := ann.messages(); len(got) != 1 || got[0].retain {
		t.Errorf("live: %v", got)
	}
	ann.subscribe(0, room+"s/lamp")
	if got := ann.messages(); len(got) != 1 || !got[0].retain || got[0].qos != 0 {
		t.Errorf("after subscribing again: %v", got)
	}
}
