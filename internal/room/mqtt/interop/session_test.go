package interop_test

import (
	"slices"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// kept is a CONNECT for a session that outlives its connection.
func kept(level byte, resume bool) connect {
	c := connect{resume: resume}
	if level == level5 {
		c.props.SessionExpiryInterval = ptr[uint32](60)
	} else {
		c.resume = true
	}
	return c
}

func TestV311OfflineMessageQueueing(t *testing.T) { offlineQueueing(t, level311) }
func TestV5OfflineMessageQueueing(t *testing.T)   { offlineQueueing(t, level5) }

// Who returns to its session gets what was published with QoS 1 and 2 meanwhile, in order; QoS 0 is not kept.
func offlineQueueing(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level, kept(level, false)), w.enter(t, level, connect{player: "bob"})
	ann.subscribe(2, room+"e/+")
	ann.leave()
	for qos := range byte(3) {
		bob.publish(message{topic: room + "e/chat", payload: "qos " + string('0'+qos), qos: qos})
	}
	bob.messages()
	ann, ack := w.arrive(t, level, kept(level, true))
	if !ack.present {
		t.Error("the session is not present")
	}
	if got := payloads(ann.messages()); !slices.Equal(got, []string{"qos 1", "qos 2"}) {
		t.Errorf("came: %q", got)
	}
	bob.publish(message{topic: room + "e/chat", payload: "live", qos: 1})
	if got := payloads(ann.messages()); !slices.Equal(got, []string{"live"}) {
		t.Errorf("then came: %q", got)
	}
	ann.leave()
	fresh := connect{}
	if ann, ack = w.arrive(t, level, fresh); ack.present {
		t.Error("a clean start finds a session")
	}
	bob.publish(message{topic: room + "e/chat", payload: "for nobody", qos: 1})
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("a clean start has subscriptions: %v", got)
	}
}

func payloads(packets []packet) (all []string) {
	for _, p := range packets {
		all = append(all, p.payload)
	}
	return all
}

func TestV311RedeliveryOnReconnect(t *testing.T) { redelivery(t, level311) }
func TestV5RedeliveryOnReconnect(t *testing.T)   { redelivery(t, level5) }

// What was not acknowledged when the connection went comes again, in order, as a duplicate with its own packet identifier.
func redelivery(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level, kept(level, false)), w.enter(t, level, connect{player: "bob"})
	ann.subscribe(2, room+"e/+")
	ann.mute = true
	bob.publish(message{topic: room + "e/chat", payload: "one", qos: 1})
	bob.publish(message{topic: room + "e/chat", payload: "two", qos: 2})
	before := ann.messages()
	if len(before) != 2 || before[0].dup || before[1].dup {
		t.Fatalf("at first: %v", before)
	}
	ann.vanish()
	ann = w.enter(t, level, kept(level, true))
	for i := range 2 {
		p := ann.await(v5.PUBLISH)
		if !p.dup || p.id != before[i].id || p.payload != before[i].payload || p.qos != before[i].qos {
			t.Errorf("again: %v with identifier %d, which was %d", p, p.id, before[i].id)
		}
		ann.take(p)
	}
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("then: %v", got)
	}
	ann.vanish()
	ann = w.enter(t, level, kept(level, true))
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("acknowledged, and yet again: %v", got)
	}
}

func TestV311RedeliveryOfReleases(t *testing.T) { redeliveryOfReleases(t, level311) }
func TestV5RedeliveryOfReleases(t *testing.T)   { redeliveryOfReleases(t, level5) }

// A QoS 2 message whose PUBREC came is not sent again: its PUBREL is (3.1.1 §4.4-1, 5 §4.4-1).
func redeliveryOfReleases(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level, kept(level, false))
	ann.subscribe(2, room+"e/+")
	ann.publish(message{topic: room + "e/chat", payload: "two", qos: 2})
	p := ann.await(v5.PUBLISH)
	ann.answer(v5.PUBREC, p.id)
	ann.awaitID(v5.PUBREL, p.id)
	ann.vanish()
	ann = w.enter(t, level, kept(level, true))
	ann.awaitID(v5.PUBREL, p.id)
	ann.answer(v5.PUBCOMP, p.id)
	if got := ann.messages(); len(got) > 0 {
		t.Errorf("came: %v", got)
	}
	ann.vanish()
	ann = w.enter(t, level, kept(level, true))
	ann.messages()
	if len(ann.held) > 0 {
		t.Errorf("after PUBCOMP: %v", ann.held)
	}
}

func TestV311PublishingExactlyOnceOverTwoConnections(t *testing.T) { exactlyOnce(t, level311) }
func TestV5PublishingExactlyOnceOverTwoConnections(t *testing.T)   { exactlyOnce(t, level5) }

// The server remembers the QoS 2 identifiers that it has not seen released, so a PUBLISH that comes again is one message.
func exactlyOnce(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	ann, bob := w.enter(t, level, kept(level, false)), w.enter(t, level, connect{player: "bob"})
	bob.subscribe(2, room+"e/+")
	m := message{topic: room + "e/chat", payload: "once", qos: 2}
	id := ann.start(m)
	ann.awaitID(v5.PUBREC, id)
	ann.vanish()
	ann = w.enter(t, level, kept(level, true))
	ann.start(m) // the same identifier: a new client counts from 1
	if p := ann.awaitID(v5.PUBREC, id); p.reason != 0 {
		t.Errorf("again: %v", p)
	}
	ann.answer(v5.PUBREL, id)
	ann.awaitID(v5.PUBCOMP, id)
	if got := bob.messages(); len(got) != 1 {
		t.Errorf("came: %v", got)
	}
}

func TestV311SessionIsTakenOver(t *testing.T) { takeover(t, level311) }
func TestV5SessionIsTakenOver(t *testing.T)   { takeover(t, level5) }

// A second connection of the same player ends the first and goes on with its session.
func takeover(t *testing.T, level byte) {
	w := newWorld(t, model.RoomSettings{})
	old, bob := w.enter(t, level, kept(level, false)), w.enter(t, level, connect{player: "bob"})
	old.subscribe(2, room+"e/+")
	old.mute = true
	bob.publish(message{topic: room + "e/chat", payload: "unacknowledged", qos: 1})
	if p := old.await(v5.PUBLISH); p.dup {
		t.Error(p)
	}
	ann, ack := w.arrive(t, level, kept(level, true))
	if !ack.present {
		t.Error("the session is not present")
	}
	if goodbye := old.closed(); level == level5 && goodbye.reason != v5.DisconnectSessionTakenOver {
		t.Errorf("the older connection is closed with %#x", goodbye.reason)
	}
	if p := ann.message(); p.payload != "unacknowledged" || !p.dup {
		t.Error(p)
	}
	bob.publish(message{topic: room + "e/chat", payload: "more", qos: 1})
	if p := ann.message(); p.payload != "more" {
		t.Error(p)
	}
}
