package room_test

import (
	"fmt"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

func message(serial uint64, name, payload string, retain bool) *room.Staged {
	return room.NewStaged(wire.Staged{Serial: serial, Name: name, Payload: []byte(payload), Retain: retain})
}

func (tb *table) stage(all ...*room.Staged) {
	tb.t.Helper()
	for _, s := range all {
		if err := tb.room.Stage(s); err != nil {
			tb.t.Fatal(err)
		}
	}
}

func heard(t *testing.T, c *client, want ...string) {
	t.Helper()
	equal(t, "what "+c.player+" heard", strings.Join(c.staged, ", "), strings.Join(want, ", "))
}

// Who is there hears a message once, with the tick; who comes later is shown the last retained one of each name.
func TestStage(t *testing.T) {
	tb := newTable(t, nil)
	tb.stage(message(4, "light", "blue", true)) // before anybody came
	ann := tb.enter("ann", 1)
	heard(t, ann, "4 light=blue")

	bob := newClient(t, "bob", 2)
	bob.join(tb.room) // comes in the tick of the message
	tb.stage(message(5, "light", "red", true), message(6, "clap", "!", false))
	tb.tick(tick)
	heard(t, ann, "4 light=blue", "5 light=red", "6 clap=!")
	heard(t, bob, "5 light=red")

	tb.stage(message(7, "song", "aria", true), message(8, "light", "", true))
	tb.tick(tick)
	heard(t, bob, "5 light=red", "7 song=aria", "8 light=")
	eve := tb.enter("eve", 3)
	heard(t, eve, "7 song=aria")
	equal(t, "events", len(ann.events), 0)
}

// A frozen room's members hear the stage: it is no part of what was handed over.
func TestStageWhileFrozen(t *testing.T) {
	tb := newTable(t, nil)
	ann := tb.enter("ann", 1)
	if err := tb.room.Freeze(func([]byte) {}); err != nil {
		t.Fatal(err)
	}
	tb.tick(tick)
	ann.send(tb.now, event("held", ""))
	tb.stage(message(1, "light", "red", true))
	tb.tick(tick)
	heard(t, ann, "1 light=red")
	equal(t, "events while frozen", len(ann.events), 0)
	_ = tb.room.Resume()
	tb.tick(tick)
	heard(t, ann, "1 light=red")
	equal(t, "events", len(ann.events), 1)
}

// Who was too slow is resynchronised with what the stage shows.
func TestStageCountsForSlowMembers(t *testing.T) {
	tb := newTable(t, nil)
	ann, bob := tb.enter("ann", 1), tb.enter("bob", 2)
	bob.conn.stall = true
	for i := range 8 {
		tb.stage(message(uint64(i+1), "light", fmt.Sprintf("%0100d", i), true))
		tb.tick(tick)
	}
	equal(t, "ann heard", len(ann.staged), 8)
	bob.conn.stall = false
	bob.conn.Flush()
	before := len(bob.staged)
	tb.tick(tick)
	equal(t, "shown to bob at his resync", len(bob.staged)-before, 1)
	equal(t, "bob's last", bob.staged[len(bob.staged)-1], ann.staged[7])
	if before >= 8 {
		t.Errorf("bob's queue took all %d messages", before)
	}
}

// A message is encoded once for all the rooms of a server.
func TestStageIsEncodedOnce(t *testing.T) {
	s := message(1, "light", "red", false)
	for i := range 3 {
		tb := newTable(t, nil)
		ann, bob := tb.enter(fmt.Sprint("ann", i), 1), tb.enter(fmt.Sprint("bob", i), 2)
		tb.stage(s)
		tb.tick(tick)
		heard(t, ann, "1 light=red")
		heard(t, bob, "1 light=red")
	}
	equal(t, "encodings", s.Encodings(), 1)
	equal(t, "other classes", s.Encoded("other", func() *room.Shared { return nil }) == nil, true)
	equal(t, "encodings", s.Encodings(), 2)
}
