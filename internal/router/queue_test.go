package router

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

func TestQueueServesInOrderOfArrival(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 2)
		h.join("k", "p1")
		h.join("k", "p2")
		var queue []*pending
		for i := range 6 {
			queue = append(queue, h.begin(h.ctx, request("", model.PlayerID(fmt.Sprintf("q%d", i)))))
		}
		h.waiting(6)
		h.leave("k", "p1")
		for i, p := range queue {
			if !p.over() || p.err != nil {
				t.Fatalf("q%d waits, or %v", i, p.err)
			}
			if i+1 < len(queue) && queue[i+1].over() {
				t.Fatalf("q%d was served with q%d's seat", i+1, i)
			}
			h.leave(p.Session.Key, p.Tickets[0].Player)
		}
	})
}

// A large party at the head is not starved by small ones behind it.
func TestNobodyOvertakesAParty(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 3)
		for _, p := range []model.PlayerID{"p1", "p2", "p3"} {
			h.join("k", p)
		}
		party := h.begin(h.ctx, request("", "x1", "x2"))
		single := h.begin(h.ctx, request("", "y"))
		h.leave("k", "p1")
		if party.over() || single.over() {
			t.Fatal("one seat served somebody")
		}
		if late := h.begin(h.ctx, request("", "z")); late.over() {
			t.Fatal("a newcomer took the seat")
		}
		h.leave("k", "p2")
		if !party.over() || single.over() {
			t.Fatal("two seats were not the party's")
		}
		h.leave("k", "p3")
		if !single.over() {
			t.Fatal("the next was not served")
		}
		time.Sleep(h.route.MaxWait)
	})
}

func TestQueueWakesForANewServer(t *testing.T) {
	live(t, func(h *house) {
		p := h.begin(h.ctx, request("k", "ann"))
		time.Sleep(3 * time.Second)
		h.open("a-1", "a", 1, 2)
		if !p.over() || p.err != nil || p.Server != "a-1" || p.took > 3*time.Second+2*Pace {
			t.Fatalf("%+v after %v, %v", p.Placement, p.took, p.err)
		}
		if p.Waited < 3*time.Second || p.Waited > p.took {
			t.Errorf("it says that it waited %s of %s", p.Waited, p.took)
		}
		if at := h.join("k", "bob"); at.Waited != 0 {
			t.Errorf("who was seated at once says %s", at.Waited)
		}
	})
}

// Nothing tells when a reservation ends; a waiting join finds it out.
func TestQueueTakesExpiredSeats(t *testing.T) {
	live(t, func(h *house) {
		h.apply(func(r *model.Route) { r.MaxWait = 2 * time.Minute })
		h.open("a-1", "a", 1, 1)
		h.join("k", "ann")
		p := h.begin(h.ctx, request("", "bob"))
		<-p.done
		if p.err != nil || p.took > model.TicketTTL+ReservationGrace+Patience+Pace {
			t.Fatalf("%v after %v", p.err, p.took)
		}
	})
}

func TestQueueDeadline(t *testing.T) {
	live(t, func(h *house) {
		short, long := time.Second, time.Hour
		for _, tc := range []struct {
			max  *time.Duration
			want time.Duration
		}{{nil, h.route.MaxWait}, {&short, short}, {&long, h.route.MaxWait}} {
			req := request("k", "ann")
			req.MaxWait = tc.max
			p := h.begin(h.ctx, req)
			<-p.done
			var full *FullError
			if !errors.As(p.err, &full) || !errors.Is(p.err, registry.ErrFull) || full.Waited != tc.want || p.took != tc.want || full.RetryAfter < time.Second {
				t.Errorf("%v after %v, want %v", p.err, p.took, tc.want)
			}
			if !strings.Contains(p.err.Error(), "join plaza: ") {
				t.Errorf("%v", p.err)
			}
		}
	})
}

func TestQueueCancel(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 2)
		h.join("k", "p1")
		ctx, cancel := context.WithCancel(h.ctx)
		party, single := h.begin(ctx, request("", "x1", "x2")), h.begin(h.ctx, request("", "y"))
		h.waiting(2)
		time.Sleep(2 * Pace) // nothing is left to look at but the one that goes
		cancel()
		if !party.over() || !errors.Is(party.err, context.Canceled) {
			t.Fatalf("%v", party.err)
		}
		if !single.over() || single.err != nil {
			t.Fatal("who stood behind waits on")
		}
		h.waiting(0)
	})
}

