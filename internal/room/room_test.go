package room_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

const tick = 50 * time.Millisecond

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestLatestStateWinsInsideATick(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	for _, v := range []string{"1", "2", "3"} {
		ann.send(tb.now, retained("pos/ann", v))
	}
	before := bob.lastSnapshot
	tb.tick(tick)
	equal(t, "bob's view", bob.state["pos/ann"], "3")
	equal(t, "ann's view", ann.state["pos/ann"], "3")
	equal(t, "unacknowledged", len(ann.unacked), 0)
	if bob.lastSnapshot.Offset != before.Offset {
		t.Error("a snapshot was sent for a change")
	}
	eve := tb.enter("eve", 3)
	equal(t, "a late joiner's view", eve.state["pos/ann"], "3")
	equal(t, "members", len(eve.members), 3)
}

func TestNothingToSayWritesNothing(t *testing.T) {
	var counters room.Counters
	tb := newTable(t, func(c *room.Config) { c.Counters = &counters })
	tb.enter("ann", 1)
	encodings := counters.Encodings.Load()
	for range 10 {
		tb.tick(tick)
	}
	equal(t, "encodings", counters.Encodings.Load(), encodings)
	if next, done := tb.room.Tick(tb.now); !next.IsZero() || done {
		t.Errorf("an idle room wants to be ticked at %v, done %v", next, done)
	}
}

func TestATickIsEncodedOnceForAll(t *testing.T) {
	var counters room.Counters
	tb := newTable(t, func(c *room.Config) { c.Counters = &counters; c.Capacity = 100 })
	var all []*client
	for i := range 50 {
		all = append(all, tb.enter("p"+strings.Repeat("x", i), uint64(i+1)))
	}
	before := counters.Encodings.Load()
	for _, c := range all {
		c.send(tb.now, retained("pos/"+c.player, "1"))
	}
	tb.tick(tick)
	equal(t, "encodings", counters.Encodings.Load()-before, 1)
	equal(t, "states", len(all[49].state), 50)
}

func TestOwnedStateGoesWithTheSeat(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	ann.send(tb.now, retained("pos/ann", "here"))
	ann.send(tb.now, room.Message{Kind: room.KindState, Flags: wire.Retain, Name: "door", Value: []byte("open")})
	tb.tick(tick)
	ann.link.Lost()
	tb.tick(tick)
	tb.tick(model.DefaultResumeWindow - tick)
	equal(t, "members while away", len(bob.members), 2)
	tb.tick(tick)
	equal(t, "members after", len(bob.members), 1)
	if want := map[string]string{"door": "open"}; !maps.Equal(bob.state, want) {
		t.Errorf("state after: %v", bob.state)
	}
	if !slices.Equal(tb.released, []uint64{1}) {
		t.Errorf("released seats: %v", tb.released)
	}
	late := newClient(t, "ann", 1)
	late.join(tb.room)
	tb.tick(tick)
	equal(t, "the released seat's close code", late.conn.code, wire.CloseReleased)
}

func TestLeaveReleasesAtOnceAndAnEmptyRoomEnds(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	ann.link.Leave()
	tb.tick(tick)
	if !slices.Equal(tb.released, []uint64{1}) {
		t.Fatalf("released seats: %v", tb.released)
	}
	tb.tick(room.EmptyLinger - tick)
	equal(t, "ended too early", tb.ended, false)
	tb.tick(tick)
	equal(t, "ended", tb.ended, true)
	if _, err := tb.room.Join(room.Join{Player: "bob"}); err != room.ErrOver {
		t.Errorf("join after the end: %v", err)
	}
}

func TestSecondConnectionReplacesTheFirst(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	old, member := ann.conn, ann.member
	ann.join(tb.room)
	tb.tick(tick)
	equal(t, "the older connection's close code", old.code, wire.CloseReplaced)
	equal(t, "member number", ann.member, member)
	equal(t, "members", len(ann.members), 1)
}

func TestFullSessionRefuses(t *testing.T) {
	tb := newTable(t, func(c *room.Config) { c.Capacity = 1 })
	tb.enter("ann", 1)
	bob := tb.enter("bob", 2)
	equal(t, "close code", bob.conn.code, wire.CloseFull)
	if !slices.Equal(tb.released, []uint64{2}) {
		t.Errorf("released seats: %v", tb.released)
	}
}

