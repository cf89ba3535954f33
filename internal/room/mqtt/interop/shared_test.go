package interop_test

import (
	"bytes"
	"testing"

	"greenroom.dev/greenroom/internal/model"
)

// A shared subscription gives each message to one of its group; ordinary subscribers get it besides.
func TestV5SharedSubscriptions(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob, cid := w.enter(t, level5, connect{}), w.enter(t, level5, connect{player: "bob"}), w.enter(t, level5, connect{player: "cid"})
	bob.subscribe(2, "$share/crew/"+room+"e/+")
	cid.subscribe(2, "$share/crew/"+room+"e/+", room+"e/x")
	const n = 40
	ann.repeat(n, message{topic: room + "e/job"})
	b, c := bob.messages(), cid.messages()
	if len(b)+len(c) != n || len(b) == 0 || len(c) == 0 {
		t.Errorf("%d and %d of %d messages", len(b), len(c), n)
	}
	ann.publish(message{topic: room + "e/x", payload: "for cid", qos: 1})
	if b, c := bob.messages(), cid.messages(); len(b)+len(c) < 1 || len(b)+len(c) > 2 || len(c) < 1 {
		t.Errorf("one shared and one of one's own: %v and %v", b, c)
	}
	bob.vanish() // who is left gets all
	ann.repeat(n, message{topic: room + "e/job"})
	if c := cid.messages(); len(c) != n {
		t.Errorf("%d of %d messages after the other left", len(c), n)
	}
	if reasons := cid.unsubscribe("$share/crew/" + room + "e/+"); !bytes.Equal(reasons, []byte{0}) {
		t.Errorf("UNSUBACK says %#x", reasons)
	}
	ann.publish(message{topic: room + "e/job", payload: "for nobody", qos: 1})
	if c := cid.messages(); len(c) != 0 {
		t.Errorf("after UNSUBSCRIBE: %v", c)
	}
}

// Shared subscriptions get no retained messages (5 §4.8.2).
func TestV5SharedSubscriptionsGetNothingRetained(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{})
	ann.publish(message{topic: room + "s/lamp", payload: "on", qos: 1, retain: true})
	ann.subscribe(1, "$share/crew/"+room+"s/#")
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("came: %v", got)
	}
}
