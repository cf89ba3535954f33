package interop_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// A connection that says nothing, or its CONNECT a byte at a time, is closed when the time for CONNECT is over.
func TestConnectMustComeInTime(t *testing.T) {
	for name, words := range map[string]int{"half-open": 0, "a byte a second": 60} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
				c := w.call(t, level5)
				hello := connected(0x02, nil, strings.Repeat("x", 100))(level5)
				start := time.Now()
				for _, b := range hello[:words] {
					if !c.open() {
						break
					}
					c.write([]byte{b})
					pass(time.Second)
				}
				c.closed()
				if took := time.Since(start); took > 7*time.Second {
					t.Errorf("closed after %v", took)
				}
			})
		})
	}
}

// Connections that never say anything hold up nobody.
func TestHalfOpenConnectionsHoldUpNobody(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	for range 300 {
		w.call(t, level5)
	}
	ann := w.enter(t, level5, connect{})
	ann.subscribe(1, room+"e/+")
	ann.publish(message{topic: room + "e/chat", payload: "here", qos: 1})
	if got := ann.messages(); len(got) != 1 {
		t.Errorf("came: %v", got)
	}
}

// A packet may come as slowly as its sender likes, within its keep-alive; it holds up nobody.
func TestAByteASecond(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		bob := w.enter(t, level5, connect{player: "bob"})
		bob.subscribe(0, room+"e/+")
		ann := w.enter(t, level5, connect{keepAlive: 3})
		slow := raw(0x30, room+"e/slow", rawProps{}, []byte("at last"))(level5)
		for _, b := range slow {
			ann.write([]byte{b})
			pass(time.Second)
			bob.publish(message{topic: room + "e/quick", qos: 1})
		}
		got := bob.messages()
		if len(got) != len(slow)+1 {
			t.Errorf("%d messages came, want %d", len(got), len(slow)+1)
		}
		ann.leave()
	})
}

// A packet that announces more than it brings waits for its rest until the keep-alive is over; none of it is taken.
func TestRemainingLengthLies(t *testing.T) {
	inVirtualTime(t, model.RoomSettings{}, func(t *testing.T, w *world) {
		ann := w.enter(t, level5, connect{keepAlive: 2})
		ann.subscribe(0, room+"e/+")
		lie := raw(0x30, room+"e/chat", rawProps{}, []byte("half"))(level5)
		lie[1] += 100
		ann.write(lie)
		if goodbye := ann.closed(); goodbye.reason != v5.DisconnectKeepAliveTimeout || len(ann.held) > 0 {
			t.Errorf("closed with %#x after %v", goodbye.reason, ann.held)
		}
		// one that brings more than it announces: the rest is a packet of its own, and none that there is
		bob := w.enter(t, level5, connect{player: "bob"})
		short := raw(0x30, room+"e/chat", rawProps{}, []byte("\x00\x00"))(level5)
		short[1] -= 2
		bob.write(short)
		if goodbye := bob.closed(); goodbye.reason != v5.DisconnectMalformedPacket {
			t.Errorf("closed with %#x", goodbye.reason)
		}
	})
}

// A connection has a bounded number of subscriptions. Those beyond are refused one by one; the first ones work.
func TestTenThousandSubscriptions(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	ann := w.enter(t, level5, connect{})
	granted := 0
	for i := range 100 {
		var options []v5.SubOptions
		for j := range 100 {
			options = append(options, v5.SubOptions{Topic: fmt.Sprintf("%se/%d/%d", room, i, j), QoS: 1})
		}
		for _, reason := range ann.ask(v5.Properties{}, options...) {
			switch reason {
			case 1:
				granted++
			case v5.SubackQuotaexceeded:
			default:
				t.Fatalf("answered %#x", reason)
			}
		}
	}
	if granted < 100 || granted > 1000 {
		t.Errorf("%d subscriptions were granted", granted)
	}
	ann.publish(message{topic: room + "e/0/0", payload: "works", qos: 1})
	if got := ann.messages(); len(got) != 1 {
		t.Errorf("came: %v", got)
	}
}

// Filters of hundreds of wildcards cost as much as they are long: the room goes on at its pace.
func TestWildcardBombs(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	bomber, bob := w.enter(t, level5, connect{player: "bomber"}), w.enter(t, level5, connect{player: "bob"})
	bob.subscribe(1, room+"e/+")
	var bombs []v5.SubOptions
	for i := range 60 {
		filter := room + strings.Repeat("+/", 100+i) + "#"
		bombs = append(bombs, v5.SubOptions{Topic: filter, QoS: 1}, v5.SubOptions{Topic: "$share/g/" + filter, QoS: 1})
	}
	for few := range slices.Chunk(bombs, 20) {
		bomber.ask(v5.Properties{}, few...)
	}
	start := time.Now()
	for range 20 {
		bob.publish(message{topic: room + "e/x", qos: 1})
	}
	if took := time.Since(start); took > patience/2 {
		t.Errorf("20 messages took %v", took)
	}
	if got := bob.messages(); len(got) != 20 {
		t.Errorf("%d messages came", len(got))
	}
}

// Whatever came and went, the server holds afterwards what it held before.
func TestNothingStaysBehind(t *testing.T) {
	w := newWorld(t, model.RoomSettings{})
	bob := w.enter(t, level5, connect{player: "bob"})
	round := func(t *testing.T) {
		for _, level := range []byte{level311, level5} {
			for _, v := range append(beforeConnack(), afterConnack()...) {
				c := w.call(t, level)
				c.write(v.packet(level))
				c.net.Close()
			}
			for range 10 {
				ann := w.enter(t, level, connect{})
				ann.ask(v5.Properties{}, v5.SubOptions{Topic: room + "#", QoS: 2})
				ann.write(bytes.Repeat(raw(0x34, room+"s/x", uint16(7), rawProps{}, make([]byte, 1000))(level), 3))
				ann.vanish()
			}
		}
		bob.messages()
	}
	t.Run("what is made once", round)
	goroutines, heap := footprint()
	for range 2 {
		t.Run("again", round)
	}
	settled := time.Now().Add(patience)
	for {
		g, h := footprint()
		if g <= goroutines && h <= heap+1<<20 {
			return
		}
		if time.Now().After(settled) {
			t.Fatalf("%d goroutines and %d KiB before, %d and %d KiB after", goroutines, heap>>10, g, h>>10)
		}
		bob.messages()
	}
}

func footprint() (goroutines int, heap uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}
