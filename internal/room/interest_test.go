package room_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// field is a table whose members see the two nearest within 100 steps.
func field(t *testing.T, change func(*model.Interest)) *table {
	return newTable(t, func(c *room.Config) {
		c.Settings.PositionStep = 1
		c.Settings.Interest = model.Interest{Radius: 100, Nearest: 2, Hysteresis: 0.1, Refresh: 2 * tick}
		if change != nil {
			change(&c.Settings.Interest)
		}
	})
}

// look lets every member look once.
func (tb *table) look() {
	for range 3 {
		tb.tick(tick)
	}
}

func (c *client) stands(tb *table, x, y int16) *client {
	c.stand(tb.now, x, y)
	return c
}

func sees(t *testing.T, c *client, want ...string) {
	t.Helper()
	got := slices.Sorted(maps.Values(c.members))
	want = append(want, c.player)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s sees %v, want %v", c.player, got, want)
	}
}

func TestTheNearestInReachAreSeen(t *testing.T) {
	tb := field(t, nil)
	ann := tb.enter("ann", 1).stands(tb, 0, 0)
	bob := tb.enter("bob", 2).stands(tb, 10, 0)
	eve := tb.enter("eve", 3).stands(tb, 99, 0)
	joe := tb.enter("joe", 4) // has not said where it is
	tb.look()
	sees(t, ann, "bob", "eve")
	sees(t, bob, "ann", "eve")
	sees(t, joe, "ann", "bob") // from the origin
	equal(t, "bob as ann sees him", ann.positions[bob.member].X, 10)

	joe.stands(tb, 20, 0)
	tb.look()
	sees(t, ann, "bob", "joe") // joe is nearer than eve
	sees(t, eve, "bob", "joe")

	joe.stands(tb, 200, 0)
	tb.look()
	sees(t, ann, "bob", "eve")
	sees(t, joe)
	equal(t, "members, as joe was told", joe.occupancy, 4)
}

func TestWhoIsSeenStaysSeenALittleFurther(t *testing.T) {
	tb := field(t, func(i *model.Interest) { i.Nearest = 1 })
	ann := tb.enter("ann", 1).stands(tb, 0, 0)
	bob := tb.enter("bob", 2).stands(tb, 99, 0)
	tb.look()
	sees(t, ann, "bob")
	bob.stands(tb, 109, 0)
	tb.look()
	sees(t, ann, "bob")
	eve := tb.enter("eve", 3).stands(tb, 0, 100)
	tb.look()
	sees(t, ann, "bob") // 100 is not nearer than 109 by a tenth, and out of reach
	eve.stands(tb, 0, 98)
	tb.look()
	sees(t, ann, "eve")
	bob.stands(tb, 97, 0)
	tb.look()
	sees(t, ann, "eve")
	bob.stands(tb, 89, 0)
	tb.look()
	sees(t, ann, "bob")
}

func TestOwnedStatesAreToldBySight(t *testing.T) {
	tb := field(t, nil)
	ann := tb.enter("ann", 1).stands(tb, 0, 0)
	bob := tb.enter("bob", 2).stands(tb, 50, 0)
	eve := tb.enter("eve", 3).stands(tb, 5000, 0)
	tb.look()
	ann.send(tb.now, retained("hat/ann", "red"))
	ann.send(tb.now, room.Message{Kind: room.KindState, Flags: wire.Retain, Name: "door", Value: []byte("open")})
	ann.send(tb.now, event("bell", ""))
	tb.tick(tick)
	equal(t, "the hat for bob", bob.state["hat/ann"], "red")
	equal(t, "the hat for eve", eve.state["hat/ann"], "")
	equal(t, "the door for eve", eve.state["door"], "open")
	equal(t, "events for eve", len(eve.events), 1)

	eve.stands(tb, 60, 0)
	tb.look()
	equal(t, "the hat for eve, who came near", eve.state["hat/ann"], "red")
	eve.stands(tb, 5000, 0)
	tb.look()
	equal(t, "the hat for eve, who went away", eve.state["hat/ann"], "")
	equal(t, "the door", eve.state["door"], "open")

	joe := tb.enter("joe", 4)
	if want := map[string]string{"door": "open", "hat/ann": "red"}; !maps.Equal(joe.state, want) {
		t.Errorf("a snapshot from the origin shows %v", joe.state)
	}
	ann.link.Leave()
	tb.tick(tick)
	sees(t, bob) // joe has not said where he is
	equal(t, "the hat after ann left", bob.state["hat/ann"], "")
}

