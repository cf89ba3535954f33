package event

import (
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/watch"
)

var noon = time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC)

// specs are fleets, routes and events in memory, for a test to change.
type specs struct {
	watch.Watchers
	now store.Specs
}

func (s *specs) Specs() *store.Specs { return &s.now }

// set replaces the events.
func (s *specs) set(events ...model.Event) {
	s.now.Events = events
	s.now.Revision++
	s.Notify()
}

// plaza is a route over two fleets: rooms has three quarters of it, in servers of ten sessions of 100 seats, small the rest, in
// servers of four sessions of 50. garden is on rooms alone.
func plaza() *specs {
	fleet := func(name model.FleetName, sessions, seats int) model.Fleet {
		return model.Fleet{Name: name, Spec: model.FleetSpec{Max: 20, Capacity: model.Capacity{Sessions: sessions, SeatsPerSession: seats}}.WithDefaults()}
	}
	return &specs{now: store.Specs{
		Fleets: map[model.FleetName]model.Fleet{"rooms": fleet("rooms", 10, 100), "small": fleet("small", 4, 50)},
		Routes: map[model.RouteName]model.Route{
			"plaza":  model.Route{Name: "plaza", Fleets: []model.FleetWeight{{Fleet: "rooms", Weight: 750_000}, {Fleet: "small", Weight: 250_000}}}.WithDefaults(),
			"garden": model.Route{Name: "garden", Fleets: []model.FleetWeight{{Fleet: "rooms", Weight: model.Whole}}}.WithDefaults(),
		},
		Revision: 1,
	}}
}

// gala is an event on the plaza at eight in the evening, for two hours.
func gala() model.Event {
	return model.Event{Name: "gala", Route: "plaza", Attendance: 2000, DoorsAt: noon.Add(8 * time.Hour), EndsAt: noon.Add(10 * time.Hour)}
}

func TestOutlook(t *testing.T) {
	all := plaza()
	s := New(Config{Specs: all, Now: func() time.Time { return noon }})
	names := func(fleet model.FleetName, at time.Time) (out []string) {
		for _, e := range s.Outlook(fleet, at) {
			out = append(out, string(e.Name))
		}
		return out
	}
	if got := s.Outlook("rooms", noon); got != nil {
		t.Fatalf("nothing was announced: %v", got)
	}
	market := model.Event{Name: "market", Route: "garden", Attendance: 100, DoorsAt: noon.Add(9 * time.Hour), EndsAt: noon.Add(12 * time.Hour)}
	far := model.Event{Name: "far", Route: "garden", Attendance: 100, DoorsAt: noon.Add(100 * time.Hour), EndsAt: noon.Add(101 * time.Hour)}
	old := model.Event{Name: "old", Route: "garden", Attendance: 100, DoorsAt: noon.Add(-2 * time.Hour), EndsAt: noon}
	all.set(old, gala(), market, far)

	want := []scale.Event{{Name: "gala", Sessions: 10, DoorsAt: gala().DoorsAt, EndsAt: gala().EndsAt}}
	if got := s.Outlook("small", noon); !reflect.DeepEqual(got, want) {
		t.Errorf("small: %+v, want %+v", got, want)
	}
	for _, c := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{"gala", "market"}},
		{10*time.Hour - 1, []string{"gala", "market"}},
		{10 * time.Hour, []string{"market"}},
		{80 * time.Hour, []string{"far"}},
		{101 * time.Hour, nil},
	} {
		if got := names("rooms", noon.Add(c.after)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("after %s: %v, want %v", c.after, got, c.want)
		}
	}
	all.set(market)
	if got := names("rooms", noon); !reflect.DeepEqual(got, []string{"market"}) {
		t.Errorf("gala was cancelled: %v", got)
	}
}
