package event

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// world is a Service on specs, facts and a clock that a test sets.
type world struct {
	*Service
	specs   *specs
	now     time.Time
	fleets  map[model.FleetName]Fleet
	players int
	limit   Limit
	dropped []time.Time // what DropEvents was asked
}

func newWorld(events ...model.Event) *world {
	w := &world{specs: plaza(), now: noon, fleets: map[model.FleetName]Fleet{}}
	w.specs.set(events...)
	w.Service = New(Config{
		Specs: w.specs, Store: w, Now: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler),
		Facts: Facts{
			Fleet: func(name model.FleetName) Fleet { return w.fleets[name] },
			Route: func(model.RouteName) Route { return Route{Players: w.players} },
			Limit: func(context.Context, model.Fleet) Limit { return w.limit },
		},
	})
	return w
}

func (w *world) DropEvents(_ context.Context, before time.Time) (int, error) {
	w.dropped = append(w.dropped, before)
	return 0, nil
}

var phases = [...]string{"?", "planned", "preparing", "prepared", "open", "over"}

// TestPhases is the table of an event's life: doors at minute 0, an end at minute 60.
func TestPhases(t *testing.T) {
	e := model.Event{DoorsAt: noon, EndsAt: noon.Add(time.Hour)}
	for _, c := range []struct {
		minute           int
		wanted, standing int
		want             string
	}{
		{-60, 0, 0, "planned"},
		{-5, 10, 0, "preparing"},
		{-5, 10, 9, "preparing"},
		{-1, 10, 10, "prepared"},
		{0, 10, 0, "open"}, // the doors open whatever stands
		{59, 10, 10, "open"},
		{60, 0, 0, "over"},
	} {
		if got := phases[phase(e, noon.Add(time.Duration(c.minute)*time.Minute), c.wanted, c.standing)]; got != c.want {
			t.Errorf("minute %d, %d of %d: %s, want %s", c.minute, c.standing, c.wanted, got, c.want)
		}
	}
}

// TestTheLifeOfAnEvent tells how an event for 2000 players fares on two fleets: three quarters of them on rooms, whose
// sessions take 100, and the rest on small, whose sessions take 50.
func TestTheLifeOfAnEvent(t *testing.T) {
	e := gala()
	e.UpdatedAt = noon.Add(-time.Hour)
	w := newWorld(e)
	boot := 30 * time.Second
	for _, c := range []struct {
		at           time.Duration // after the doors
		rooms, small Fleet
		players      int
		want         string
	}{
		{
			-8 * time.Hour,
			Fleet{Boot: boot},
			Fleet{Boot: boot},
			0, "planned 0/0: 15 session slots on rooms and 10 on small will stand by 2026-12-05 19:55 UTC",
		},
		{
			-5*time.Minute - boot - 1,
			Fleet{Boot: boot},
			Fleet{Boot: boot},
			0, "planned 0/0: 15 session slots on rooms and 10 on small will stand by 2026-12-05 19:55 UTC",
		},
		{
			-5*time.Minute - boot,
			Fleet{Boot: boot, Starting: 2},
			Fleet{Boot: boot, Free: 12, Kept: 3},
			0, "preparing 9/25: 9 of 25 session slots stand: rooms has 15 too few, 2 servers starting; small has 1 too few",
		},
		{
			-5 * time.Minute,
			Fleet{Boot: boot, Sessions: 8, Before: 8, Free: 20},
			Fleet{Boot: boot, Free: 10},
			40, "prepared 25/25: 25 of 25 session slots stand; doors open at 2026-12-05 20:00 UTC",
		},
		{
			time.Minute, // ten sessions have begun
			Fleet{Boot: boot, Sessions: 18, Before: 8, Free: 5},
			Fleet{Boot: boot, Free: 10},
			1040, "open 25/25: 1040 players; 25 of 25 session slots stand",
		},
		{
			2 * time.Minute, // a server died
			Fleet{Boot: boot, Sessions: 18, Before: 8, Holds: []string{"would start 1 more server: the maximum of 3 servers is reached"}},
			Fleet{Boot: boot, Free: 10},
			1040, "open 20/25: 1040 players; 20 of 25 session slots stand: rooms has 5 too few and would start 1 more server: the maximum of 3 servers is reached",
		},
		{
			2 * time.Hour,
			Fleet{Sessions: 18, Before: 18, Free: 20},
			Fleet{},
			3, "over 0/0: over since 2026-12-05 22:00 UTC",
		},
	} {
		w.now, w.players = e.DoorsAt.Add(c.at), c.players
		w.fleets["rooms"], w.fleets["small"] = c.rooms, c.small
		st := w.Status(e)
		got := fmt.Sprintf("%s %d/%d: %s", phases[st.Phase], st.SlotsStanding, st.SlotsWanted, st.Summary)
		if got != c.want || st.Players != c.players {
			t.Errorf("%s after the doors:\n %s\nwant\n %s", c.at, got, c.want)
		}
		if c.at < 2*time.Hour && (!st.PreparesAt.Equal(e.DoorsAt.Add(-5*time.Minute-boot)) || !st.StandsAt.Equal(e.DoorsAt.Add(-5*time.Minute))) {
			t.Errorf("%s after the doors: prepares at %s, stands at %s", c.at, st.PreparesAt, st.StandsAt)
		}
	}
}