func TestVersionCheck(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	check := func(value string, expect uint64) {
		m := retained("flag", value)
		m.Flags |= wire.Check
		m.Expect = expect
		ann.send(tb.now, m)
		tb.tick(tick)
	}
	check("a", 0)
	check("b", 0) // it exists by now
	check("c", 1)
	check("d", 1) // it is at 2 by now
	equal(t, "value", ann.state["flag"], "c")
	if want := []wire.RejectCode{wire.RejectVersion, wire.RejectVersion}; !slices.Equal(ann.rejected, want) {
		t.Errorf("rejected: %v", ann.rejected)
	}
	equal(t, "unacknowledged", len(ann.unacked), 0)
}

func TestTimeToLive(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	m := retained("buff", "x")
	m.TTL = time.Second
	ann.send(tb.now, m)
	tb.tick(tick)
	next, _ := tb.room.Tick(tb.now)
	equal(t, "next tick", next.Sub(tb.now), time.Second)
	tb.tick(time.Second)
	equal(t, "states", len(ann.state), 0)
}

func TestLimits(t *testing.T) {
	tb := newTable(t, func(c *room.Config) {
		c.Settings = model.RoomSettings{MaxMessageBytes: 100, MaxStateBytes: 300, MaxMessagesPerSecond: 10}
	})
	ann := tb.enter("ann", 1)
	for _, m := range []room.Message{
		retained("big", strings.Repeat("x", 101)),
		retained("a", strings.Repeat("x", 100)),
		retained("b", strings.Repeat("x", 100)),
		retained("c", strings.Repeat("x", 100)),
		retained("bad+key", "x"),
		{Kind: room.KindSignal, Name: "wave", To: []uint64{99}},
	} {
		ann.send(tb.now, m)
	}
	tb.tick(tick)
	want := []wire.RejectCode{wire.RejectTooLarge, wire.RejectFull, wire.RejectBadName, wire.RejectNoMember}
	if !slices.Equal(ann.rejected, want) {
		t.Fatalf("rejected: %v, want %v", ann.rejected, want)
	}
	ann.rejected = nil
	for range 16 {
		ann.send(tb.now, event("e", ""))
	}
	tb.tick(tick)
	if want := []wire.RejectCode{wire.RejectTooMany}; !slices.Equal(ann.rejected[:1], want) {
		t.Fatalf("rejected: %v, want %v", ann.rejected, want)
	}
	equal(t, "unacknowledged", len(ann.unacked), 0)
}

func TestBytesAreLimitedToo(t *testing.T) {
	var counters room.Counters
	tb := newTable(t, func(c *room.Config) {
		c.Counters = &counters
		c.Settings = model.RoomSettings{MaxBytesPerSecond: 100}
	})
	ann := tb.enter("ann", 1)
	say := func(n int) {
		ann.send(tb.now, room.Message{Kind: room.KindEvent, Name: "say", Value: make([]byte, n)})
		tb.tick(tick)
	}
	say(150)
	say(60) // of 200 at once 50 are left, and 5 a tick come back
	say(55)
	equal(t, "events", len(ann.events), 2)
	if want := []wire.RejectCode{wire.RejectTooMany}; !slices.Equal(ann.rejected, want) {
		t.Errorf("rejected: %v", ann.rejected)
	}
	equal(t, "counted", counters.RejectedBytes.Load(), 1)
}

// What a client held while its connection was gone is taken, though it is more than the rate; but not again and again.
func TestWhoComesBackMaySayWhatItHeld(t *testing.T) {
	tb := newTable(t, func(c *room.Config) {
		c.Settings = model.RoomSettings{MaxMessagesPerSecond: 10, HistoryEvents: 10_000, MaxMemberQueueBytes: 1 << 20}
	})
	ann := tb.enter("ann", 1)
	back := func(held int) {
		ann.link.Lost()
		for range held {
			ann.seq++
			ann.unacked = append(ann.unacked, room.Message{Kind: room.KindEvent, Name: "held", Seq: ann.seq})
		}
		ann.join(tb.room)
		for range 3 {
			tb.tick(tick)
		}
	}
	back(room.ReturnMessages)
	equal(t, "events", len(ann.events), room.ReturnMessages)
	equal(t, "rejected", len(ann.rejected), 0)
	back(60)
	equal(t, "events of two times at once", len(ann.events), room.ReturnMessages+20)
	equal(t, "rejected then", len(ann.rejected), 40)
}

func TestHistoryIsAsLongAsItIsSet(t *testing.T) {
	tb := newTable(t, func(c *room.Config) { c.Settings = model.RoomSettings{HistoryEvents: 3} })
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	for _, missed := range []int{3, 4} {
		bob.link.Lost()
		for range missed {
			ann.send(tb.now, event("e", ""))
		}
		tb.tick(tick)
		bob.join(tb.room)
		tb.tick(tick)
	}
	equal(t, "bob's events", len(bob.events), 3)
	equal(t, "times events were lost", bob.lost, 1)
}

