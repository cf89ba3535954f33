package mqtt

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Positions are told in the room's units, shown to who subscribes, and cleared when the member leaves.
func TestPositionTopics(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{ResumeWindow: 5 * time.Second}, func(t *testing.T, w *world) {
		ann, bob := w.enter(t, "ann", hello{clean: true}), w.enter(t, "bob", hello{level: level311, clean: true})
		want(t, "own position", ann.publish(1, true, "r/k/pos/ann", `{"x":1.25,"yaw":90}`, ""), "4 00")
		want(t, "as QoS 2", ann.publish(2, false, "r/k/pos/ann", `{"x":1.5,"y":-2}`, ""), "5 00")
		for _, bad := range []string{``, `{"x":1e9}`, `nonsense`} {
			want(t, "bad "+bad, ann.publish(1, false, "r/k/pos/ann", bad, ""), "4 99")
		}
		want(t, "another's", ann.publish(1, false, "r/k/pos/bob", `{}`, ""), "4 87")
		want(t, "bad in 3.1.1", bob.publish(1, false, "r/k/pos/bob", `{"x":"1"}`, ""), "4 00")
		if n := w.door.Counters.BadPayloads.Load(); n != 4 {
			t.Errorf("%d bad payloads", n)
		}
		want(t, "granted", bob.subscribe(1, "r/k/pos/+"), "01")
		want(t, "shown", bob.told(), []string{`R0 r/k/pos/ann {"x":1.5,"y":-2,"z":0,"yaw":0}`})
		ann.publish(0, false, "r/k/pos/ann", `{"z":3,"data":"AQ=="}`, "")
		want(t, "told", bob.told(), []string{`0 r/k/pos/ann {"x":0,"y":0,"z":3,"yaw":0,"data":"AQ=="}`})
		ann.packet(typeDisconnect, 0, nil)
		pass(4 * time.Second)
		want(t, "cleared", bob.told(), []string{`0 r/k/pos/ann `})
	})
}

// owned and check do what flags 2 and 8 of greenroom.v1 do; they are passed on like any user property.
func TestOwnedAndCheck(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{ResumeWindow: 5 * time.Second}, func(t *testing.T, w *world) {
		ann, bob := w.enter(t, "ann", hello{clean: true}), w.enter(t, "bob", hello{clean: true})
		bob.subscribe(1|8, "r/k/s/#", "r/k/batch")
		bob.told()
		want(t, "created", ann.publish(1, true, "r/k/s/hat", "red", user("owned", "1")+user("check", "0")+user("cut", "wide")), "4 00")
		want(t, "again", ann.publish(1, true, "r/k/s/hat", "blue", user("check", "0")), "4 83")
		want(t, "no number", ann.publish(1, true, "r/k/s/hat", "blue", user("check", "latest")), "4 99")
		got := bob.packets()
		m := bob.read.publish(header{kind: typePublish, flags: got[0].flags}, got[0].body)
		if m.pass != user("owned", "1")+user("check", "0")+user("cut", "wide") || m.payload != "red" || !m.retain {
			t.Errorf("bob got %+v", m)
		}
		b := bob.read.publish(header{kind: typePublish}, got[1].body)
		r, _, err := wire.Decode([]byte(b.payload))
		if s, ok := r.(wire.State); !ok || err != nil || s.Version != 1 || s.Flags != wire.Retain|wire.Owned || s.Key != "hat" {
			t.Fatalf("batch: %+v, %v", r, err)
		}
		want(t, "at its version", ann.publish(1, true, "r/k/s/hat", "blue", user("check", "1")+user("owned", "1")), "4 00")
		bob.packets()
		ann.packet(typeDisconnect, 0, nil)
		pass(4 * time.Second)
		want(t, "gone with its owner", bob.told()[0], "R1 r/k/s/hat ")
	})
}

// A session lives no longer than its seat, and CONNACK says how long that is.
func TestSessionExpiryIsCapped(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{ResumeWindow: 8 * time.Second}, func(t *testing.T, w *world) {
		ann := w.call(t, "ann", hello{clean: true, props: u32(propSessionExpiry, math.MaxUint32)})
		connack := ann.answer(typeConnack)
		if got := string(connack[3:8]); got != u32(propSessionExpiry, 8) {
			t.Errorf("CONNACK %x", connack)
		}
		want(t, "granted", ann.subscribe(2, "r/k/e/#"), "02")
		bob := w.enter(t, "bob", hello{clean: true})
		ann.hangUp()
		bob.publish(2, false, "r/k/e/a", "1", "")
		pass(7 * time.Second)
		ann = w.call(t, "ann", hello{props: u32(propSessionExpiry, 3)})
		all := ann.packets()
		if all[0].body[0] != 1 || len(all) != 2 || all[1].flags != 4 {
			t.Fatalf("ann got %+v", all)
		}
		ann.packet(typeDisconnect, 0, append([]byte{0, 5}, u32(propSessionExpiry, 100)...))
		pass(7 * time.Second)
		ann = w.call(t, "ann", hello{props: u32(propSessionExpiry, 3)})
		if all = ann.packets(); all[0].body[0] != 1 || len(all) != 2 || all[1].flags != 4|8 {
			t.Fatalf("after a DISCONNECT that prolongs: %+v", all)
		}
		ann.hangUp()
		pass(5 * time.Second)
		if ann = w.call(t, "ann", hello{}); ann.answer(typeConnack)[0] != 0 {
			t.Error("a session outlives its expiry")
		}
		if w.givenBack() > 0 {
			t.Errorf("seats %v were given back", w.freed)
		}
	})
}

