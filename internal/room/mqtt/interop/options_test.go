package interop_test

import (
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// No local: a client does not get what it published itself; others do (5 §3.8.3.1).
func TestV5SubscribeOptionNoLocal(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, connect{}), w.enter(t, level5, connect{player: "bob"})
	option := v5.SubOptions{Topic: room + "e/chat", QoS: 1, NoLocal: true}
	ann.ask(v5.Properties{}, option)
	bob.ask(v5.Properties{}, option)
	ann.publish(message{topic: room + "e/chat", payload: "ann's", qos: 1})
	bob.publish(message{topic: room + "e/chat", payload: "bob's", qos: 1})
	for c, want := range map[*client]string{ann: "bob's", bob: "ann's"} {
		if got := c.messages(); len(got) != 1 || got[0].payload != want {
			t.Errorf("want %s alone, came: %v", want, got)
		}
	}
}

// Retain as published: a live message keeps its RETAIN; without the option it loses it.
func TestV5SubscribeOptionRetainAsPublished(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level5, connect{}), w.enter(t, level5, connect{player: "bob"})
	ann.ask(v5.Properties{}, v5.SubOptions{Topic: room + "s/+", QoS: 1, RetainAsPublished: true})
	bob.ask(v5.Properties{}, v5.SubOptions{Topic: room + "s/+", QoS: 1})
	ann.publish(message{topic: room + "s/lamp", payload: "on", qos: 1, retain: true})
	ann.publish(message{topic: room + "s/bell", payload: "rings", qos: 1})
	for name, c := range map[string]*client{"as published": ann, "plain": bob} {
		got := c.messages()
		if len(got) != 2 || got[0].topic != room+"s/lamp" || got[0].retain != (c == ann) || got[1].retain {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Retain handling: 0 sends retained messages at every SUBSCRIBE, 1 at a new subscription only, 2 never.
func TestV5SubscribeOptionRetainHandling(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{})
	ann.publish(message{topic: room + "s/lamp", payload: "on", qos: 1, retain: true})
	for _, c := range []struct{ handling, first, again byte }{{0, 1, 1}, {1, 1, 0}, {2, 0, 0}} {
		for i, want := range []byte{c.first, c.again} {
			ann.ask(v5.Properties{}, v5.SubOptions{Topic: room + "s/lamp", QoS: 1, RetainHandling: c.handling})
			if got := ann.messages(); len(got) != int(want) {
				t.Errorf("retain handling %d, subscription %d: %v", c.handling, i, got)
			}
		}
		ann.unsubscribe(room + "s/lamp")
	}
}