func TestAFloodIsToldApart(t *testing.T) {
	l := room.NewLimiter(10)
	now := time.Unix(0, 0)
	got := map[room.Verdict]int{}
	for range 100 {
		got[l.Take(now)]++
	}
	if want := map[room.Verdict]int{room.Pass: 20, room.Refuse: 50, room.Flood: 30}; !maps.Equal(got, want) {
		t.Errorf("verdicts at once: %v", got)
	}
	l = room.NewLimiter(10)
	clear(got)
	for range 1000 { // 15 a second for over a minute
		now = now.Add(time.Second / 15)
		got[l.Take(now)]++
	}
	if got[room.Flood] != 0 || got[room.Refuse] < 300 {
		t.Errorf("verdicts at 1.5 times the rate: %v", got)
	}
}

func TestSignalsReachThoseNamed(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob, eve := tb.enter("ann", 1), tb.enter("bob", 2), tb.enter("eve", 3)
	ann.send(tb.now, room.Message{Kind: room.KindSignal, Name: "wave", Value: []byte("hi"), To: []uint64{bob.member}})
	bob.send(tb.now, room.Message{Kind: room.KindSignal, Name: "wave", Value: []byte("ho"), ToPlayer: "ann"})
	tb.tick(tick)
	if !slices.Equal(bob.signals, []string{"1 wave=hi"}) || !slices.Equal(ann.signals, []string{"2 wave=ho"}) || eve.signals != nil {
		t.Errorf("signals: ann %v, bob %v, eve %v", ann.signals, bob.signals, eve.signals)
	}
}

func TestSlowMember(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	overflow := func() {
		bob.conn.stall = true
		for range 20 {
			ann.send(tb.now, event("shout", strings.Repeat("x", 50)))
			tb.tick(tick)
		}
	}
	overflow()
	bob.conn.stall = false
	tb.tick(tick) // takes what is left
	ann.send(tb.now, retained("pos/ann", "1"))
	tb.tick(tick)
	tb.tick(tick)
	equal(t, "times events were lost", bob.lost, 1)
	equal(t, "view", bob.state["pos/ann"], "1")
	ann.send(tb.now, event("after", ""))
	tb.tick(tick)
	equal(t, "the last event", bob.events[len(bob.events)-1], "after=")
	overflow()
	equal(t, "close code of the second time", bob.conn.code, wire.CloseTooSlow)
	equal(t, "ann's events", len(ann.events), 41)
}

func TestKick(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	if err := tb.room.Kick(1, "rude"); err != nil {
		t.Fatal(err)
	}
	tb.tick(tick)
	equal(t, "close code", ann.conn.code, wire.CloseRemoved)
	equal(t, "members", len(bob.members), 1)
	equal(t, "seats given back by the room", len(tb.released), 0)
}

func TestRedirect(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	_ = tb.room.Close(wire.CloseMoved, "drain", &room.Redirect{
		URLs: map[string]string{"test": "test://next"}, Tickets: map[string]string{"bob": "t2"},
	})
	tb.tick(tick)
	if *ann.reconnect != (wire.Reconnect{URL: "test://next", Reason: "drain"}) {
		t.Errorf("ann is told %+v", *ann.reconnect)
	}
	if *bob.reconnect != (wire.Reconnect{After: room.ReconnectPace, URL: "test://next", Ticket: "t2", Reason: "drain"}) {
		t.Errorf("bob is told %+v", *bob.reconnect)
	}
	equal(t, "close code", ann.conn.code, wire.CloseMoved)
}

func TestPeriodicCopy(t *testing.T) {
	tb := newTable(t, func(c *room.Config) { c.CopyEvery = time.Second })
	ann := tb.enter("ann", 1)
	ann.send(tb.now, retained("pos/ann", "1"))
	ann.send(tb.now, event("e", ""))
	tb.tick(time.Second)
	tb.tick(time.Second)
	equal(t, "copies", len(tb.copies), 2) // the join's and the state's; none for the quiet second
	next, err := room.Restore(room.Config{Epoch: 88}, tb.copies[1], false, tb.now)
	if err != nil {
		t.Fatal(err)
	}
	tb.room = next
	ann.send(tb.now, retained("pos/ann", "2")) // lost with the old server
	ann.join(tb.room)
	tb.tick(tick)
	tb.tick(tick)
	equal(t, "epoch", ann.epoch, 88)
	equal(t, "times events were lost", ann.lost, 1)
	equal(t, "state", ann.state["pos/ann"], "2")
	equal(t, "member", ann.member, 1)
}
