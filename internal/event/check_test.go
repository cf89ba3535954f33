package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// told prints a report, a line a check: "no  maximum rooms: needs ...".
func (r Report) told() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ready %v\n", r.Ready)
	for _, c := range r.Checks {
		mark := "ok"
		if !c.OK {
			mark = "no"
		}
		fmt.Fprintf(&b, "%s %s %s: %s\n", mark, c.Name, c.Fleet, c.Sentence)
	}
	return b.String()
}

// party is an event in the garden, on rooms alone, for ten full sessions.
func party() model.Event {
	return model.Event{Name: "party", Route: "garden", Attendance: 1000, DoorsAt: noon.Add(time.Hour), EndsAt: noon.Add(3 * time.Hour)}
}

func TestChecks(t *testing.T) {
	long := party()
	long.Name, long.Attendance, long.EndsAt = "long", 1500, noon.Add(20*time.Hour)
	huge := party()
	huge.Attendance = 1_000_000
	gradual := party()
	gradual.Ramp = 20 * time.Minute
	hasty := party()
	hasty.Lead = 10 * time.Second
	later := party()
	later.Name, later.DoorsAt, later.EndsAt = "later", noon.Add(3*time.Hour+10*time.Minute), noon.Add(4*time.Hour)
	booted := Fleet{Boot: 30 * time.Second, Seen: 9}
	for _, c := range []struct {
		name   string
		events []model.Event // the first is checked
		after  time.Duration // noon
		rooms  Fleet
		limit  Limit
		want   string
	}{
		{
			"long before",
			[]model.Event{party()},
			0, booted,
			Limit{Servers: 600, Because: "1800 of 2000 ports are free, a server takes 3"},
			`ready true
ok capacity rooms: nothing is asked for before 2026-12-05 12:54:30 UTC, then 10 session slots
ok maximum rooms: needs at least 1 server of 10 sessions for 10 session slots of this event; max_servers is 20
ok servers rooms: 1 server needed, this machine holds 600: 1800 of 2000 ports are free, a server takes 3
ok lead rooms: starting 1 server takes 30s (30s each); there are 5m30s before the doors
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"while it is prepared",
			[]model.Event{party()},
			55*time.Minute - time.Second,
			Fleet{Boot: 30 * time.Second, Seen: 9, Free: 4, Starting: 1},
			Limit{},
			`ready true
ok capacity rooms: 4 of 10 session slots stand, the rest is due by 2026-12-05 12:55 UTC: rooms has 6 too few, 1 server starting
ok maximum rooms: needs at least 1 server of 10 sessions for 10 session slots of this event; max_servers is 20
ok servers rooms: 1 server needed; nothing is known that ends before
ok lead rooms: no server has to be started any more
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"too few when it is due",
			[]model.Event{party()},
			56 * time.Minute,
			Fleet{Boot: 20 * time.Second, Free: 4, Holds: []string{"would start 1 more server: starts are paused"}},
			Limit{},
			`ready false
no capacity rooms: 4 of 10 session slots stand: rooms has 6 too few and would start 1 more server: starts are paused; ` + "`greenroom explain rooms`" + ` says what its keeper does
ok maximum rooms: needs at least 1 server of 10 sessions for 10 session slots of this event; max_servers is 20
ok servers rooms: 1 server needed; nothing is known that ends before
ok lead rooms: starting 1 server takes 20s (20s each by guess: none was started lately); there are 4m before the doors
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m, more than the 600 that are without a seat so far
`,
		},
		{
			"more than any maximum holds",
			[]model.Event{huge},
			0, booted,
			Limit{Servers: 500, Because: "1800 of 2000 ports are free, a server takes 3"},
			`ready false
ok capacity rooms: nothing is asked for before 2026-12-05 12:54:30 UTC, then 10000 session slots
no maximum rooms: needs at least 1000 servers of 10 sessions for 10000 session slots of this event, and max_servers is 20: raise it to 1000 or more
no servers rooms: 1000 servers needed, and this machine holds 500: 1800 of 2000 ports are free, a server takes 3; give it more, or spread the route over more fleets
ok lead rooms: starting 1000 servers takes 30s (30s each); there are 5m30s before the doors
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"with one that overlaps, and what is there anyway",
			[]model.Event{party(), long},
			0,
			Fleet{Boot: time.Second, Seen: 9, Sessions: 7, Before: 7},
			Limit{},
			`ready true
ok capacity rooms: nothing is asked for before 2026-12-05 12:54:59 UTC, then 10 session slots
ok maximum rooms: needs at least 4 servers of 10 sessions for 25 session slots of events, 7 in use anyway; max_servers is 20
ok servers rooms: 4 servers needed; nothing is known that ends before
ok lead rooms: starting 1 server takes 1s (1s each); there are 5m1s before the doors
ok overlap rooms: adds up with long (15 session slots from 2026-12-05 13:00 UTC)
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"one that is prepared only after its end",
			[]model.Event{party(), later},
			0, booted,
			Limit{},
			`ready true
ok capacity rooms: nothing is asked for before 2026-12-05 12:54:30 UTC, then 10 session slots
ok maximum rooms: needs at least 1 server of 10 sessions for 10 session slots of this event; max_servers is 20
ok servers rooms: 1 server needed; nothing is known that ends before
ok lead rooms: starting 1 server takes 30s (30s each); there are 5m30s before the doors
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"a lead shorter than servers take",
			[]model.Event{hasty},
			time.Hour - 20*time.Second,
			Fleet{Boot: 30 * time.Second, Seen: 9},
			Limit{},
			`ready false
ok capacity rooms: 0 of 10 session slots stand, the rest is due by 2026-12-05 12:59:50 UTC: rooms has 10 too few
ok maximum rooms: needs at least 1 server of 10 sessions for 10 session slots of this event; max_servers is 20
ok servers rooms: 1 server needed; nothing is known that ends before
no lead rooms: starting 1 server takes 30s (30s each), and there are 20s before the doors: move the doors, or let players wait
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"players who come over some time",
			[]model.Event{gradual},
			time.Hour - 4*time.Minute,
			Fleet{Boot: time.Second, Seen: 9, Free: 3},
			Limit{},
			`ready true
ok capacity rooms: 1 of 1 session slot stand, of 10 by 2026-12-05 13:15 UTC
ok maximum rooms: needs at least 1 server of 10 sessions for 10 session slots of this event; max_servers is 20
ok servers rooms: 1 server needed; nothing is known that ends before
ok lead rooms: starting 1 server takes 1s (1s each); there are 4m before the doors
ok overlap rooms: no other event asks for rooms at the same time
ok queue : the queue of garden takes 1000 joins for 1m; nobody has to wait for what stands
`,
		},
		{
			"over",
			[]model.Event{party()},
			3 * time.Hour,
			Fleet{},
			Limit{},
			"ready false\nno capacity : the event is over since 2026-12-05 15:00 UTC; move it, or delete it\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(c.events...)
			w.now = noon.Add(c.after)
			w.fleets["rooms"], w.limit = c.rooms, c.limit
			if got := w.Check(t.Context(), c.events[0]).told(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTheQueueIsTooShort(t *testing.T) {
	w := newWorld(party())
	w.now = noon.Add(time.Hour)
	route := w.specs.now.Routes["garden"]
	route.MaxWaiting = 500
	w.specs.now.Routes["garden"] = route
	report := w.Check(t.Context(), party())
	last := report.Checks[len(report.Checks)-1]
	if want := "the queue of garden takes 500 joins for 1m, and 1000 are without a seat so far: raise spec.queue.max_waiting, or they are turned away"; last.OK || last.Sentence != want {
		t.Errorf("%+v", last)
	}
}

func TestStartsPerMinuteAreReckonedWith(t *testing.T) {
	w := newWorld(party())
	fleet := w.specs.now.Fleets["rooms"]
	fleet.Spec.Capacity.Sessions, fleet.Spec.Scaling.MaxStartsPerMinute = 1, 1
	w.specs.now.Fleets["rooms"] = fleet
	w.fleets["rooms"] = Fleet{Boot: 10 * time.Second, Seen: 9}
	for _, c := range w.Check(t.Context(), party()).Checks {
		if want := "starting 10 servers takes 9m10s (10s each, at most 1 a minute), and there are 5m10s before the doors: raise lead"; c.Name == "lead" && (c.OK || c.Sentence != want) {
			t.Errorf("%+v", c)
		}
	}
}

func TestARouteThatSendsNobodyAnywhere(t *testing.T) {
	w := newWorld(party())
	w.specs.now.Fleets["rooms"] = model.Fleet{Name: "rooms", Deleted: true}
	w.specs.set(party())
	if got, want := w.Check(t.Context(), party()).told(), "ready false\nno capacity : route garden sends no sessions to any fleet: give one of its fleets a weight\n"; got != want {
		t.Errorf("%s", got)
	}
	if st := w.Status(party()); st.Phase != model.EventPlanned || st.Summary != "nothing can be prepared: route garden has no fleet that takes sessions" {
		t.Errorf("%+v", st)
	}
}
