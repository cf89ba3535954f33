package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// event opens its doors so long after at, for an hour.
func event(name, route string, doors time.Duration) model.Event {
	return model.Event{
		Name: model.EventName(name), Route: model.RouteName(route), Attendance: 100,
		DoorsAt: at.Add(doors), EndsAt: at.Add(doors + time.Hour),
	}
}

func tryEvent(s store.Store, e model.Event, dry bool, now time.Time) (model.Event, store.Outcome, error) {
	applied, err := s.ApplyAll(context.Background(), store.Objects{Events: []model.Event{e}}, dry, now)
	if err != nil {
		return model.Event{}, "", err
	}
	return applied.Events[0].Event, applied.Events[0].Outcome, nil
}

func applyEvent(t *testing.T, s store.Store, e model.Event, want store.Outcome, now time.Time) model.Event {
	t.Helper()
	got, outcome, err := tryEvent(s, e, false, now)
	if err != nil || outcome != want {
		t.Fatalf("apply event %s: %q, %v; want %q", e.Name, outcome, err, want)
	}
	return got
}

// withRoutes makes the routes, and the fleet that they name.
func withRoutes(t *testing.T, s store.Store, routes ...string) {
	t.Helper()
	applyFleet(t, s, fleet("rooms", 1), store.Created, at)
	for _, r := range routes {
		applyRoute(t, s, route(r, "rooms"), store.Created, at)
	}
}

func names(events []model.Event) (out []string) {
	for _, e := range events {
		out = append(out, string(e.Name))
	}
	return out
}

func eventLife(t *testing.T, s store.Store) {
	ctx := context.Background()
	withRoutes(t, s, "plaza")
	_, err := s.GetEvent(ctx, "gala")
	wantErr(t, err, store.ErrNotFound, "gala")

	first := applyEvent(t, s, event("gala", "plaza", time.Hour), store.Created, at)
	if first.Generation == 0 || !first.CreatedAt.Equal(at) || !first.UpdatedAt.Equal(at) {
		t.Errorf("created: %+v", first)
	}
	same := applyEvent(t, s, event("gala", "plaza", time.Hour), store.Unchanged, at.Add(time.Hour))
	if !reflect.DeepEqual(same, first) {
		t.Errorf("unchanged answers %+v, want %+v", same, first)
	}
	moved := applyEvent(t, s, event("gala", "plaza", 2*time.Hour), store.Changed, at.Add(time.Minute))
	if moved.Generation <= first.Generation || !moved.CreatedAt.Equal(at) || !moved.UpdatedAt.Equal(at.Add(time.Minute)) {
		t.Errorf("moved: %+v", moved)
	}
	labelled := event("gala", "plaza", 2*time.Hour)
	labelled.Labels = map[string]string{"team": "a"}
	applyEvent(t, s, labelled, store.Changed, at)

	_, _, err = tryEvent(s, event("lost", "nowhere", time.Hour), false, at)
	wantErr(t, err, store.ErrNotFound, "route nowhere")
	stale := event("gala", "plaza", 5*time.Hour)
	stale.Generation = first.Generation
	_, _, err = tryEvent(s, stale, false, at)
	wantErr(t, err, store.ErrConflict, "gala", "generation")

	wantErr(t, s.DeleteEvent(ctx, "gala", first.Generation, false), store.ErrConflict)
	if err := s.DeleteEvent(ctx, "gala", 0, true); err != nil {
		t.Error(err)
	}
	if _, err := s.GetEvent(ctx, "gala"); err != nil {
		t.Errorf("after a dry deletion: %v", err)
	}
	if err := s.DeleteEvent(ctx, "gala", 0, false); err != nil {
		t.Error(err)
	}
	wantErr(t, s.DeleteEvent(ctx, "gala", 0, false), store.ErrNotFound, "gala")
}

func eventFields(t *testing.T, s store.Store) {
	withRoutes(t, s, "plaza")
	want := model.Event{
		Name: "full", Labels: map[string]string{"team": "é"}, Title: "Gala\nof galas", Route: "plaza",
		DoorsAt: at, EndsAt: at.Add(time.Hour), Attendance: 1, PlayersPerSession: 2, Lead: 3 * time.Second, Ramp: 4 * time.Second,
	}
	want = applyEvent(t, s, want, store.Created, at)
	got, err := s.GetEvent(context.Background(), "full")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v, %v\nwant\n%+v", got, err, want)
	}
}