// A key that changes hands is known to whom its owner is visible, and to nobody else, whichever way the change goes.
func TestAStateChangesHands(t *testing.T) {
	tb := field(t, nil)
	ann := tb.enter("ann", 1).stands(tb, 0, 0)
	bob := tb.enter("bob", 2).stands(tb, 50, 0)
	far := tb.enter("far", 3).stands(tb, -90, 0) // sees ann alone
	mid := tb.enter("mid", 4).stands(tb, 9000, 0)
	tb.look()
	shared := room.Message{Kind: room.KindState, Flags: wire.Retain, Name: "ball", Value: []byte("everybody's")}
	ball := func(a, b, f, m string) {
		t.Helper()
		for c, want := range map[*client]string{ann: a, bob: b, far: f, mid: m} {
			equal(t, "the ball for "+c.player, c.state["ball"], want)
		}
	}
	ann.send(tb.now, retained("ball", "ann's"))
	tb.tick(tick)
	ball("ann's", "ann's", "ann's", "")
	bob.send(tb.now, retained("ball", "bob's"))
	tb.tick(tick)
	ball("bob's", "bob's", "", "")
	mid.send(tb.now, shared)
	tb.tick(tick)
	ball("everybody's", "everybody's", "everybody's", "everybody's")
	ann.send(tb.now, retained("ball", "ann's"))
	tb.tick(tick)
	ball("ann's", "ann's", "ann's", "")

	// All within one tick: the last word counts, for everybody who is to hear it.
	ann.send(tb.now, retained("ball", "1"))
	bob.send(tb.now, retained("ball", "2"))
	mid.send(tb.now, shared)
	bob.send(tb.now, retained("ball", "3"))
	ann.send(tb.now, retained("ball", "4"))
	tb.tick(tick)
	ball("4", "4", "4", "")
	ann.send(tb.now, room.Message{Kind: room.KindState, Flags: wire.Delete, Name: "ball"})
	mid.send(tb.now, shared)
	tb.tick(tick)
	ball("everybody's", "everybody's", "everybody's", "everybody's")
}

func TestTheFarRing(t *testing.T) {
	tb := field(t, func(i *model.Interest) {
		i.FarRadius, i.FarNearest, i.FarEvery = 1000, 2, 4*tick
	})
	ann := tb.enter("ann", 1).stands(tb, 0, 0)
	for i, x := range []int16{100, 300, 600, 900} {
		tb.enter(fmt.Sprint("p", x), uint64(i+2)).stands(tb, x, 0)
	}
	for range 5 {
		tb.tick(tick)
	}
	equal(t, "how often they are told", ann.greeting.FarEvery, 4*tick)
	equal(t, "a step, in millionths", ann.greeting.PositionStep, 1_000_000)
	sees(t, ann)
	if want := map[uint64]wire.Position{2: {X: 100}, 3: {X: 300}}; !maps.EqualFunc(ann.far, want, wire.Position.Equal) {
		t.Errorf("far: %v", ann.far)
	}
	// It is told again though nobody moves, for the client forgets.
	clear(ann.far)
	next, _ := tb.room.Tick(tb.now)
	equal(t, "the next tick", next.Sub(tb.now), tick)
	for range 5 {
		tb.tick(tick)
	}
	equal(t, "far ones told again", len(ann.far), 2)
}

// A room in which nobody moves sleeps, once all have looked and know how many there are.
func TestAQuietFieldSleeps(t *testing.T) {
	tb := field(t, nil)
	tb.enter("ann", 1).stands(tb, 0, 0)
	bob := tb.enter("bob", 2)
	for range 5 {
		tb.tick(tick)
	}
	tb.tick(time.Second)
	equal(t, "members", bob.occupancy, 2)
	if next, _ := tb.room.Tick(tb.now); !next.IsZero() {
		t.Errorf("a quiet room wants to be ticked at %v", next)
	}
}

// A crowd that comes at once is let in over some ticks, and each one in order: Welcome, then what it is answered.
func TestACrowdIsLetInBitByBit(t *testing.T) {
	tb := field(t, nil)
	tb.room = room.New(room.Config{Epoch: 1, Settings: tb.room.Settings()})
	var all []*client
	for i := range 150 {
		c := newClient(t, fmt.Sprintf("p%03d", i), uint64(i+1))
		c.join(tb.room)
		c.send(tb.now, event("hello", ""))
		all = append(all, c)
	}
	for _, want := range []int{64, 128, 150} {
		next, _ := tb.room.Tick(tb.now)
		if want < 150 && next.Sub(tb.now) != model.MinTick {
			t.Errorf("the next tick is in %v", next.Sub(tb.now))
		}
		in := 0
		for _, c := range all {
			if c.welcomed {
				in++
				equal(t, c.player+"'s unacknowledged", len(c.unacked), 0)
			}
		}
		equal(t, "members let in", in, want)
		tb.now = tb.now.Add(model.MinTick)
	}
}

func TestASlowMembersSightIsMadeAnew(t *testing.T) {
	tb := field(t, func(i *model.Interest) { i.Nearest = 3 })
	ann := tb.enter("ann", 1).stands(tb, 0, 0)
	bob := tb.enter("bob", 2).stands(tb, 10, 0)
	eve := tb.enter("eve", 3).stands(tb, 20, 0)
	tb.look()
	bob.conn.stall = true
	for i := range int16(60) {
		ann.stand(tb.now, i, 0)
		tb.tick(tick)
	}
	eve.link.Leave()
	tb.enter("joe", 4).stands(tb, 30, 0)
	tb.tick(tick)
	bob.conn.stall = false
	tb.tick(tick)
	tb.tick(tick)
	equal(t, "times events were lost", bob.lost, 1)
	sees(t, bob, "ann", "joe")
	equal(t, "ann", bob.positions[ann.member].X, 59)
	ann.stand(tb.now, 70, 0)
	tb.tick(tick)
	equal(t, "ann live again", bob.positions[ann.member].X, 70)
}
