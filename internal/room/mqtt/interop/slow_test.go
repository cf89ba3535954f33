package interop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// deaf makes the client read no more than the packet it waits for, until hear is called.
func (c *client) deaf() (hear func()) {
	shut := make(chan struct{})
	go func() {
		c.gate <- struct{}{}
		close(shut)
	}()
	return func() {
		<-shut
		<-c.gate
	}
}

// A client that reads too slowly loses what waits for it and is shown the retained messages again. Whatever it gets, a topic
// that is left out is one whose alias it was told.
func TestSlowClientsKnowEveryAlias(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{MaxMemberQueueBytes: 20_000, ResumeWindow: time.Minute}, func(t *testing.T, w *world) {
		ann := w.enter(t, level5, connect{props: v5.Properties{TopicAliasMaximum: ptr[uint16](10)}})
		bob := w.enter(t, level5, connect{player: "bob"})
		ann.subscribe(0, room+"e/+", room+"s/+")
		ann.messages()
		hear := ann.deaf()
		for _, m := range []message{
			{topic: room + "e/waited-for"}, {topic: room + "e/in-flight"}, // these two leave the queue
			{topic: room + "s/lamp", payload: "on", retain: true}, {topic: room + "e/queued"},
		} {
			m.qos = 1
			bob.publish(m)
		}
		ann.sendSubscribe(ann.id(), v5.Properties{}, v5.SubOptions{Topic: room + "s/lamp"})
		for range 15 {
			bob.publish(message{topic: room + "e/much", payload: strings.Repeat("x", 2000), qos: 1})
		}
		hear()
		ann.await(v5.SUBACK)
		pass(time.Second)
		for i := range 12 {
			bob.publish(message{topic: fmt.Sprintf("%se/%d", room, i%6), qos: 1})
		}
		known := map[uint16]string{}
		lamp := 0
		for _, p := range ann.messages() {
			alias := p.props.TopicAlias
			switch {
			case alias == nil && p.topic == "", alias != nil && p.topic == "" && known[*alias] == "":
				t.Fatalf("%v with an alias that was not told", p)
			case alias != nil && p.topic != "":
				known[*alias] = p.topic
			case alias != nil:
				p.topic = known[*alias]
			}
			if p.topic == room+"s/lamp" && p.payload == "on" {
				lamp++
			}
		}
		if lamp < 2 {
			t.Errorf("the lamp was shown %d times", lamp)
		}
	})
}