func eventLists(t *testing.T, s store.Store) {
	ctx := context.Background()
	withRoutes(t, s, "plaza")
	for name, doors := range map[string]time.Duration{"old": -3 * time.Hour, "running": -time.Minute, "b-next": time.Hour, "a-next": time.Hour, "far": 48 * time.Hour} {
		applyEvent(t, s, event(name, "plaza", doors), store.Created, at)
	}
	for _, c := range []struct {
		what         string
		since, until time.Time
		want         []string
	}{
		{"all", time.Time{}, time.Time{}, []string{"old", "running", "a-next", "b-next", "far"}},
		{"not over", at, time.Time{}, []string{"running", "a-next", "b-next", "far"}},
		{"one that ends then", at.Add(-2 * time.Hour), at.Add(-time.Minute), []string{"old"}},
		{"before its doors", time.Time{}, at.Add(time.Hour), []string{"old", "running"}},
	} {
		got, err := s.ListEvents(ctx, c.since, c.until)
		if err != nil || !reflect.DeepEqual(names(got), c.want) {
			t.Errorf("%s: %v, %v; want %v", c.what, names(got), err, c.want)
		}
	}
	if n, err := s.DropEvents(ctx, at.Add(-2*time.Hour)); n != 0 || err != nil {
		t.Errorf("dropped %d, %v: one that ended then stays", n, err)
	}
	if n, err := s.DropEvents(ctx, at.Add(-time.Hour)); n != 1 || err != nil {
		t.Errorf("dropped %d, %v", n, err)
	}
	if got, err := s.ListEvents(ctx, time.Time{}, time.Time{}); err != nil || len(got) != 4 {
		t.Errorf("left: %v, %v", names(got), err)
	}
}

func eventsHoldRoutes(t *testing.T, s store.Store) {
	ctx := context.Background()
	withRoutes(t, s, "plaza", "garden")
	applyEvent(t, s, event("gala", "plaza", time.Hour), store.Created, at)
	over := at.Add(2 * time.Hour)
	wantErr(t, s.DeleteRoute(ctx, "plaza", 0, false, at), store.ErrInUse, "plaza", "event gala")
	wantErr(t, s.DeleteRoute(ctx, "plaza", 0, true, over.Add(-time.Nanosecond)), store.ErrInUse, "event gala")
	if err := s.DeleteRoute(ctx, "garden", 0, false, at); err != nil {
		t.Errorf("another route: %v", err)
	}
	if err := s.DeleteRoute(ctx, "plaza", 0, false, over); err != nil {
		t.Errorf("once it is over: %v", err)
	}
	if e, err := s.GetEvent(ctx, "gala"); err != nil || e.Route != "plaza" {
		t.Errorf("an event that is over goes with its route: %+v, %v", e, err)
	}
	applyEvent(t, s, event("gala", "plaza", time.Hour), store.Unchanged, over)
}

func eventsTogether(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	changed := s.Watch(ctx)
	all := store.Objects{
		Fleets: []model.Fleet{fleet("rooms", 1)}, Routes: []model.Route{route("plaza", "rooms")},
		Events: []model.Event{event("b", "plaza", time.Hour), event("a", "plaza", time.Hour)},
	}
	broken := all
	broken.Events = append([]model.Event{}, all.Events[0], event("lost", "nowhere", 0))
	_, err := s.ApplyAll(ctx, broken, false, at)
	wantErr(t, err, store.ErrNotFound, "nowhere")
	if got, err := s.ApplyAll(ctx, all, true, at); err != nil || len(got.Events) != 2 || got.Events[0].Outcome != store.Created {
		t.Errorf("dry run: %+v, %v", got.Events, err)
	}
	fleets, routes := everything(t, s)
	events, err := s.ListEvents(ctx, time.Time{}, time.Time{})
	if err != nil || len(fleets)+len(routes)+len(events) != 0 || signals(changed) != 0 {
		t.Fatalf("a refusal or a dry run left %v %v %v, %v", fleets, routes, events, err)
	}
	for _, want := range []store.Outcome{store.Created, store.Unchanged} {
		got, err := s.ApplyAll(ctx, all, false, at)
		if err != nil || len(got.Events) != 2 || got.Events[0].Name != "b" || got.Events[0].Outcome != want || got.Events[1].Outcome != want {
			t.Errorf("%+v, %v; want %s", got.Events, err, want)
		}
	}
	if signals(changed) != 1 {
		t.Error("no signal")
	}
	if err := s.DeleteEvent(ctx, "a", 0, false); err != nil || signals(changed) != 1 {
		t.Errorf("no signal of a deletion, %v", err)
	}
}
