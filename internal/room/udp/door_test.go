package udp_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/sdk/go/client"
)

func TestTwoPlayersMeet(t *testing.T) {
	for name, change := range map[string]func(*room.Config, *udp.Door){
		"many at once": nil,
		"no segments":  func(_ *room.Config, d *udp.Door) { d.NoSegments = true },
		"one by one":   func(_ *room.Config, d *udp.Door) { d.Plain = true },
	} {
		t.Run(name, func(t *testing.T) { twoPlayersMeet(t, newHouse(t, change)) })
	}
}

func twoPlayersMeet(t *testing.T, h *house) {
	ann := h.enter("ann", h.addr, client.Handler{})
	events := make(chan string, 8)
	bob := h.enter("bob", h.addr, client.Handler{Event: func(e client.Event) { events <- e.Name + string(e.Payload) }})
	if _, err := ann.SetState("door", []byte("open"), client.Retain); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.SendEvent("wave", []byte("!")); err != nil {
		t.Fatal(err)
	}
	if err := ann.Move(client.Position{X: 1.5, Yaw: 90, Data: []byte("sit")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bob sees the door", func() bool { s, ok := bob.Get("door"); return ok && string(s.Value) == "open" })
	eventually(t, "bob sees ann", func() bool {
		p, ok := bob.Position(ann.Member())
		return ok && p.X == 1.5 && p.Yaw == 90 && string(p.Data) == "sit"
	})
	if e := <-events; e != "wave!" {
		t.Fatalf("heard %q", e)
	}
	eventually(t, "ann hears that it was taken", func() bool { return ann.Waiting() == 0 })
	late := h.enter("cem", h.addr, client.Handler{})
	if s, ok := late.Get("door"); !ok || string(s.Value) != "open" {
		t.Fatal("a late joiner does not know the door")
	}
	eventually(t, "a late joiner knows where ann is", func() bool { p, ok := late.Position(ann.Member()); return ok && p.X == 1.5 })
	ann.Leave()
	eventually(t, "ann is gone", func() bool { return len(bob.Members()) == 2 && len(late.Members()) == 2 })
	if _, ok := bob.Position(ann.Member()); ok {
		t.Fatal("bob still sees ann stand there")
	}
	eventually(t, "her connection is gone", func() bool { return h.door.Conns() == 2 })
}

func TestTheServerSaysGoodbye(t *testing.T) {
	h := newHouse(t, nil)
	ended := make(chan client.StatusChange, 8)
	h.enter("ann", h.addr, client.Handler{Status: func(c client.StatusChange) { ended <- c }})
	<-ended
	if err := h.room.Close(4106, "the game is over", nil); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-ended:
		if c.Status != client.Closed || c.Err == nil || c.Err.Error() != "the game is over (close code 4106)" {
			t.Fatalf("%+v", c)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no goodbye")
	}
}

// The same seat from somewhere else, and back, over the same token.
func TestAConnectionIsReplaced(t *testing.T) {
	h := newHouse(t, nil)
	ended := make(chan error, 8)
	place := client.Place{URL: "udp://" + h.addr, Ticket: h.token("ann"), Player: "ann"}
	first, err := client.Enter(t.Context(), place, client.Options{Handler: client.Handler{Status: func(c client.StatusChange) {
		if c.Status == client.Closed {
			ended <- c.Err
		}
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := client.Enter(t.Context(), place, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if second.Member() != first.Member() {
		t.Errorf("another member: %d and %d", first.Member(), second.Member())
	}
	if err := <-ended; err == nil || err.(*client.ClosedError).Code != 4105 {
		t.Errorf("the first ended with %v", err)
	}
}

func TestRefusals(t *testing.T) {
	h := newHouse(t, func(c *room.Config, _ *udp.Door) { c.Capacity = 1 })
	for name, place := range map[string]client.Place{
		"garbage":           {Ticket: "garbage"},
		"another Greenroom": {Ticket: otherToken()},
	} {
		place.URL = "udp://" + h.addr
		_, err := client.Enter(t.Context(), place, client.Options{})
		if closed := closedError(err); closed == nil || closed.Code != 4101 {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.enter("ann", h.addr, client.Handler{})
	_, err := client.Enter(t.Context(), client.Place{URL: "udp://" + h.addr, Ticket: h.token("bob")}, client.Options{})
	if closed := closedError(err); closed == nil || closed.Code != 4110 {
		t.Errorf("a full room: %v", err)
	}
}

// A hundred members who all move: everybody ends up knowing where everybody stands.
func TestAHundredMembers(t *testing.T) {
	h := newHouse(t, func(c *room.Config, _ *udp.Door) { c.Settings.MaxConnectsPerSecond = 10_000 })
	const members = 100
	crowd(t, h, members, func(int) string { return h.addr }, 40)
	c := h.door.Counters()
	t.Logf("%d datagrams of %d bytes sent, %d received; %d did not go", c.Sent.Load(), c.SentBytes.Load(), c.Received.Load(), c.SendFailures.Load())
	if c.Forged.Load()+c.Malformed.Load()+c.BadCookies.Load() > 0 {
		t.Errorf("forged %d, malformed %d, bad cookies %d", c.Forged.Load(), c.Malformed.Load(), c.BadCookies.Load())
	}
}

// crowd enters n members by way of addr, has each move so many times, and waits until all know exactly where all are.
func crowd(t *testing.T, h *house, n int, addr func(i int) string, moves int) []*client.Room {
	t.Helper()
	all := make([]*client.Room, n)
	var entering sync.WaitGroup
	for i := range n {
		entering.Go(func() { all[i] = h.enter(fmt.Sprintf("p%d", i), addr(i), client.Handler{}) })
	}
	entering.Wait()
	if t.Failed() {
		t.FailNow()
	}
	where := func(i, move int) client.Position {
		return client.Position{X: float64(i), Y: float64(move), Z: float64((i + move) % 7)}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for m := range moves {
		for i, r := range all {
			if err := r.Move(where(i, m+1)); err != nil {
				t.Fatal(err)
			}
		}
		<-tick.C
	}
	for i, r := range all {
		eventually(t, fmt.Sprintf("p%d knows where all are", i), func() bool {
			at := r.Positions()
			if len(at) != n {
				return false
			}
			for k, other := range all {
				want := where(k, moves)
				if p := at[other.Member()]; p.X != want.X || p.Y != want.Y || p.Z != want.Z {
					return false
				}
			}
			return true
		})
	}
	return all
}
