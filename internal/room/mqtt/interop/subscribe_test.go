package interop_test

import (
	"bytes"
	"slices"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

func TestV311OverlappingSubscriptions(t *testing.T) { overlapping(t, level311) }
func TestV5OverlappingSubscriptions(t *testing.T)   { overlapping(t, level5) }

// A message that several filters of one client match is delivered once, with the highest QoS of them.
func overlapping(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	ann.subscribe(2, room+"e/+")
	ann.subscribe(1, room+"#")
	ann.messages() // presence
	ann.publish(message{topic: room + "e/chat", payload: "once", qos: 2})
	if got := ann.messages(); len(got) != 1 || got[0].qos != 2 {
		t.Errorf("came: %v", got)
	}
}

func TestV311SubscribeFailure(t *testing.T) {
	subscribeFailure(t, level311, map[string]byte{
		room + "e/ch#t": 0x80, "#/e/chat": 0x80, room + "e/chat+": 0x80, "r/another/e/chat": 0x80,
		room + "m/bob/+": 0x80, "$SYS/#": 0x80,
	})
}

func TestV5SubscribeFailure(t *testing.T) {
	subscribeFailure(t, level5, map[string]byte{
		room + "e/ch#t": v5.SubackTopicFilterinvalid, "#/e/chat": v5.SubackTopicFilterinvalid,
		room + "e/chat+": v5.SubackTopicFilterinvalid, "r/another/e/chat": v5.SubackNotauthorized,
		room + "m/bob/+": v5.SubackNotauthorized, "$SYS/#": v5.SubackNotauthorized, "$share/crew/r/another/#": v5.SubackNotauthorized,
		"$share/crew": v5.SubackTopicFilterinvalid, "$share//" + room + "e/+": v5.SubackTopicFilterinvalid,
	})
}

// A filter that is wrong, or that finds nothing this player may see, is refused in the SUBACK, in its place; the others of the packet are granted.
func subscribeFailure(t *testing.T, level byte, refused map[string]byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	for filter, reason := range refused {
		got := ann.ask(v5.Properties{}, v5.SubOptions{Topic: room + "e/chat", QoS: 1}, v5.SubOptions{Topic: filter, QoS: 2})
		if !bytes.Equal(got, []byte{1, reason}) {
			t.Errorf("%s: %#x, want %#x", filter, got, reason)
		}
	}
	ann.publish(message{topic: room + "e/chat", payload: "granted", qos: 1})
	if got := ann.messages(); len(got) != 1 {
		t.Errorf("came: %v", got)
	}
}

func TestV311DollarTopics(t *testing.T) { dollarTopics(t, level311) }
func TestV5DollarTopics(t *testing.T)   { dollarTopics(t, level5) }

// Topics that begin with "$" are the server's: nobody publishes to them, and no wildcard at the start of a filter finds them.
func dollarTopics(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level, connect{}), w.enter(t, level, connect{player: "bob"})
	bob.subscribe(2, "#", "+/room-7/e/chat")
	bob.messages() // presence
	for _, topic := range []string{"$" + room + "e/chat", "$SYS/room-7/e/chat"} {
		if reason := ann.publish(message{topic: topic, payload: "hidden", qos: 1}); level == level5 && reason != v5.PubackNotAuthorized {
			t.Errorf("%s is answered %#x", topic, reason)
		}
	}
	ann.publish(message{topic: room + "e/chat", payload: "seen", qos: 1})
	if got := bob.messages(); len(got) != 1 || got[0].payload != "seen" {
		t.Errorf("came: %v", got)
	}
}

func TestV311Unsubscribe(t *testing.T) { unsubscribe(t, level311) }
func TestV5Unsubscribe(t *testing.T)   { unsubscribe(t, level5) }

// What was unsubscribed comes no more; the rest does.
func unsubscribe(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, connect{})
	topics := []string{room + "e/one", room + "e/two", room + "e/three"}
	ann.subscribe(2, topics...)
	reasons := ann.unsubscribe(topics[0], room+"e/none")
	if level == level5 && !bytes.Equal(reasons, []byte{v5.UnsubackSuccess, v5.UnsubackNoSubscriptionFound}) {
		t.Errorf("UNSUBACK says %#x", reasons)
	}
	for _, topic := range topics {
		ann.publish(message{topic: topic, payload: "x", qos: 1})
	}
	var got []string
	for _, p := range ann.messages() {
		got = append(got, p.topic)
	}
	if !slices.Equal(got, topics[1:]) {
		t.Errorf("came: %q", got)
	}
}

// A message names the subscription it is for; one that several subscriptions match names each (5 §3.3.4-3, -4).
func TestV5SubscriptionIdentifiers(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, connect{}), w.enter(t, level5, connect{player: "bob"})
	ann.ask(v5.Properties{SubscriptionIdentifier: ptr(456789)}, v5.SubOptions{Topic: room + "e/chat", QoS: 2})
	bob.ask(v5.Properties{SubscriptionIdentifier: ptr(2)}, v5.SubOptions{Topic: room + "e/chat", QoS: 2})
	bob.ask(v5.Properties{SubscriptionIdentifier: ptr(268_435_455)}, v5.SubOptions{Topic: room + "e/+", QoS: 2})
	bob.ask(v5.Properties{}, v5.SubOptions{Topic: room + "e/chat/+", QoS: 2})
	ann.publish(message{topic: room + "e/chat", payload: "both", qos: 1})
	ann.publish(message{topic: room + "e/news", payload: "one", qos: 1})
	ann.publish(message{topic: room + "e/chat/x", payload: "none", qos: 1})
	for _, c := range []struct {
		client *client
		want   [][]int
	}{{ann, [][]int{{456789}}}, {bob, [][]int{{2, 268_435_455}, {268_435_455}, nil}}} {
		got := c.client.messages()
		if len(got) != len(c.want) {
			t.Fatalf("came: %v", got)
		}
		for i, p := range got {
			slices.Sort(p.ids)
			if !slices.Equal(p.ids, c.want[i]) {
				t.Errorf("%v for the subscriptions %v, want %v", p, p.ids, c.want[i])
			}
		}
	}
	// the identifier is the subscription's: another SUBSCRIBE replaces it, retained messages bear it
	ann.publish(message{topic: room + "s/lamp", payload: "on", qos: 1, retain: true})
	bob.ask(v5.Properties{SubscriptionIdentifier: ptr(7)}, v5.SubOptions{Topic: room + "s/#", QoS: 0})
	bob.ask(v5.Properties{SubscriptionIdentifier: ptr(8)}, v5.SubOptions{Topic: room + "s/#", QoS: 0})
	for i, p := range bob.messages() {
		if want := 7 + i; !p.retain || !slices.Equal(p.ids, []int{want}) {
			t.Errorf("%v for the subscriptions %v, want %d", p, p.ids, want)
		}
	}
}
