package mqtt

import (
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// In a room with an area of interest a client is told of who comes near and who goes, with what they own.
func TestAreaOfInterest(t *testing.T) {
	settings := model.RoomSettings{
		Interest: model.Interest{Radius: 10, FarRadius: 100, FarEvery: time.Second}, ResumeWindow: 20 * time.Second,
	}
	inVirtualTime(t, settings, func(t *testing.T, w *world) {
		ann, bob := w.enter(t, "ann", hello{clean: true, props: u32(propSessionExpiry, 20)}), w.enter(t, "bob", hello{clean: true})
		ann.publish(1, false, "r/k/pos/ann", `{}`, "")
		bob.publish(1, false, "r/k/pos/bob", `{"x":50}`, "")
		bob.publish(1, true, "r/k/s/hat/bob", "red", user("owned", "1"))
		pass(2 * time.Second)
		ann.subscribe(1, "r/k/#")
		shown := ann.told()
		if !slices.Contains(shown, `R0 r/k/sys/members 2`) || !slices.Contains(shown, `R1 r/k/p/ann {"member":1}`) {
			t.Errorf("shown %q", shown)
		}
		pass(2 * time.Second)
		far := `0 r/k/pos/bob {"x":50,"y":0,"z":0,"yaw":0,"far":true}`
		for _, m := range slices.Concat(shown, ann.told()) {
			if strings.Contains(m, "bob") && m != far {
				t.Errorf("told of bob, who is far: %q", m)
			}
		}
		bob.publish(1, false, "r/k/pos/bob", `{"x":5}`, "")
		pass(time.Second)
		want(t, "bob comes", ann.told(), []string{
			`1 r/k/p/bob {"member":2}`, `0 r/k/pos/bob {"x":5,"y":0,"z":0,"yaw":0}`, `1 r/k/s/hat/bob red`,
		})
		bob.publish(0, false, "r/k/pos/bob", `{"x":6}`, "")
		bob.publish(1, true, "r/k/s/hat/bob", "blue", user("owned", "1"))
		if got := ann.told(); !slices.Contains(got, `0 r/k/pos/bob {"x":6,"y":0,"z":0,"yaw":0}`) || !slices.Contains(got, `1 r/k/s/hat/bob blue`) {
			t.Errorf("bob moves and changes: %q", got)
		}

		ann.hangUp()
		pass(2 * time.Second)
		ann = w.call(t, "ann", hello{props: u32(propSessionExpiry, 20)})
		if got := ann.told(); !strings.HasPrefix(got[0], "2:01") || !slices.Contains(got, `R0 r/k/pos/bob {"x":6,"y":0,"z":0,"yaw":0}`) {
			t.Errorf("back again: %q", got)
		}
		bob.publish(0, false, "r/k/pos/bob", `{"x":300}`, "")
		pass(time.Second)
		got := ann.told()
		want(t, "bob goes", got[len(got)-2:], []string{`1 r/k/p/bob `, `0 r/k/pos/bob `})
	})
}

// The batch topic begins with a snapshot, and goes on with the ticks' records.
func TestBatchTopicOverTheDoor(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		ann := w.enter(t, "ann", hello{level: level311, clean: true})
		ann.publish(1, true, "r/k/s/a", "1", "")
		ann.publish(1, false, "r/k/pos/ann", `{"x":1}`, "")
		ann.subscribe(0, "r/k/batch")
		records := func() (all []wire.Record) {
			for _, p := range ann.packets() {
				if p.kind != typePublish {
					continue
				}
				m := ann.read.publish(header{kind: p.kind, flags: p.flags}, p.body)
				for rest := []byte(m.payload); len(rest) > 0; {
					r, after, err := wire.Decode(rest)
					if err != nil {
						t.Fatal(err)
					}
					all, rest = append(all, r), after
				}
			}
			return all
		}
		first := records()
		s, ok := first[0].(wire.Snapshot)
		if !ok || !s.First || !s.Last || len(s.Members) != 1 || len(s.Entries) != 1 || s.Epoch != 1 || len(first) != 2 {
			t.Fatalf("first %+v", first)
		}
		if p := first[1].(wire.Positions); p.Entries[0].X != 100 {
			t.Errorf("positions %+v", p)
		}
		ann.publish(0, true, "r/k/s/a", "", "") // in a tick, states come before events
		ann.publish(0, false, "r/k/e/hi", "there", "")
		then := records()
		if len(then) != 2 || then[0].(wire.State).Flags != wire.Retain|wire.Delete || then[1].(wire.Event).Name != "hi" {
			t.Errorf("then %+v", then)
		}
	})
}

// A session that is taken over by another connection goes on there, message by message.
func TestTakenOver(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{ResumeWindow: 30 * time.Second}, func(t *testing.T, w *world) {
		watch := w.enter(t, "watch", hello{clean: true})
		watch.subscribe(1, "r/k/e/#")
		keep := u32(propSessionExpiry, 30)
		first := w.enter(t, "ann", hello{clean: true, props: keep, will: "r/k/e/will late", willProps: u32(propWillDelay, 5)})
		first.subscribe(2, "r/k/e/x")
		watch.publish(2, false, "r/k/e/x", "1", "")
		watch.told()
		if got := first.packets(); len(got) != 1 || got[0].flags != 4 {
			t.Fatalf("first got %+v", got)
		}
		second := w.call(t, "ann", hello{props: keep, will: "r/k/e/will at once"})
		want(t, "the first one is closed with", first.closed(), byte(0x8e))
		got := second.told()
		if len(got) != 2 || !strings.HasPrefix(got[0], "2:01") || got[1] != "D2 r/k/e/x 1" {
			t.Errorf("second got %q", got)
		}
		pass(6 * time.Second)
		want(t, "a delayed will of a session that goes on", watch.told(), []string{})
		w.enter(t, "ann", hello{clean: true})
		want(t, "a will without delay", watch.told(), []string{"0 r/k/e/will at once"})
		second.closed()
		want(t, "counted", w.door.Counters.Sessions.Load(), 1)
	})
}

// A client that acknowledges nothing loses what it cannot be kept, and is shown the retained topics when it does again.
func TestSlowClient(t *testing.T) {
	settings := model.RoomSettings{MaxMemberQueueBytes: 4000, MaxMessagesPerSecond: 1000}
	inVirtualTime(t, settings, func(t *testing.T, w *world) {
		ann := w.enter(t, "ann", hello{clean: true})
		bob := w.enter(t, "bob", hello{clean: true, props: u16(propReceiveMax, 2)})
		bob.subscribe(1, "r/k/s/#")
		for i := range 10 {
			ann.publish(1, true, "r/k/s/a", strings.Repeat(string(rune('0'+i)), 900), "")
		}
		var got []string
		for range 3 {
			for _, m := range bob.told() {
				got = append(got, m[:len("1 r/k/s/a 0")])
			}
		}
		want(t, "what was on its way, and how it is now", got, []string{"1 r/k/s/a 0", "1 r/k/s/a 1", "R1 r/k/s/a "})
		ann.publish(1, true, "r/k/s/b", "after", "")
		want(t, "and then", bob.told(), []string{"1 r/k/s/b after"})
		if w.counters.Resyncs.Load() != 1 || w.counters.DroppedBytes.Load() == 0 {
			t.Errorf("%d resyncs, %d bytes dropped", w.counters.Resyncs.Load(), w.counters.DroppedBytes.Load())
		}
	})
}