func TestQueueIsBounded(t *testing.T) {
	live(t, func(h *house) {
		h.apply(func(r *model.Route) { r.MaxWaiting = 2 })
		h.begin(h.ctx, request("k1", "ann"))
		h.begin(h.ctx, request("k2", "ann"))
		_, err := h.Join(h.ctx, request("k3", "ann"))
		var full *FullError
		if !errors.As(err, &full) || full.Waited != 0 || full.RetryAfter != time.Second+h.route.MaxWait {
			t.Fatalf("%v", err)
		}
		time.Sleep(h.route.MaxWait)
	})
}

func TestAKeyWithFreeSeatsNeedNotQueue(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 4)
		h.join("k", "p1")
		stuck := h.begin(h.ctx, request("other", "ann"))
		h.waiting(1)
		h.join("k", "p2")
		if stuck.over() {
			t.Fatal("there is no room for another session")
		}
		// Those who wait for the same key are seated together with the first of them.
		friend := h.begin(h.ctx, request("other", "bob"))
		h.open("a-2", "a", 1, 4)
		if !stuck.over() || !friend.over() || friend.Server != "a-2" || friend.Created {
			t.Fatalf("%+v and %+v", stuck.Placement, friend.Placement)
		}
	})
}

func TestAFullSessionHoldsUpNobody(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 2, 1)
		h.join("k", "p1")
		late := h.begin(h.ctx, request("k", "p2"))
		h.waiting(0)
		h.join("k2", "ann")
		h.leave("k", "p1")
		if !late.over() || late.err != nil {
			t.Fatalf("%v", late.err)
		}
	})
}

func TestJoinsWaitForAMoveAndAreNotCounted(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 4)
		first := h.join("k", "ann")
		move, err := h.reg.BeginMove(h.ctx, first.Session, first.Generation, time.Now())
		h.ok(err)
		again := h.begin(h.ctx, request("k", "ann"))
		h.waiting(0)
		h.open("a-2", "a", 2, 4)
		h.join("k2", "bob") // not held up
		moved, err := h.reg.CommitMove(h.ctx, registry.Move{
			Session: first.Session, Gen: first.Generation, Number: move, Fleets: []model.FleetName{"a"}, From: "a-1",
			Now: time.Now(), ExpiresAt: time.Now().Add(model.TicketTTL),
		})
		h.ok(err)
		if again.over() {
			t.Fatal("the session is not there yet")
		}
		h.ok(h.reg.FinishMove(h.ctx, first.Session, moved.Generation, time.Now()))
		if !again.over() || again.err != nil || again.Server != "a-2" || again.Tickets[0].Seat != moved.Seats[0].ID {
			t.Fatalf("%+v, %v", again.Placement, again.err)
		}
		_, err = h.reg.BeginMove(h.ctx, first.Session, moved.Generation, time.Now())
		h.ok(err)
		never := h.begin(h.ctx, request("k", "cat"))
		<-never.done
		if !errors.Is(never.err, registry.ErrMoving) || errors.Is(never.err, registry.ErrFull) {
			t.Fatalf("%v", never.err)
		}
	})
}

func TestHold(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 4)
		h.join("k", "p1")
		h.open("a-2", "a", 3, 4)
		h.Hold()
		h.join("k", "p2") // found again already
		fresh, any := h.begin(h.ctx, request("lost", "ann")), h.begin(h.ctx, request("", "bob"))
		h.waiting(0) // no new server would help
		if fresh.over() || any.over() {
			t.Fatal("a session was made on a hold")
		}
		// The server that has the session greets.
		_, err := h.reg.AddServer(h.ctx, model.Server{ID: "a-3", Fleet: "a", State: model.ServerStarting, SessionCapacity: 1, SeatsPerSession: 4})
		h.ok(err)
		lost := registry.SessionReport{Session: model.SessionRef{Route: "plaza", Key: "lost"}, Generation: 7, Capacity: 4}
		greet := func(stream uint64) {
			_, err := h.reg.Greet(h.ctx, registry.Hello{
				Server: "a-3", Stream: stream, State: model.ServerOpen, Now: time.Now(), Sessions: []registry.SessionReport{lost},
			})
			h.ok(err)
		}
		greet(1)
		if h.waiting(0); fresh.over() {
			t.Fatal("it came where nobody is: the session may have moved")
		}
		lost.Claimed = []model.Seat{{ID: 901, Player: "eve"}}
		greet(2)
		if !fresh.over() || fresh.Server != "a-3" || any.over() {
			t.Fatalf("%+v", fresh.Placement)
		}
		h.Unhold()
		if !any.over() || any.err != nil {
			t.Fatalf("%v", any.err)
		}
		h.Hold()
		_, err = h.Join(h.ctx, request("new", "ann"))
		if !errors.Is(err, ErrHeld) {
			t.Fatalf("%v", err)
		}
		h.Unhold()
	})
}

