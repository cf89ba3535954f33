package scale

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// fleetsOf looks fleets of these capacities up.
func fleetsOf(capacity map[model.FleetName]model.Capacity) func(model.FleetName) (model.Fleet, bool) {
	return func(name model.FleetName) (model.Fleet, bool) {
		c, ok := capacity[name]
		return model.Fleet{Name: name, Spec: model.FleetSpec{Capacity: c}.WithDefaults()}, ok
	}
}

func TestShares(t *testing.T) {
	fleets := fleetsOf(map[model.FleetName]model.Capacity{
		"rooms":  {Sessions: 10, SeatsPerSession: 100},
		"small":  {Sessions: 4, SeatsPerSession: 50},
		"narrow": {Sessions: 10, SeatsPerSession: 100, Seats: 500}, // five full sessions, or ten half full ones
	})
	for _, c := range []struct {
		name       string
		attendance int
		perSession int
		route      []model.FleetWeight
		want       map[model.FleetName]int
	}{
		{"one fleet", 20_000, 0, []model.FleetWeight{{Fleet: "rooms", Weight: model.Whole}}, map[model.FleetName]int{"rooms": 200}},
		{"rounded up", 101, 0, []model.FleetWeight{{Fleet: "rooms", Weight: model.Whole}}, map[model.FleetName]int{"rooms": 2}},
		{"smaller parties", 100, 8, []model.FleetWeight{{Fleet: "rooms", Weight: model.Whole}}, map[model.FleetName]int{"rooms": 13}},
		{"larger than a session takes", 100, 80, []model.FleetWeight{{Fleet: "small", Weight: model.Whole}}, map[model.FleetName]int{"small": 2}},
		{
			"by weight, each rounded up", 1000, 0,
			[]model.FleetWeight{{Fleet: "rooms", Weight: 999_900}, {Fleet: "small", Weight: 100}},
			map[model.FleetName]int{"rooms": 10, "small": 1},
		},
		{
			"none without weight, nor for one that there is not", 100, 0,
			[]model.FleetWeight{{Fleet: "rooms", Weight: 500_000}, {Fleet: "small"}, {Fleet: "gone", Weight: 500_000}},
			map[model.FleetName]int{"rooms": 1},
		},
		{"seats end first: two servers of ten slots", 1000, 0, []model.FleetWeight{{Fleet: "narrow", Weight: model.Whole}}, map[model.FleetName]int{"narrow": 20}},
		{"seats suffice for half full sessions", 1000, 50, []model.FleetWeight{{Fleet: "narrow", Weight: model.Whole}}, map[model.FleetName]int{"narrow": 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := model.Event{Name: "gala", Attendance: c.attendance, PlayersPerSession: c.perSession, Lead: time.Minute, Ramp: time.Hour}
			got := map[model.FleetName]int{}
			for name, share := range Shares(e, model.Route{Fleets: c.route}, fleets) {
				got[name] = share.Sessions
				if share.Name != "gala" || share.Lead != time.Minute || share.Ramp != time.Hour {
					t.Errorf("%s: %+v", name, share)
				}
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestWantedOverTime tells the life of two events of 10 sessions with a lead of 5 minutes: one whose players come all at
// once, and one whose players take 10 minutes.
func TestWantedOverTime(t *testing.T) {
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	sudden := Event{Sessions: 10, DoorsAt: at(0), EndsAt: at(60)}
	gradual := sudden
	gradual.Ramp = 10 * time.Minute
	for _, c := range []struct{ minute, sudden, gradual int }{
		{-6, 0, 0}, {-5, 10, 1}, {-4, 10, 1}, {-3, 10, 2}, {0, 10, 5}, {5, 10, 10}, {59, 10, 10}, {60, 0, 0},
	} {
		for _, e := range []struct {
			Event
			want int
		}{{sudden, c.sudden}, {gradual, c.gradual}} {
			if got := e.Wanted(at(c.minute), e.LeadTime(time.Second)); got != e.want {
				t.Errorf("minute %d, ramp %s: %d sessions, want %d", c.minute, e.Ramp, got, e.want)
			}
		}
	}
	if got := gradual.StandsAt(5 * time.Minute); !got.Equal(at(5)) {
		t.Errorf("all of the gradual one stands at %s", got)
	}
	said := sudden
	said.Lead = time.Minute
	for _, c := range []struct {
		e          Event
		boot, want time.Duration
	}{{sudden, 0, 5 * time.Minute}, {sudden, 4 * time.Minute, 8 * time.Minute}, {said, time.Hour, time.Minute}} {
		if got := c.e.LeadTime(c.boot); got != c.want {
			t.Errorf("lead %s, boot %s: %s, want %s", c.e.Lead, c.boot, got, c.want)
		}
	}
}

// TestAnEventThatIsPreparedStaysSo: that servers are quicker than was guessed does not put its preparation off again.
func TestAnEventThatIsPreparedStaysSo(t *testing.T) {
	spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 10}, Scaling: model.Scaling{Policies: []model.Policy{{Buffer: &model.BufferPolicy{}}}}}.WithDefaults()
	gala := Event{Name: "gala", Sessions: 10, DoorsAt: now.Add(5*time.Minute + DefaultBoot), EndsAt: now.Add(time.Hour)}
	var memory Memory
	for _, step := range []struct {
		after time.Duration
		stage Stage
	}{{0, Coming}, {time.Second, Coming}, {2 * time.Second, Warm}, {3 * time.Second, Serving}, {4 * time.Second, Serving}} {
		server := Server{ID: "a", Stage: step.stage, CreatedAt: now, Empty: true}
		if step.stage != Coming {
			server.FreeSlots, server.Slots = 10, 10
		}
		d := Decide(Input{Spec: spec, Servers: []Server{server}, Outlook: Outlook{Events: []Event{gala}}, Memory: memory, Now: now.Add(step.after)})
		memory = d.Memory
		if d.Need != 10 || len(d.Starts) != 0 || len(d.Remove) != 0 {
			t.Errorf("after %s, when servers take %s: needs %d, starts %v, removes %v", step.after, d.Boot.Takes, d.Need, d.Starts, d.Remove)
		}
	}
}

// TestSafetyShares: whatever the weights and the fleets, the servers that the slots make have a seat for everybody, in
// sessions of the size that was asked for.
func TestSafetyShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := model.Capacity{Sessions: rapid.IntRange(1, 20).Draw(t, "sessions"), SeatsPerSession: rapid.IntRange(1, 50).Draw(t, "seats per session")}
		c.Seats = rapid.IntRange(c.SeatsPerSession, c.Sessions*c.SeatsPerSession+10).Draw(t, "seats")
		first := model.PPM(rapid.IntRange(1, int(model.Whole)-1).Draw(t, "weight"))
		e := model.Event{Attendance: rapid.IntRange(1, 100_000).Draw(t, "attendance"), PlayersPerSession: rapid.IntRange(0, 60).Draw(t, "per session")}
		size := c.SeatsPerSession
		if e.PlayersPerSession > 0 {
			size = min(size, e.PlayersPerSession)
		}
		route := model.Route{Fleets: []model.FleetWeight{{Fleet: "a", Weight: first}, {Fleet: "b", Weight: model.Whole - first}}}
		room := 0
		for _, share := range Shares(e, route, fleetsOf(map[model.FleetName]model.Capacity{"a": c, "b": c})) {
			servers, rest := share.Sessions/c.Sessions, share.Sessions%c.Sessions
			room += servers*min(c.Sessions, c.Seats/size)*size + min(rest, c.Seats/size)*size
		}
		if room < e.Attendance {
			t.Fatalf("room for %d of %d on servers of %+v", room, e.Attendance, c)
		}
	})
}
