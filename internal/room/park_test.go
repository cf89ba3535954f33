package room_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// heir is a conn that takes over from a conn of its kind.
type heir struct {
	conn
	from   room.Conn
	parted bool
	anew   bool
}

func (h *heir) Parted() { h.parted = true }

func (h *heir) Inherit(earlier room.Conn) bool {
	h.from = earlier
	return !h.anew
}

// arrive joins with a will and a Conn that can inherit.
func arrive(t *testing.T, tb *table, c *client, anew bool, after time.Duration) *heir {
	t.Helper()
	h := &heir{conn: conn{client: c, limit: 400}, anew: anew}
	c.conn, c.welcomed = &h.conn, false
	link, err := tb.room.Join(room.Join{
		Player: c.player, Seat: c.seat, Conn: h, Will: &room.Will{Message: event("will", c.player), After: after},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.link = link
	tb.tick(0)
	return h
}

func parkTable(t *testing.T) (tb *table, ann, bob *client) {
	tb = newTable(t, func(c *room.Config) { c.Settings = model.RoomSettings{ResumeWindow: 10 * time.Second} })
	return tb, newClient(t, "ann", 1), tb.enter("bob", 2)
}

// A parked link takes its bytes until it is taken over; its will is put off for as long.
func TestParked(t *testing.T) {
	tb, ann, bob := parkTable(t)
	h := arrive(t, tb, ann, false, 5*time.Second)
	ann.link.Lose(room.Loss{Park: time.Hour, Will: true})
	tb.tick(4 * time.Second)
	bob.send(tb.now, event("chat", "1"))
	tb.tick(0)
	equal(t, "what the parked link was given", fmt.Sprint(ann.events), "[chat=1]")
	equal(t, "parted", h.parted, false)

	bob.send(tb.now, event("chat", "2"))
	again := arrive(t, tb, ann, false, 5*time.Second)
	equal(t, "with what came in the tick of its return", fmt.Sprint(ann.events), "[chat=1 chat=2]")
	equal(t, "inherited", again.from == room.Conn(h), true)
	equal(t, "the earlier one parted", h.parted, true)
	tb.tick(10 * time.Second)
	equal(t, "bob's events", fmt.Sprint(bob.events), "[chat=1 chat=2]")

	ann.link.Lose(room.Loss{Park: time.Hour, Will: true})
	tb.tick(0)
	if next, _ := tb.room.Tick(tb.now); next.After(tb.now.Add(5 * time.Second)) {
		t.Errorf("the next tick is at %v, the will is due at %v", next, tb.now.Add(5*time.Second))
	}
	tb.tick(5 * time.Second)
	equal(t, "bob's events after the delay", fmt.Sprint(bob.events), "[chat=1 chat=2 will=ann]")
	equal(t, "still parked", again.parted, false)
	tb.tick(5 * time.Second)
	equal(t, "parted with its seat", again.parted, true)
	equal(t, "members left", len(bob.members), 1)
	equal(t, "seats given back", fmt.Sprint(tb.released), "[1]")
}

// A will comes with the end of what was parked, at the latest; who begins anew ends it.
func TestWillAtTheEnd(t *testing.T) {
	for what, c := range map[string]struct {
		then func(tb *table, ann *client)
		want string
	}{
		"the park's end":    {func(tb *table, _ *client) { tb.tick(3 * time.Second) }, "[will=ann]"},
		"before":            {func(tb *table, _ *client) { tb.tick(2 * time.Second) }, "[]"},
		"begun anew":        {func(tb *table, ann *client) { arrive(t, tb, ann, true, time.Hour) }, "[will=ann]"},
		"gone on with":      {func(tb *table, ann *client) { arrive(t, tb, ann, false, time.Hour) }, "[]"},
		"removed":           {func(tb *table, _ *client) { _ = tb.room.Kick(1, "rude"); tb.tick(0) }, "[will=ann]"},
		"the room is ended": {func(tb *table, _ *client) { _ = tb.room.Close(wire.CloseEnded, "over", nil); tb.tick(0) }, "[]"},
	} {
		t.Run(what, func(t *testing.T) {
			tb, ann, bob := parkTable(t)
			arrive(t, tb, ann, false, time.Hour)
			ann.link.Lose(room.Loss{Park: 3 * time.Second, Will: true})
			tb.tick(0)
			c.then(tb, ann)
			equal(t, "bob's events", fmt.Sprint(bob.events), c.want)
		})
	}
}

// The will of a member that was too slow is told like any event: the others have it, in its place.
func TestWillOfASlowMember(t *testing.T) {
	tb, ann, bob := parkTable(t)
	h := arrive(t, tb, ann, false, time.Hour)
	shout := func() {
		h.stall = true
		for range 20 {
			bob.send(tb.now, event("shout", strings.Repeat("x", 50)))
			tb.tick(tick)
		}
		h.stall = false
		tb.tick(tick)
		tb.tick(tick)
	}
	shout()
	shout()
	equal(t, "close code", h.code, wire.CloseTooSlow)
	equal(t, "bob's events", len(bob.events), 41)
	equal(t, "with the will", slices.Contains(bob.events, "will=ann"), true)
}

// Without parking the will comes at once, or not at all after a goodbye; the seat is kept no longer than asked.
func TestLose(t *testing.T) {
	for what, c := range map[string]struct {
		end  func(l *room.Link)
		want string
		left bool
	}{
		"lost":    {(*room.Link).Lost, "[will=ann]", false},
		"goodbye": {func(l *room.Link) { l.Lose(room.Loss{Seat: time.Second}) }, "[]", true},
		"leave":   {(*room.Link).Leave, "[]", true},
	} {
		t.Run(what, func(t *testing.T) {
			tb, ann, bob := parkTable(t)
			arrive(t, tb, ann, false, time.Hour)
			c.end(ann.link)
			tb.tick(0)
			equal(t, "bob's events", fmt.Sprint(bob.events), c.want)
			tb.tick(time.Second)
			equal(t, "left", len(bob.members) == 1, c.left)
		})
	}
}

// A claimed seat that is not used is given back, a member's own is not.
func TestDecline(t *testing.T) {
	tb, _, _ := parkTable(t)
	_ = tb.room.Decline("ann", 1)
	_ = tb.room.Decline("bob", 2)
	tb.tick(0)
	equal(t, "seats given back", fmt.Sprint(tb.released), "[1]")
}

// Who leaves, is kicked, or comes back before the room knew, is not lost; who goes without a word is, once.
func TestLostAndRefusedAreTold(t *testing.T) {
	tb := newTable(t, func(c *room.Config) { c.Capacity = 3 })
	ann, bob, cid := tb.enter("ann", 1), tb.enter("bob", 2), tb.enter("cid", 3)
	tb.enter("dan", 4)
	if !slices.Equal(tb.refused, []uint64{4}) {
		t.Errorf("refused %v, want dan's", tb.refused)
	}
	bob.link.Leave()
	if err := tb.room.Kick(3, "removed"); err != nil {
		t.Fatal(err)
	}
	tb.tick(0)
	cid.link.Lost() // what is left of it
	ann.link.Lost()
	tb.tick(0)
	ann.link.Lost()
	tb.tick(0)
	if !slices.Equal(tb.lost, []uint64{1}) {
		t.Errorf("lost %v, want ann's alone", tb.lost)
	}
}
