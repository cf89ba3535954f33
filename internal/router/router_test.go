package router

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/ticket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a router over a memory registry, with one route of fleets a and b.
type house struct {
	testing.TB
	*Router
	reg   *memory.Memory
	keys  *ticket.Keys
	mu    sync.Mutex // guards route's changes
	route model.Route
	ctx   context.Context
	now   func() time.Time

	endpoints []model.Endpoint // of the servers opened from now on
}

func newHouse(t testing.TB) *house {
	h := &house{TB: t, keys: ticket.NewKeys(make([]byte, 32)), ctx: t.Context(), now: time.Now}
	h.route = model.Route{Name: "plaza", Fleets: []model.FleetWeight{{Fleet: "a", Weight: model.Whole}}}.WithDefaults()
	h.reg = memory.New(time.Now())
	h.Router = New(Config{
		Registry: h.reg, Signer: ticket.NewSigner(h.keys), Now: func() time.Time { return h.now() },
		Routes: func(name model.RouteName) (model.Route, bool) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.route, name == h.route.Name
		},
	})
	return h
}

// live runs a story in virtual time, with the router running.
func live(t *testing.T, story func(h *house)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := newHouse(t)
		done := make(chan error)
		go func() { done <- h.Run(ctx) }()
		story(h)
		synctest.Wait() // joins that end this very moment
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if names := h.routes(); len(names) != 0 {
			t.Errorf("joins are left waiting for %v", names)
		}
	})
}

// apply changes the route.
func (h *house) apply(change func(*model.Route)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.route)
}

func (h *house) open(id model.ServerID, fleet model.FleetName, slots, size int) {
	h.Helper()
	h.openServer(model.Server{ID: id, Fleet: fleet, SessionCapacity: slots, SeatsPerSession: size})
}

// openServer adds a server, greets for it and opens it.
func (h *house) openServer(s model.Server) {
	h.Helper()
	id := s.ID
	s.State = model.ServerStarting
	_, err := h.reg.AddServer(h.ctx, s)
	h.ok(err)
	g, err := h.reg.Greet(h.ctx, registry.Hello{Server: id, Stream: 1, Now: h.now(), Endpoints: h.endpoints})
	h.ok(err)
	_, err = h.reg.SetState(h.ctx, id, g.Server.Generation, registry.StateChange{State: model.ServerOpen, Now: h.now()})
	h.ok(err)
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) join(key model.SessionKey, player model.PlayerID) Placement {
	h.Helper()
	p, err := h.Join(h.ctx, request(key, player))
	h.ok(err)
	return p
}

func (h *house) leave(key model.SessionKey, player model.PlayerID) {
	h.Helper()
	_, err := h.Leave(h.ctx, model.SessionRef{Route: "plaza", Key: key}, player)
	h.ok(err)
}

func request(key model.SessionKey, players ...model.PlayerID) Request {
	return Request{Route: "plaza", Key: key, Players: players}
}

// pending is a join that is under way.
type pending struct {
	Placement
	err  error
	took time.Duration
	done chan struct{}
}

// begin starts a join and lets it come to rest.
func (h *house) begin(ctx context.Context, req Request) *pending {
	p := &pending{done: make(chan struct{})}
	started := time.Now()
	go func() {
		defer close(p.done)
		p.Placement, p.err = h.Join(ctx, req)
		p.took = time.Since(started)
	}()
	synctest.Wait()
	return p
}

// over tells whether a join has been answered, once everything has come to rest.
func (p *pending) over() bool {
	time.Sleep(2 * Pace) // virtual
	synctest.Wait()
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (h *house) waiting(want int) {
	h.Helper()
	synctest.Wait()
	if n := h.Waiting("plaza"); n != want {
		h.Fatalf("%d wait, want %d", n, want)
	}
}

func TestJoinGivesATicketForItsServer(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 2, 4)
		p, err := h.Join(h.ctx, request("k", "ann", "bob"))
		h.ok(err)
		if p.Server != "a-1" || p.Session.String() != "plaza/k" || !p.Created || len(p.Tickets) != 2 {
			t.Fatalf("%+v", p)
		}
		for i, player := range []model.PlayerID{"ann", "bob"} {
			c, err := ticket.Verify(p.Tickets[i].Ticket, []ticket.Key{h.keys.ServerKey("a-1")}, "a-1", time.Now(), false)
			if err != nil || c.Player != player || c.Seat != p.Tickets[i].Seat || c.Session != p.Session || c.Generation != p.Generation || c.Capacity != 4 {
				t.Errorf("%+v, %v", c, err)
			}
			if want := time.Now().Add(model.TicketTTL); !c.ExpiresAt.Equal(want.Truncate(time.Second)) || !p.Tickets[i].ExpiresAt.Equal(want) {
				t.Errorf("expires at %v and %v, want %v", c.ExpiresAt, p.Tickets[i].ExpiresAt, want)
			}
		}
	})
}

// A ticket used in its last moment must find its seat still reserved.
func TestTheSeatOutlivesItsTicket(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 1)
		h.join("k", "ann")
		time.Sleep(model.TicketTTL + ReservationGrace - time.Millisecond)
		if n, err := h.reg.Expire(h.ctx, time.Now()); n != 0 || err != nil {
			t.Fatalf("%d seats expired, %v", n, err)
		}
		time.Sleep(time.Millisecond)
		if n, err := h.reg.Expire(h.ctx, time.Now()); n != 1 || err != nil {
			t.Fatalf("%d seats expired, %v", n, err)
		}
	})
}

func TestRefusedAtOnce(t *testing.T) {
	live(t, func(h *house) {
		h.open("a-1", "a", 1, 2)
		_, err := h.Join(h.ctx, Request{Route: "nowhere", Players: []model.PlayerID{"ann"}})
		if !errors.Is(err, ErrNoRoute) {
			t.Errorf("no route: %v", err)
		}
		if _, err = h.Join(h.ctx, request("k", "p1", "p2", "p3")); !errors.Is(err, registry.ErrTooLarge) {
			t.Errorf("too large: %v", err)
		}
		h.join("k", "ann")
		no := time.Duration(0)
		var full *FullError
		if _, err = h.Join(h.ctx, Request{Route: "plaza", Key: "k2", Players: []model.PlayerID{"ann"}, MaxWait: &no}); !errors.As(err, &full) || full.Waited != 0 {
			t.Errorf("full: %v", err)
		}
		gone, cancel := context.WithCancel(h.ctx)
		cancel()
		if _, err = h.Join(gone, request("k", "bob")); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestWeightsAndSpill(t *testing.T) {
	h := newHouse(t)
	h.route.Fleets = []model.FleetWeight{{Fleet: "a", Weight: 700_000}, {Fleet: "b", Weight: 300_000}, {Fleet: "c"}}
	h.open("a-1", "a", 500, 2)
	h.open("b-1", "b", 1500, 2)
	h.open("c-1", "c", 9999, 2)
	fleets := map[model.FleetName]int{}
	join := func(i int) {
		p := h.join(model.SessionKey(fmt.Sprintf("room-%d", i)), "ann")
		fleets[p.Fleet]++
	}
	for i := range 500 {
		join(i)
	}
	if n := fleets["a"]; n < 300 || n > 400 {
		t.Errorf("%d of 500 sessions on the fleet of weight 70 %%", n)
	}
	for i := range 1500 {
		join(500 + i)
	}
	if fleets["a"] != 500 || fleets["b"] != 1500 {
		t.Errorf("after one fleet is full: %v", fleets)
	}
}