// Who said goodbye for good gives the seat back soon, who was lost after the resume window.
func TestSeats(t *testing.T) {
	for what, c := range map[string]struct {
		end  func(p *player)
		kept time.Duration
	}{
		"DISCONNECT":           {func(p *player) { p.packet(typeDisconnect, 0, nil) }, leaveGrace},
		"DISCONNECT with will": {func(p *player) { p.packet(typeDisconnect, 0, []byte{4}) }, leaveGrace},
		"lost":                 {(*player).hangUp, 20 * time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{ResumeWindow: 20 * time.Second}, func(t *testing.T, w *world) {
				ann := w.enter(t, "ann", hello{clean: true})
				c.end(ann)
				pass(c.kept - time.Second/2)
				want(t, "given back before", w.givenBack(), 0)
				pass(2 * time.Second)
				want(t, "given back after", w.givenBack(), 1)
			})
		})
	}
}

// A will that is not this session's to publish keeps the client out, and costs nobody a seat.
func TestBadWills(t *testing.T) {
	for what, c := range map[string]struct {
		will, props string
		reason      byte
	}{
		"another room":      {"r/other/e/x bye", "", 0x87},
		"a wildcard":        {"r/k/e/+ bye", "", 0x90},
		"$SYS":              {"$SYS/x bye", "", 0x87},
		"a position":        {"r/k/pos/ann {}", "", 0x87},
		"not UTF-8":         {"r/k/e/x \xff", "\x01\x01", 0x99},
		"too large":         {"r/k/e/x " + string(make([]byte, 101)), "", 0x95},
		"with what it says": {"r/k/e/x " + string(make([]byte, 90)), user("key", "value"), 0x95},
	} {
		t.Run(what, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{MaxMessageBytes: 100}, func(t *testing.T, w *world) {
				ann := w.call(t, "ann", hello{clean: true, will: c.will, willProps: c.props})
				if a := ann.answer(typeConnack); a[1] != c.reason {
					t.Errorf("answered %x", a)
				}
				<-ann.ended
				want(t, "given back", w.givenBack(), 1)
				ann = w.enter(t, "ann", hello{clean: true})
				if c.props == "" {
					again := w.call(t, "ann", hello{level: level311, clean: true, will: c.will})
					want(t, "answered in 3.1.1", fmt.Sprintf("%x", again.answer(typeConnack)), "0005")
				}
				want(t, "still there", ann.publish(1, false, "r/k/e/x", "", ""), "4 00")
			})
		})
	}
}

// The server's keep-alive: where the client asked for none or too much it is told, and held to one and a half of it.
func TestServerKeepAlive(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{IdleTimeout: 10 * time.Second}, func(t *testing.T, w *world) {
		for asked, told := range map[uint16]bool{0: true, 11: true, 10: false, 2: false} {
			ann := w.call(t, "ann", hello{clean: true, keepAlive: asked})
			a := ann.answer(typeConnack)
			said := u16(propServerKeepAlive, 10)
			if got := len(a) > 16 && string(a[len(a)-3:]) == said; got != told {
				t.Errorf("asked for %d: %x", asked, a)
			}
			if asked == 0 {
				pass(14 * time.Second)
				want(t, "before", len(ann.packets()), 0)
				pass(2 * time.Second)
				want(t, "after", ann.closed(), byte(0x8d))
			}
		}
		bob := w.enter(t, "bob", hello{level: level311, clean: true})
		pass(time.Hour)
		want(t, "3.1.1 without keep-alive", bob.publish(1, false, "r/k/e/x", "", ""), "4 00")
	})
}

