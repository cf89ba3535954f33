package mqtt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"

	"pgregory.net/rapid"
)

// However sessions come, go, are parked and fall behind: a message goes to exactly one of each group that it matches, to a
// connected one that keeps up if there is any, else to a parked one if it is of QoS 1 or 2.
func TestSharesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all shares
		sessions := make([]*session, 5)
		for i := range sessions {
			sessions[i] = newSession(level5, true, 1000)
		}
		names := []string{"$share/a/r/k/e/#", "$share/b/r/k/e/#", "$share/a/r/k/e/x"}
		in := map[string][]*session{}
		sent := 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			s := sessions[rapid.IntRange(0, 4).Draw(t, "session")]
			name := rapid.SampledFrom(names).Draw(t, "name")
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				topic, _ := cutShare(name)
				all.join(s, filter{name: name, topic: topic, shared: true, qos: rapid.ByteMax(2).Draw(t, "qos")})
				if !slices.Contains(in[name], s) {
					in[name] = append(in[name], s)
				}
			case 2:
				all.leave(s, name)
				in[name] = slices.DeleteFunc(in[name], func(o *session) bool { return o == s })
			case 3:
				if s.out == nil {
					s.out = room.NewOutbox(1)
				} else {
					s.out = nil
				}
			case 4:
				s.lagging = !s.lagging
			case 5:
				b := batchOf()
				for range rapid.IntRange(1, 5).Draw(t, "messages") {
					sent++
					name := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "event")
					b.Events = append(b.Events, eventOf(name, fmt.Sprint(sent), rapid.ByteMax(2).Draw(t, "QoS"), 1))
				}
				checkDeal(t, &all, in, b)
			}
		}
	})
}

func checkDeal(t *rapid.T, all *shares, in map[string][]*session, b *room.Batch) {
	all.endTick()
	got := map[string]int{}
	for s, items := range all.deal("r/k/", b) {
		for _, d := range items {
			got[string(d.item.payload)]++
			if s.lagging {
				t.Fatalf("%s went to one that fell behind", d.item.payload)
			}
		}
	}
	if len(all.deal("r/k/", b)) != len(all.dealt) {
		t.Fatalf("dealt twice in a tick")
	}
	for i := range b.Events {
		e := &b.Events[i]
		least, most := 0, 0
		for name, members := range in {
			topic, _ := cutShare(name)
			if !matches(topic, []byte("r/k/e/"+e.Name)) {
				continue
			}
			if slices.ContainsFunc(members, func(s *session) bool { return !s.lagging && s.out != nil }) {
				least++
			}
			if slices.ContainsFunc(members, func(s *session) bool { return !s.lagging && (s.out != nil || e.QoS > 0) }) {
				most++
			}
		}
		if n := got[string(e.Payload)]; n < least || n > most {
			t.Fatalf("message %s went out %d times, want %d to %d", e.Payload, n, least, most)
		}
	}
}

// One of each group gets each message, with its own subscription identifier and besides what it subscribed to alone. Who is
// parked gets its part only when nobody else can.
func TestSharedSubscriptions(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{ResumeWindow: time.Minute}, func(t *testing.T, w *world) {
		pub := w.enter(t, "pub", hello{clean: true})
		var group []*player
		for _, name := range []string{"ann", "bob", "cid"} {
			p := w.enter(t, name, hello{clean: true, props: u32(propSessionExpiry, 60)})
			want(t, "granted", p.subscribe(1, "$share/g/r/k/e/#"), "01")
			group = append(group, p)
		}
		want(t, "an ordinary one besides", group[0].subscribe(0, "r/k/e/both"), "00")
		count := func(n int, of ...*player) map[string]int {
			for i := range n {
				pub.publish(1, false, "r/k/e/x", fmt.Sprint(i), "")
			}
			got := map[string]int{}
			for _, p := range of {
				for _, m := range p.told() {
					got[m]++
					got[p.name]++
				}
			}
			for i := range n {
				if got[fmt.Sprint("1 r/k/e/x ", i)] != 1 {
					t.Errorf("message %d came %d times", i, got[fmt.Sprint("1 r/k/e/x ", i)])
				}
			}
			return got
		}
		if got := count(9, group...); got["ann"] != 3 || got["bob"] != 3 || got["cid"] != 3 {
			t.Errorf("dealt %v", got)
		}
		pub.publish(1, false, "r/k/e/both", "", "")
		var both []string
		for _, p := range group {
			both = append(both, p.told()...)
		}
		slices.Sort(both)
		want(t, "alone and shared", both, []string{"0 r/k/e/both ", "1 r/k/e/both "})

		group[1].hangUp()
		count(5, group[0], group[2])
		group[0].packet(typeUnsubscribe, 2, append([]byte{0, 9, 0}, appendText(nil, "$share/g/r/k/e/#")...))
		group[0].told()
		if got := count(4, group[2]); got["cid"] != 4 {
			t.Errorf("dealt %v", got)
		}
		group[2].packet(typeDisconnect, 0, append([]byte{0, 5}, u32(propSessionExpiry, 0)...))
		pass(time.Second)
		for i := range 3 {
			pub.publish(1, false, "r/k/e/x", fmt.Sprint(i), "")
		}
		bob := w.call(t, "bob", hello{props: u32(propSessionExpiry, 60)})
		got := bob.told()
		want(t, "kept for who is parked", strings.Join(got[1:], ", "), "1 r/k/e/x 0, 1 r/k/e/x 1, 1 r/k/e/x 2")
		if got := count(2, bob); got["bob"] != 2 {
			t.Errorf("dealt %v", got)
		}
	})
}

// No local on a shared subscription is against the rules (§3.8.3.1).
func TestSharedNoLocal(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		ann := w.enter(t, "ann", hello{clean: true})
		ann.packet(typeSubscribe, 2, append(appendText([]byte{0, 1, 0}, "$share/g/#"), 4))
		want(t, "closed with", ann.closed(), byte(0x82))
	})
}