// TestWhatIsPreparedStaysSo: servers turned out to be quicker than was guessed when the preparation began.
func TestWhatIsPreparedStaysSo(t *testing.T) {
	e := gala()
	e.UpdatedAt = noon
	w := newWorld(e)
	w.now = e.DoorsAt.Add(-5*time.Minute - 10*time.Second)
	quick := Fleet{Boot: time.Second, Free: 15}
	for _, c := range []struct {
		underWay map[model.EventName]bool
		want     model.EventPhase
	}{{nil, model.EventPlanned}, {map[model.EventName]bool{"gala": true}, model.EventPrepared}} {
		quick.UnderWay = c.underWay
		w.fleets["rooms"], w.fleets["small"] = quick, quick
		if st := w.Status(e); st.Phase != c.want {
			t.Errorf("under way %v: %s", c.underWay, phases[st.Phase])
		}
	}
}

func TestOverlappingEventsAddUp(t *testing.T) {
	market := model.Event{Name: "market", Route: "garden", Attendance: 1000, DoorsAt: noon.Add(7 * time.Hour), EndsAt: noon.Add(9 * time.Hour)}
	w := newWorld(market, gala())
	w.now = noon.Add(8*time.Hour - time.Minute)
	w.fleets["rooms"] = Fleet{Sessions: 4, Free: 12} // market's four and 12 free: market has 10, gala has 6 of 15
	w.fleets["small"] = Fleet{Free: 10}
	var got []string
	for _, st := range w.Statuses([]model.Event{market, gala()}) {
		got = append(got, fmt.Sprintf("%s %d/%d", phases[st.Phase], st.SlotsStanding, st.SlotsWanted))
	}
	if want := "open 10/10, preparing 16/25"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}

func TestAnEventAnnouncedTooLateIsWarnedOf(t *testing.T) {
	e := gala()
	e.UpdatedAt = e.DoorsAt.Add(-2 * time.Minute)
	w := newWorld(e)
	w.now = e.UpdatedAt
	want := "0 of 25 session slots stand: rooms has 15 too few; small has 10 too few" +
		"; announced 2m0s before its doors, its capacity is to be prepared 5m0s before: it may come late"
	if st := w.Status(e); st.Phase != model.EventPreparing || st.Summary != want {
		t.Errorf("%s\nwant\n%s", st.Summary, want)
	}
}

// TestPhasesAreWatched ticks over an event's life and counts what a watcher is told.
func TestPhasesAreWatched(t *testing.T) {
	e := gala()
	w := newWorld(e)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changed := w.Watch(ctx)
	for _, c := range []struct {
		at   time.Duration
		want bool
	}{
		{-time.Hour, true}, // the first look
		{-time.Hour + time.Second, false},
		{-5 * time.Minute, true},
		{-4 * time.Minute, false},
		{0, true},
		{time.Hour, false},
		{2 * time.Hour, true},
	} {
		w.now = e.DoorsAt.Add(c.at)
		if err := w.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		told := false
		select {
		case <-changed:
			told = true
		default:
		}
		if told != c.want {
			t.Errorf("%s after the doors: told %v", c.at, told)
		}
	}
	// once an hour old events are dropped
	if len(w.dropped) != 4 || !w.dropped[0].Equal(e.DoorsAt.Add(-time.Hour-Keep)) {
		t.Errorf("dropped %v", w.dropped)
	}
}
