package udp_test

import (
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/sdk/go/client"
)

// What waits for a member that nothing reaches is bounded. When it hears again it gets a snapshot, and knows how many
// events it missed; nobody else notices.
func TestAMemberThatHearsNothingForAWhile(t *testing.T) {
	h := newHouse(t, func(c *room.Config, _ *udp.Door) { c.Settings.MaxMemberQueueBytes = 32 << 10 })
	road := newRoad(t, h.addr, badness{})
	var deaf, heard listener
	slow := h.enter("deaf", road.addr(), client.Handler{Event: deaf.hear})
	ann := h.enter("ann", h.addr, client.Handler{Event: heard.hear})
	road.lose(1)
	const events = 100
	pace := time.NewTicker(4 * time.Millisecond)
	defer pace.Stop()
	for range events {
		if _, err := ann.SendEvent("news", make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		<-pace.C
	}
	eventually(t, "ann heard everything", func() bool { return heard.count() == events })
	road.lose(0)
	eventually(t, "the deaf one is told that it missed something", func() bool { return slow.Stats().Resyncs > 0 && slow.Stats().Missed > 0 })
	if _, err := ann.SendEvent("last", []byte("last")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deaf one hears again", func() bool { return deaf.last() == "last" })
	if s := slow.Stats(); s.Gaps+s.Duplicates+s.Reconnects > 0 || int(s.Missed)+deaf.count() != events+1 {
		t.Errorf("%+v; it heard %d of %d", s, deaf.count(), events+1)
	}
	if s := ann.Stats(); s != (client.Stats{}) {
		t.Errorf("ann went through %+v", s)
	}
}

// A client that sends what is no record is told so, and is gone.
func TestWhatIsNoRecord(t *testing.T) {
	h := newHouse(t, nil)
	p := &puppet{}
	if _, err := h.room.Join(room.Join{Player: "puppet", Seat: 99, Conn: p}); err != nil {
		t.Fatal(err)
	}
	w := h.wild("mallory")
	w.end.Write([]byte{byte(wire.TypeSendEvent), 2, 1, 0xff}, 0, time.Now())
	w.pump()
	if w.listen(); w.code != uint16(wire.CloseProtocol) {
		t.Errorf("closed with %d: %s", w.code, w.reason)
	}
	eventually(t, "its connection is gone", func() bool { return h.door.Conns() == 0 })
}
