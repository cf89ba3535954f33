package keeper

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// An engine that cannot be asked is no reason to leave the other engines' fleets alone; its own are not touched.
func TestOneEngineThatFailsLeavesTheOthersFleetsKept(t *testing.T) {
	for _, concerns := range []bool{false, true} {
		story(t, func(h *house) {
			h.store.apply(plaza())
			h.pass(time.Minute)
			h.wantStates("1 ready, 1 open")
			h.machine.mu.Lock()
			h.machine.blind = &provider.PartialError{Err: errors.New("disk"), Fails: func(model.Fleet) bool { return concerns }}
			h.machine.mu.Unlock()
			victim := h.in(model.ServerOpen)
			h.machine.kill(victim.ID)
			h.pass(time.Minute)
			gone := !slices.ContainsFunc(h.servers(), func(s model.Server) bool { return s.ID == victim.ID })
			if gone == concerns {
				t.Errorf("the fleet is concerned %t, and its dead server was taken away %t", concerns, gone)
			}
			h.machine.mu.Lock()
			h.machine.blind = nil
			h.machine.mu.Unlock()
			h.pass(time.Minute)
			h.wantStates("1 ready, 1 open")
		})
	}
}

// Players who came another way take room; those whom Greenroom sent do not count twice. A server that says nothing has all of it.
func TestPlayersWhoCameAnotherWayTakeRoom(t *testing.T) {
	whole := model.Capacity{Sessions: 10, SeatsPerSession: 4, Seats: 40}
	f, first := newFleet("plaza", nil), time.Unix(100, 0)
	for _, c := range []struct {
		known           model.Server
		said            *provider.Reported
		sessions, seats int
	}{
		{model.Server{Sessions: 3, SeatsReserved: 1, SeatsClaimed: 6}, nil, 10, 40},
		{model.Server{Sessions: 3, SeatsReserved: 1, SeatsClaimed: 6}, &provider.Reported{Sessions: 5, Players: 10, At: first}, 8, 37},
		// What Greenroom has placed since it spoke is none of what it said.
		{model.Server{Sessions: 5, SeatsReserved: 4, SeatsClaimed: 6}, &provider.Reported{Sessions: 5, Players: 10, At: first}, 8, 37},
		{model.Server{Sessions: 5, SeatsReserved: 4, SeatsClaimed: 6}, &provider.Reported{Sessions: 6, Players: 10, At: first.Add(time.Second)}, 9, 40},
	} {
		if got := f.ours(whole, &c.known, c.said); got.Sessions != c.sessions || got.Seats != c.seats || got.SeatsPerSession != 4 {
			t.Errorf("%+v: %+v", c.said, got)
		}
	}
}

// What moves stays in its region while there is room.
func TestSessionsMoveWithinTheirRegionFirst(t *testing.T) {
	in := func(name model.FleetName, region model.RegionName) model.Fleet {
		return model.Fleet{Name: name, Spec: model.FleetSpec{Region: model.Region{Name: region}}}
	}
	v := view{fleets: []model.Fleet{in("a", "tokyo"), in("b", "paris"), in("c", "tokyo"), in("d", "")}}
	if got := v.elsewhere("tokyo"); got["a"]+got["c"] != 0 || got["b"]+got["d"] != 2 {
		t.Errorf("%v", got)
	}
	if got := v.elsewhere(""); len(got) > 0 {
		t.Errorf("nowhere in particular: %v", got)
	}
}

// counted counts how often fleets are read.
type counted struct {
	*specs
	reads atomic.Int32
}

func (c *counted) ListFleets(ctx context.Context) ([]model.Fleet, error) {
	c.reads.Add(1)
	return c.specs.ListFleets(ctx)
}

// A tick of a fleet in a region reads the fleets once, as any other does.
func TestATickReadsTheFleetsOnce(t *testing.T) {
	fleets := &counted{specs: newSpecs()}
	f := plaza()
	f.Spec.Region.Name = "tokyo"
	fleets.apply(f)
	engine := newMachine()
	defer engine.off()
	k := New(Config{
		Store: fleets, Registry: memory.New(time.Now()), Provider: engine, Now: time.Now, Holder: "a",
		Waiting: func(model.RouteName) int { return 0 }, Env: func(model.ServerID) map[string]string { return nil },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err := k.Tick(t.Context(), f.Name); err != nil {
		t.Fatal(err)
	}
	k.workers.Wait()
	if n := fleets.reads.Load(); n != 1 {
		t.Errorf("%d times", n)
	}
}