// Rule I6: a fleet that was rolled back gets no session of those who were waiting.
func TestQueueGoesByTheWeightsOfNow(t *testing.T) {
	live(t, func(h *house) {
		p := h.begin(h.ctx, request("k", "ann"))
		h.apply(func(r *model.Route) {
			r.Fleets = []model.FleetWeight{{Fleet: "a", Weight: 0}, {Fleet: "b", Weight: model.Whole}}
		})
		h.open("a-1", "a", 1, 4)
		if p.over() {
			t.Fatalf("%+v", p.Placement)
		}
		h.open("b-1", "b", 1, 4)
		if !p.over() || p.Fleet != "b" {
			t.Fatalf("%+v, %v", p.Placement, p.err)
		}
		gone := h.begin(h.ctx, request("k2", "ann"))
		h.apply(func(r *model.Route) { r.Name = "renamed" })
		<-gone.done
		if !errors.Is(gone.err, ErrNoRoute) {
			t.Fatalf("%v", gone.err)
		}
	})
}

func TestARepeatedRequestIsAnsweredBesideTheQueue(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 1)
		req := request("", "ann")
		req.RequestID = "r1"
		first, err := h.Join(h.ctx, req)
		h.ok(err)
		h.begin(h.ctx, request("", "bob"))
		h.waiting(1)
		again, err := h.Join(h.ctx, req)
		h.ok(err)
		if again.Tickets[0] != first.Tickets[0] || again.Session != first.Session {
			t.Fatalf("%+v and %+v", again, first)
		}
		time.Sleep(h.route.MaxWait)
	})
}

// slowly is a registry during whose first answer something happens.
type slowly struct {
	*memory.Memory
	meanwhile func()
}

func (s *slowly) Reserve(ctx context.Context, req registry.Reserve) (registry.Reservation, error) {
	res, err := s.Memory.Reserve(ctx, req)
	if s.meanwhile != nil {
		s.meanwhile()
		s.meanwhile = nil
	}
	return res, err
}

// Rule I6: nor of those whose turn comes in a look at the queue that began before the rollback.
func TestQueueGoesByTheWeightsOfEachTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		reg := &slowly{Memory: h.reg}
		cfg := h.cfg
		cfg.Registry = reg
		h.Router = New(cfg)
		var line []*Waiting
		for _, key := range []model.SessionKey{"k1", "k2"} {
			_, w, err := h.Offer(h.ctx, request(key, "ann"))
			if w == nil {
				t.Fatalf("%s does not wait: %v", key, err)
			}
			line = append(line, w)
		}
		h.open("a-1", "a", 2, 4)
		h.open("b-1", "b", 2, 4)
		reg.meanwhile = func() {
			h.apply(func(r *model.Route) {
				r.Fleets = []model.FleetWeight{{Fleet: "a", Weight: 0}, {Fleet: "b", Weight: model.Whole}}
			})
		}
		h.Tick(h.ctx)
		for i, want := range []model.FleetName{"a", "b"} {
			p, ok, err := line[i].Answer()
			if !ok || err != nil || p.Fleet != want {
				t.Errorf("join %d: %+v, %v, %v; want fleet %s", i+1, p, ok, err, want)
			}
		}
	})
}

// slow is a registry that takes its time to say where a player can be.
type slow struct {
	Registry
	takes time.Duration
	spent atomic.Int64 // nanoseconds
}

func (s *slow) Reserve(ctx context.Context, req registry.Reserve) (registry.Reservation, error) {
	time.Sleep(s.takes) // virtual
	s.spent.Add(int64(s.takes))
	return s.Registry.Reserve(ctx, req)
}

// However many wait for full sessions, and however often the registry changes: most of its time is left to those who come.
func TestLooksRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.open("a-1", "a", 1, 1)
		h.join("k", "ann")
		asked := &slow{Registry: h.reg, takes: 10 * time.Millisecond}
		h.cfg.Registry = asked
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		late := h.begin(ctx, request("k", "bob"))
		for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(Pace) {
			h.awake()
		}
		if spent := time.Duration(asked.spent.Load()); spent > 5*time.Second/rest {
			t.Errorf("the registry was kept busy for %s of 5 s", spent)
		}
		h.leave("k", "ann")
		time.Sleep(rest*asked.takes + asked.takes)
		if !late.over() || late.err != nil {
			t.Errorf("the seat that came free was not given: %v", late.err)
		}
		cancel()
		<-done
	})
}
