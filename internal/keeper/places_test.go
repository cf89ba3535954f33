package keeper

import (
	"errors"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
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
	s := &model.Server{Sessions: 3, SeatsReserved: 1, SeatsClaimed: 6}
	for _, c := range []struct {
		said            *provider.Reported
		sessions, seats int
	}{
		{nil, 10, 40},
		{&provider.Reported{Sessions: 5, Players: 10}, 8, 37},
	} {
		if got := ours(whole, s, c.said); got.Sessions != c.sessions || got.Seats != c.seats || got.SeatsPerSession != 4 {
			t.Errorf("%+v: %+v", c.said, got)
		}
	}
}

// What moves stays in its region while there is room.
func TestSessionsMoveWithinTheirRegionFirst(t *testing.T) {
	k := New(Config{Store: newSpecs(), Now: time.Now})
	fleets := k.cfg.Store.(*specs)
	in := func(name model.FleetName, region model.RegionName) model.Fleet {
		return model.Fleet{Name: name, Spec: model.FleetSpec{Region: model.Region{Name: region}}}
	}
	for _, f := range []model.Fleet{in("a", "tokyo"), in("b", "paris"), in("c", "tokyo"), in("d", "")} {
		fleets.apply(f)
	}
	elsewhere, err := k.elsewhere(t.Context(), "tokyo")
	if err != nil || elsewhere["a"]+elsewhere["c"] != 0 || elsewhere["b"]+elsewhere["d"] != 2 {
		t.Errorf("%v, %v", elsewhere, err)
	}
	if elsewhere, err = k.elsewhere(t.Context(), ""); err != nil || len(elsewhere) > 0 {
		t.Errorf("nowhere in particular: %v, %v", elsewhere, err)
	}
}
