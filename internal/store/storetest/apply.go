package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// everything is what a refused or dry apply must leave as it was.
func everything(t *testing.T, s store.Store) (fleets []model.Fleet, routes []model.Route) {
	t.Helper()
	fleets, err := s.ListFleets(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if routes, err = s.ListRoutes(context.Background()); err != nil {
		t.Fatal(err)
	}
	return fleets, routes
}

func applyAllOrNone(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	applyFleet(t, s, fleet("a", 1), store.Created, at)
	applyRoute(t, s, route("main", "a"), store.Created, at)
	changed := s.Watch(ctx)
	staleFleet, staleRoute := fleet("a", 5), route("main", "b")
	staleFleet.Generation, staleRoute.Generation = 7, 7
	for _, c := range []struct {
		what   string
		fleets []model.Fleet
		routes []model.Route
		want   error
		word   string
	}{
		{"the second fleet conflicts", []model.Fleet{fleet("b", 1), staleFleet}, []model.Route{route("main", "b")}, store.ErrConflict, "fleet a"},
		{"the route conflicts", []model.Fleet{fleet("a", 9), fleet("b", 1)}, []model.Route{staleRoute}, store.ErrConflict, "route main"},
		{
			"the second route names no fleet",
			[]model.Fleet{fleet("b", 1)},
			[]model.Route{route("main", "b"), route("other", "a", "nowhere")},
			store.ErrNotFound, "nowhere",
		},
	} {
		for _, dry := range []bool{true, false} {
			_, err := s.ApplyAll(ctx, store.Objects{Fleets: c.fleets, Routes: c.routes}, dry, at)
			if !errors.Is(err, c.want) {
				t.Errorf("%s, dry %v: error %v", c.what, dry, err)
				continue
			}
			wantErr(t, err, c.want, c.word)
		}
		fleets, routes := everything(t, s)
		if len(fleets) != 1 || fleets[0].Generation != 1 || len(routes) != 1 || routes[0].Generation != 1 {
			t.Errorf("%s: half applied: %+v %+v", c.what, fleets, routes)
		}
	}
	if n := signals(changed); n != 0 {
		t.Errorf("%d signals of refusals", n)
	}
}

func applyTogether(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	changed := s.Watch(ctx)
	fleets := []model.Fleet{fleet("b", 1), fleet("a", 1)}
	routes := []model.Route{route("main", "a", "b"), route("a", "a")}
	step := func(what string, dry bool, want store.Outcome, wantSignals int) {
		t.Helper()
		got, err := s.ApplyAll(ctx, store.Objects{Fleets: fleets, Routes: routes}, dry, at.Add(time.Minute))
		if err != nil || len(got.Fleets) != len(fleets) || len(got.Routes) != len(routes) {
			t.Fatalf("%s: %+v, %v", what, got, err)
		}
		for i, f := range got.Fleets {
			if f.Name != fleets[i].Name || f.Outcome != want || f.Generation == 0 {
				t.Errorf("%s: %+v, want %s", what, f, want)
			}
		}
		for i, r := range got.Routes {
			if r.Name != routes[i].Name || r.Outcome != want || r.Generation == 0 {
				t.Errorf("%s: %+v, want %s", what, r, want)
			}
		}
		if n := signals(changed); n != wantSignals {
			t.Errorf("%s: %d signals, want %d", what, n, wantSignals)
		}
	}
	step("dry run", true, store.Created, 0)
	if fleets, routes := everything(t, s); len(fleets)+len(routes) != 0 {
		t.Errorf("the dry run made %+v %+v", fleets, routes)
	}
	step("first", false, store.Created, 1)
	step("again", false, store.Unchanged, 0)

	for _, name := range []model.RouteName{"main", "a"} {
		if err := s.DeleteRoute(ctx, name, 0, false, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteFleet(ctx, "a", 0, false, at); err != nil {
		t.Fatal(err)
	}
	signals(changed)
	// the fleet is taken back in the same step as a route goes to it again
	got, err := s.ApplyAll(ctx, store.Objects{Fleets: fleets, Routes: routes}, false, at)
	if err != nil || got.Fleets[0].Outcome != store.Unchanged || got.Fleets[1].Outcome != store.Changed || got.Fleets[1].Deleted {
		t.Errorf("taken back: %+v, %v", got, err)
	}
}