func TestConnackProperties(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		ann := w.call(t, "ann", hello{clean: true, nameless: true, keepAlive: 10, props: string([]byte{propRequestResponse, 1})})
		a := ann.answer(typeConnack)
		wantProps := u16(propReceiveMax, maxUnanswered) + u32(propMaxPacket, 17<<10) + u16(propTopicAliasMax, maxAliases) +
			string(appendTextProperty(nil, propAssignedID, "ann-1")) + string(appendTextProperty(nil, propResponseInfo, "r/k/m/ann/"))
		if string(a[3:]) != wantProps {
			t.Errorf("CONNACK %q\nwant %q", a[3:], wantProps)
		}
		if a := w.call(t, "cid", hello{level: level311, nameless: true}).answer(typeConnack); fmt.Sprintf("%x", a) != "0002" {
			t.Errorf("3.1.1 without a name and with a session: %x", a)
		}
	})
}

// More messages than are answered, and packets longer than announced, end the connection.
func TestOverrun(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{MaxMessagesPerSecond: 1 << 20, MaxMessageBytes: 1000}, func(t *testing.T, w *world) {
		ann := w.enter(t, "ann", hello{clean: true})
		var b []byte
		for id := range uint16(maxUnanswered + 1) {
			body := append(appendText(nil, "r/k/e/x"), byte((id+1)>>8), byte(id+1), 0)
			p := appendPacket(nil, typePublish, body)
			p[0] |= 4
			b = append(b, p...)
		}
		ann.say(b)
		want(t, "too many", ann.closed(), byte(0x93))
		bob := w.enter(t, "bob", hello{clean: true})
		bob.packet(typePublish, 0, make([]byte, 2100))
		want(t, "too long", bob.closed(), byte(0x95))
	})
}

// What a session may subscribe to, and how many.
func TestSubscriptionsRefused(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{MaxMessagesPerSecond: 1000}, func(t *testing.T, w *world) {
		ann, bob := w.enter(t, "ann", hello{clean: true}), w.enter(t, "bob", hello{level: level311, clean: true})
		for filter, code := range map[string]string{
			"r/other/#": "87", "$SYS/#": "87", "r/k/m/bob/#": "87", "a#": "8f", "$share/g": "8f", "#": "02", "$share/g/#": "02",
			"r/k/s/" + strings.Repeat("x", maxFilterBytes): "97",
		} {
			want(t, filter, ann.subscribe(2, filter), code)
			ann.told()
		}
		want(t, "in 3.1.1", bob.subscribe(1, "r/other/#", "#"), "8001")
		bob.told()
		for i := range maxFilters - 2 {
			want(t, "one more", ann.subscribe(0, fmt.Sprint("r/k/s/", i)), "00")
		}
		want(t, "too many", ann.subscribe(0, "r/k/s/x", "#"), "9700")
		if n := w.door.Counters.BadFilters.Load(); n != 8 {
			t.Errorf("%d refused", n)
		}
	})
}

// A flood of packets that cost the sender nothing ends the connection.
func TestFloods(t *testing.T) {
	for what, packet := range map[string][]byte{
		"PINGREQ":           {typePingreq << 4, 0},
		"PUBREL of nothing": appendAck(nil, level5, typePubrel, 7, 0, nil),
		"PUBACK of nothing": appendAck(nil, level5, typePuback, 7, 0, nil),
		"PUBREC of nothing": appendAck(nil, level5, typePubrec, 7, 0, nil),
	} {
		t.Run(what, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{MaxMessagesPerSecond: 10}, func(t *testing.T, w *world) {
				ann := w.enter(t, "ann", hello{clean: true})
				for range 20 {
					ann.say(packet)
				}
				ann.packets()
				want(t, "alive", ann.publish(1, false, "r/k/e/x", "", "")[:1], "4")
				go func() {
					for range 100 {
						_, _ = ann.net.Write(packet)
					}
				}()
				want(t, "closed with", ann.closed(), byte(0x96))
			})
		})
	}
}

// A client that subscribes again and again to what it does not read is given no more of it.
func TestSubscribingWithoutReading(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{MaxMessagesPerSecond: 1000, MaxMemberQueueBytes: 10_000}, func(t *testing.T, w *world) {
		ann, bob := w.enter(t, "ann", hello{clean: true}), w.enter(t, "bob", hello{clean: true})
		for i := range 5 {
			ann.publish(1, true, fmt.Sprint("r/k/s/", i), strings.Repeat("x", 1000), "")
		}
		var b []byte
		for id := range byte(10) {
			body := append(appendText([]byte{0, id + 1, 0}, "r/k/s/#"), 0)
			p := appendPacket(nil, typeSubscribe, body)
			p[0] |= 2
			b = append(b, p...)
		}
		bob.say(b)
		granted, refused, bytes := 0, 0, 0
		for _, p := range bob.packets() {
			switch {
			case p.kind == typePublish:
				bytes += len(p.body)
			case p.body[len(p.body)-1] == 0x97:
				refused++
			default:
				granted++
			}
		}
		if granted+refused != 10 || granted < 2 || granted > 4 || bytes > granted*5*1100 {
			t.Errorf("%d granted, %d refused, %d bytes of retained messages", granted, refused, bytes)
		}
	})
}
