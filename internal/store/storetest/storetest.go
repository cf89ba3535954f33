// Package storetest owns the rules that every implementation of store.Store keeps, as tests to run on each.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// Open makes a fresh, empty store for one test and closes it at its end.
type Open func(t *testing.T) store.Store

// Run runs the whole suite on stores that open makes.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, s store.Store)
	}{
		{"a fleet is created, left alone, changed", fleetLife},
		{"a fleet keeps every field", fleetFields},
		{"a write holds to the generation it has seen", generations},
		{"a dry run changes nothing", dryRuns},
		{"a fleet in use stays; an unused one is marked, then removed", deleteFleet},
		{"a deleted fleet is taken back by an apply", reviveFleet},
		{"a template has a number, and the same one the same", revisionNumbers},
		{"a revision is proved once, stopped and tried again, and goes with its fleet", revisionLife},
		{"revisions are bounded, numbers are given once", revisionsAreBounded},
		{"a route is created, left alone, changed, deleted", routeLife},
		{"a route names fleets that exist", routeFleets},
		{"fleets and routes are applied all or none", applyAllOrNone},
		{"a route may name a fleet of the same call", applyTogether},
		{"an event is created, left alone, moved, cancelled", eventLife},
		{"an event keeps every field", eventFields},
		{"events are listed by time, and dropped when they are old", eventLists},
		{"a route stays while an event is to come on it", eventsHoldRoutes},
		{"events are applied with their routes, all or none", eventsTogether},
		{"a rollout is created, left alone, stepped, rolled back, deleted", rolloutLife},
		{"a rollout keeps every field", rolloutFields},
		{"a rollout begins only where it can", rolloutBegins},
		{"a rollout under way keeps its route and fleets", rolloutKeepsGoing},
		{"a done rollout is replaced by the next on its route", rolloutReplaced},
		{"a rollout's step holds to its serial and the route's generation", rolloutSteps},
		{"racing steps of one rollout: one wins", rolloutRaces},
		{"a conflict shows both values", conflictsShowBoth},
		{"tokens are found by hash until they expire or are revoked", tokens},
		{"a use of a token is noted at most once a minute", touches},
		{"the audit log counts without gaps, newest first", audit},
		{"what a stage shows is replaced, and goes with its route", staged},
		{"what fleets and routes did is kept", historyIsKept},
		{"a step is written in parts", historyAddsUp},
		{"what was done is answered in steps", historyInSteps},
		{"compaction loses nothing", historyCompacts},
		{"the oldest past is dropped", historyIsDropped},
		{"decisions are listed by what a query chooses", decisions},
		{"old decisions go", pruneDecisions},
		{"notices that nodes go away are put, replaced, dropped", nodeLeaves},
		{"the master key stays", masterKey},
		{"changes are watched, reads and refusals are not", watches},
		{"racing writers of one generation: one wins", races},
		{"the spec cache follows", specCache},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) { c.test(t, open(t)) })
	}
}

var at = time.Date(2026, 11, 21, 20, 0, 0, 123456789, time.UTC)

func fleet(name string, ready int) model.Fleet {
	return model.Fleet{Name: model.FleetName(name), Spec: model.FleetSpec{Ready: ready}}
}

func route(name string, fleets ...string) model.Route {
	r := model.Route{Name: model.RouteName(name)}
	for _, f := range fleets {
		r.Fleets = append(r.Fleets, model.FleetWeight{Fleet: model.FleetName(f), Weight: model.Whole / model.PPM(len(fleets))})
	}
	return r
}

func tryFleet(s store.Store, f model.Fleet, dry bool, now time.Time) (model.Fleet, store.Outcome, error) {
	applied, err := s.ApplyAll(context.Background(), store.Objects{Fleets: []model.Fleet{f}}, dry, now)
	if err != nil {
		return model.Fleet{}, "", err
	}
	return applied.Fleets[0].Fleet, applied.Fleets[0].Outcome, nil
}

func tryRoute(s store.Store, r model.Route, dry bool, now time.Time) (model.Route, store.Outcome, error) {
	applied, err := s.ApplyAll(context.Background(), store.Objects{Routes: []model.Route{r}}, dry, now)
	if err != nil {
		return model.Route{}, "", err
	}
	return applied.Routes[0].Route, applied.Routes[0].Outcome, nil
}

func applyFleet(t *testing.T, s store.Store, f model.Fleet, want store.Outcome, now time.Time) model.Fleet {
	t.Helper()
	got, outcome, err := tryFleet(s, f, false, now)
	if err != nil || outcome != want {
		t.Fatalf("apply fleet %s: %q, %v; want %q", f.Name, outcome, err, want)
	}
	return got
}

func applyRoute(t *testing.T, s store.Store, r model.Route, want store.Outcome, now time.Time) model.Route {
	t.Helper()
	got, outcome, err := tryRoute(s, r, false, now)
	if err != nil || outcome != want {
		t.Fatalf("apply route %s: %q, %v; want %q", r.Name, outcome, err, want)
	}
	return got
}

func wantErr(t *testing.T, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Fatalf("error %q does not say %q", err, w)
		}
	}
}

func fleetLife(t *testing.T, s store.Store) {
	ctx := context.Background()
	_, err := s.GetFleet(ctx, "plaza")
	wantErr(t, err, store.ErrNotFound, "plaza")

	first := applyFleet(t, s, fleet("plaza", 1), store.Created, at)
	_, err = s.GetFleet(ctx, "plazza")
	wantErr(t, err, store.ErrNotFound, "fleet plazza: not found (did you mean plaza?)")
	if first.Generation == 0 || !first.CreatedAt.Equal(at) || !first.UpdatedAt.Equal(at) {
		t.Errorf("created: %+v", first)
	}
	same := applyFleet(t, s, fleet("plaza", 1), store.Unchanged, at.Add(time.Hour))
	if !reflect.DeepEqual(same, first) {
		t.Errorf("unchanged answers %+v, want %+v", same, first)
	}
	changed := applyFleet(t, s, fleet("plaza", 2), store.Changed, at.Add(time.Hour))
	if changed.Generation <= first.Generation || !changed.CreatedAt.Equal(at) || !changed.UpdatedAt.Equal(at.Add(time.Hour)) {
		t.Errorf("changed: %+v", changed)
	}
	labelled := fleet("plaza", 2)
	labelled.Labels = map[string]string{"team": "a"}
	applyFleet(t, s, labelled, store.Changed, at)

	applyFleet(t, s, fleet("arena", 0), store.Created, at)
	all, err := s.ListFleets(ctx)
	if err != nil || len(all) != 2 || all[0].Name != "arena" || all[1].Name != "plaza" {
		t.Errorf("list: %+v, %v", all, err)
	}
}

func fleetFields(t *testing.T, s store.Store) {
	want := model.Fleet{
		Name: "full", Labels: map[string]string{"team": "é"},
		Spec: model.FleetSpec{
			Process: &model.ProcessSpec{
				Command: []string{"/bin/game", "--x"}, Env: map[string]string{"A": "b\n"}, WorkingDir: "/srv",
				Ports: []model.Port{{Name: "game", Number: 7777, UDP: true}}, MemoryMiB: 1, CPUMillis: 2, OpenFiles: 3, StopGrace: time.Second,
			},
			Capacity: model.Capacity{Sessions: 4, SeatsPerSession: 5, Seats: 6}, Ready: 7, Open: 8, Min: 9, Max: 10,
			Drain:      model.DrainPolicy{Wait: time.Minute, Deadline: time.Hour},
			DoubtAfter: 11 * time.Second, StartTimeout: 12 * time.Second, ScaleInAfter: 13 * time.Second,
			Room: model.RoomSettings{
				Tick: 20 * time.Millisecond, MaxMessageBytes: 14, MaxMessagesPerSecond: 15, MaxMemberQueueBytes: 16,
				MaxStateBytes: 17, ResumeWindow: 18 * time.Second, MaxMemberQueueAge: 19 * time.Second, MaxBytesPerSecond: 20,
				MaxConnectsPerSecond: 21, HelloTimeout: 22 * time.Second, IdleTimeout: 23 * time.Second, HistoryEvents: 24,
				HistoryBytes: 25, PositionStep: 0.26,
				Interest: model.Interest{
					Radius: 27.5, Nearest: 28, Hysteresis: 0.29, FarRadius: 30, FarNearest: 31, FarEvery: 32 * time.Second,
					Refresh: 33 * time.Millisecond,
				},
			},
		},
	}
	want = applyFleet(t, s, want, store.Created, at)
	got, err := s.GetFleet(context.Background(), "full")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v, %v\nwant\n%+v", got, err, want)
	}
}

func generations(t *testing.T, s store.Store) {
	ctx := context.Background()
	f := fleet("plaza", 1)
	f.Generation = 5
	_, _, err := tryFleet(s, f, false, at)
	wantErr(t, err, store.ErrConflict, "plaza", "does not exist")

	first := applyFleet(t, s, fleet("plaza", 1), store.Created, at)
	second := fleet("plaza", 2)
	second.Generation = first.Generation
	second = applyFleet(t, s, second, store.Changed, at)
	late := fleet("plaza", 3)
	late.Generation = first.Generation
	_, _, err = tryFleet(s, late, false, at)
	wantErr(t, err, store.ErrConflict, "somebody else changed fleet plaza", "yours", "there now", "(generation 2, you had 1)", "say generation 2")
	wantErr(t, s.DeleteFleet(ctx, "plaza", first.Generation, false, at), store.ErrConflict)

	r := applyRoute(t, s, route("main", "plaza"), store.Created, at)
	stale := route("main", "plaza")
	stale.MaxWaiting, stale.Generation = 5, r.Generation+1
	_, _, err = tryRoute(s, stale, false, at)
	wantErr(t, err, store.ErrConflict, "main")
	wantErr(t, s.DeleteRoute(ctx, "main", r.Generation+1, false, at), store.ErrConflict)

	if got, err := s.GetFleet(ctx, "plaza"); err != nil || got.Spec.Ready != second.Spec.Ready {
		t.Errorf("after the refusals: %+v, %v", got, err)
	}
}

func dryRuns(t *testing.T, s store.Store) {
	ctx := context.Background()
	if f, outcome, err := tryFleet(s, fleet("plaza", 1), true, at); err != nil || outcome != store.Created || f.Generation == 0 {
		t.Errorf("dry create: %+v %q %v", f, outcome, err)
	}
	if _, err := s.GetFleet(ctx, "plaza"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a dry run made the fleet: %v", err)
	}
	applyFleet(t, s, fleet("plaza", 1), store.Created, at)
	if _, outcome, err := tryFleet(s, fleet("plaza", 2), true, at); err != nil || outcome != store.Changed {
		t.Errorf("dry change: %q %v", outcome, err)
	}
	if _, outcome, err := tryRoute(s, route("main", "plaza"), true, at); err != nil || outcome != store.Created {
		t.Errorf("dry route: %q %v", outcome, err)
	}
	_, _, err := tryRoute(s, route("main", "nowhere"), true, at)
	wantErr(t, err, store.ErrNotFound, "nowhere")
	if err := s.DeleteFleet(ctx, "plaza", 0, true, at); err != nil {
		t.Errorf("dry delete: %v", err)
	}
	if f, err := s.GetFleet(ctx, "plaza"); err != nil || f.Spec.Ready != 1 || f.Deleted {
		t.Errorf("after dry runs: %+v, %v", f, err)
	}
	if routes, err := s.ListRoutes(ctx); err != nil || len(routes) != 0 {
		t.Errorf("after dry runs: %+v, %v", routes, err)
	}
}

func deleteFleet(t *testing.T, s store.Store) {
	ctx := context.Background()
	wantErr(t, s.DeleteFleet(ctx, "plaza", 0, false, at), store.ErrNotFound, "plaza")
	applyFleet(t, s, fleet("plaza", 1), store.Created, at)
	applyRoute(t, s, route("main", "plaza"), store.Created, at)
	wantErr(t, s.DeleteFleet(ctx, "plaza", 0, false, at), store.ErrInUse, "plaza", "main")
	wantErr(t, s.RemoveFleet(ctx, "plaza"), store.ErrConflict, "plaza")
	if err := s.DeleteRoute(ctx, "main", 0, false, at); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.DeleteFleet(ctx, "plaza", 0, false, at); err != nil {
			t.Fatalf("delete: %v", err)
		}
		if f, err := s.GetFleet(ctx, "plaza"); err != nil || !f.Deleted {
			t.Fatalf("after delete: %+v, %v", f, err)
		}
	}
	_, _, err := tryRoute(s, route("main", "plaza"), false, at)
	wantErr(t, err, store.ErrNotFound, "plaza")
	if err := s.RemoveFleet(ctx, "plaza"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.RemoveFleet(ctx, "plaza"), store.ErrNotFound)
}

func reviveFleet(t *testing.T, s store.Store) {
	ctx := context.Background()
	applyFleet(t, s, fleet("plaza", 1), store.Created, at)
	if err := s.DeleteFleet(ctx, "plaza", 0, false, at); err != nil {
		t.Fatal(err)
	}
	if f := applyFleet(t, s, fleet("plaza", 1), store.Changed, at); f.Deleted {
		t.Errorf("still deleted: %+v", f)
	}
	wantErr(t, s.RemoveFleet(ctx, "plaza"), store.ErrConflict)
}

func routeLife(t *testing.T, s store.Store) {
	ctx := context.Background()
	applyFleet(t, s, fleet("old", 0), store.Created, at)
	applyFleet(t, s, fleet("new", 0), store.Created, at)
	want := route("main", "old", "new")
	want.Labels, want.MaxWaiting, want.MaxWait = map[string]string{"a": "b"}, 7, 1500*time.Millisecond
	want = applyRoute(t, s, want, store.Created, at)
	got, err := s.GetRoute(ctx, "main")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read back\n%+v, %v\nwant\n%+v", got, err, want)
	}
	applyRoute(t, s, want, store.Unchanged, at.Add(time.Hour))
	want.Fleets[0].Weight, want.Fleets[1].Weight = 1, model.Whole-1
	if next := applyRoute(t, s, want, store.Changed, at.Add(time.Hour)); next.Generation <= got.Generation || !next.CreatedAt.Equal(at) {
		t.Errorf("changed: %+v", next)
	}
	if err := s.DeleteRoute(ctx, "main", 0, true, at); err != nil {
		t.Errorf("dry delete: %v", err)
	}
	if err := s.DeleteRoute(ctx, "main", 0, false, at); err != nil {
		t.Errorf("delete: %v", err)
	}
	_, err = s.GetRoute(ctx, "main")
	wantErr(t, err, store.ErrNotFound, "main")
	wantErr(t, s.DeleteRoute(ctx, "main", 0, false, at), store.ErrNotFound, "main")
}

func routeFleets(t *testing.T, s store.Store) {
	ctx := context.Background()
	applyFleet(t, s, fleet("a", 0), store.Created, at)
	applyFleet(t, s, fleet("b", 0), store.Created, at)
	_, _, err := tryRoute(s, route("main", "a", "nowhere"), false, at)
	wantErr(t, err, store.ErrNotFound, "nowhere")
	if routes, err := s.ListRoutes(ctx); err != nil || len(routes) != 0 {
		t.Errorf("half applied: %+v, %v", routes, err)
	}
	applyRoute(t, s, route("main", "a", "b"), store.Created, at)
	applyRoute(t, s, route("main", "b"), store.Changed, at)
	if err := s.DeleteFleet(ctx, "a", 0, false, at); err != nil {
		t.Errorf("a fleet that no route names any more: %v", err)
	}
	wantErr(t, s.DeleteFleet(ctx, "b", 0, false, at), store.ErrInUse)
}

func token(name string, expires time.Time) store.Token {
	return store.Token{Name: name, Hash: sha256.Sum256([]byte(name)), Scope: store.ScopeOperate, CreatedAt: at, ExpiresAt: expires}
}

func tokens(t *testing.T, s store.Store) {
	ctx := context.Background()
	for _, tok := range []store.Token{token("forever", time.Time{}), token("short", at.Add(time.Minute))} {
		if err := s.PutToken(ctx, tok); err != nil {
			t.Fatal(err)
		}
		if got, err := s.FindToken(ctx, tok.Hash, at); err != nil || got != tok {
			t.Errorf("found %+v, %v; want %+v", got, err, tok)
		}
	}
	wantErr(t, s.PutToken(ctx, token("forever", time.Time{})), store.ErrConflict, "forever")
	_, err := s.FindToken(ctx, sha256.Sum256([]byte("unknown")), at)
	wantErr(t, err, store.ErrNotFound)
	_, err = s.FindToken(ctx, token("short", at).Hash, at.Add(time.Minute))
	wantErr(t, err, store.ErrNotFound)
	if all, err := s.ListTokens(ctx); err != nil || len(all) != 2 || all[0].Name != "forever" {
		t.Errorf("list: %+v, %v", all, err)
	}
	again := token("short", time.Time{})
	again.CreatedAt = at.Add(time.Minute)
	if err := s.PutToken(ctx, again); err != nil {
		t.Errorf("the name of an expired token: %v", err)
	}
	if err := s.RevokeToken(ctx, "forever"); err != nil {
		t.Error(err)
	}
	wantErr(t, s.RevokeToken(ctx, "forever"), store.ErrNotFound, "forever")
	_, err = s.FindToken(ctx, token("forever", at).Hash, at)
	wantErr(t, err, store.ErrNotFound)
}

func touches(t *testing.T, s store.Store) {
	ctx := context.Background()
	tok := token("ci", time.Time{})
	if err := s.PutToken(ctx, tok); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ use, want time.Duration }{{0, 0}, {59 * time.Second, 0}, {time.Minute, time.Minute}} {
		if err := s.TouchToken(ctx, "ci", at.Add(c.use)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.FindToken(ctx, tok.Hash, at); err != nil || !got.LastUsedAt.Equal(at.Add(c.want)) {
			t.Errorf("used at +%s: noted %s, %v; want +%s", c.use, got.LastUsedAt, err, c.want)
		}
	}
	if err := s.TouchToken(ctx, "revoked", at); err != nil {
		t.Errorf("a token just revoked: %v", err)
	}
}

func audit(t *testing.T, s store.Store) {
	ctx := context.Background()
	var lines []store.AuditEntry
	for i := range 5 {
		lines = append(lines, store.AuditEntry{At: at, Actor: "ann", Action: "apply fleet", Target: fmt.Sprint(i), Detail: "created"})
	}
	for _, some := range [][]store.AuditEntry{lines[:1], nil, lines[1:]} {
		if err := s.Audit(ctx, some...); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.ListAudit(ctx, 3)
	if err != nil || len(got) != 3 {
		t.Fatalf("list: %+v, %v", got, err)
	}
	for i, e := range got {
		want := store.AuditEntry{ID: uint64(5 - i), At: at, Actor: "ann", Action: "apply fleet", Target: fmt.Sprint(4 - i), Detail: "created"}
		if e != want {
			t.Errorf("line %d: %+v, want %+v", i, e, want)
		}
	}
}

func masterKey(t *testing.T, s store.Store) {
	ctx := context.Background()
	one, err := s.MasterKey(ctx)
	if err != nil || len(one) != 32 || bytes.Equal(one, make([]byte, 32)) {
		t.Fatalf("key of %d bytes, %v", len(one), err)
	}
	if two, err := s.MasterKey(ctx); err != nil || !bytes.Equal(one, two) {
		t.Errorf("another key: %v", err)
	}
}

// signals counts what a watch has to say right now.
func signals(ch <-chan struct{}) int {
	select {
	case _, open := <-ch:
		if !open {
			return -1
		}
		return 1
	default:
		return 0
	}
}

func watches(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch := s.Watch(ctx)
	step := func(what string, want int, do func()) {
		t.Helper()
		do()
		if got := signals(ch); got != want {
			t.Errorf("%s: %d signals, want %d", what, got, want)
		}
	}
	step("three creations", 1, func() {
		applyFleet(t, s, fleet("a", 0), store.Created, at)
		applyFleet(t, s, fleet("b", 0), store.Created, at)
		applyRoute(t, s, route("main", "a"), store.Created, at)
	})
	step("no change", 0, func() { applyFleet(t, s, fleet("a", 0), store.Unchanged, at) })
	step("dry run", 0, func() { _, _, _ = tryFleet(s, fleet("a", 9), true, at) })
	step("refusal", 0, func() { _ = s.DeleteFleet(ctx, "a", 0, false, at) })
	step("token", 0, func() { _ = s.PutToken(ctx, token("x", time.Time{})) })
	step("deletion", 1, func() { _ = s.DeleteRoute(ctx, "main", 0, false, at) })
	step("mark", 1, func() { _ = s.DeleteFleet(ctx, "a", 0, false, at) })
	step("removal", 1, func() { _ = s.RemoveFleet(ctx, "a") })
	cancel()
	if _, open := <-ch; open {
		t.Error("a signal after the end")
	}
}

func races(t *testing.T, s store.Store) {
	first := applyFleet(t, s, fleet("plaza", 0), store.Created, at)
	const writers = 8
	won := make(chan error, writers)
	for i := range writers {
		go func() {
			f := fleet("plaza", i+1)
			f.Generation = first.Generation
			_, _, err := tryFleet(s, f, false, at)
			won <- err
		}()
	}
	wins := 0
	for range writers {
		err := <-won
		switch {
		case err == nil:
			wins++
		case !errors.Is(err, store.ErrConflict):
			t.Error(err)
		}
	}
	if wins != 1 {
		t.Errorf("%d writers of one generation won", wins)
	}
}

func specCache(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	applyFleet(t, s, fleet("plaza", 1), store.Created, at)
	cache, err := store.NewSpecCache(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := cache.Fleet("plaza"); !ok || f.Spec.Max != model.DefaultMaxServers {
		t.Fatalf("first reading: %+v %v", f, ok)
	}
	changed := cache.Watch(ctx)
	done := make(chan error, 1)
	go func() { done <- cache.Run(ctx, func(err error) { t.Error(err) }) }()
	applyRoute(t, s, route("main", "plaza"), store.Created, at)
	if err := cache.Refresh(ctx); err != nil { // the writer reads its own write
		t.Fatal(err)
	}
	if r, ok := cache.Route("main"); !ok || r.MaxWaiting != model.DefaultMaxWaiting {
		t.Fatalf("after a refresh: %+v %v", r, ok)
	}
	<-changed
	applyEvent(t, s, event("gala", "main", time.Hour), store.Created, at)
	if err := cache.Refresh(ctx); err != nil || len(cache.Specs().Events) != 1 {
		t.Fatalf("after an event: %+v, %v", cache.Specs().Events, err)
	}
	applyFleet(t, s, fleet("next", 1), store.Created, at)
	applyRollout(t, s, rolloutTo("next", "main"), store.Created)
	if err := cache.Refresh(ctx); err != nil || len(cache.Specs().Rollouts) != 1 || len(cache.Specs().Rollouts[0].Spec.Gates) == 0 {
		t.Fatalf("after a rollout: %+v, %v", cache.Specs().Rollouts, err)
	}
	if _, err := step(s, cache.Specs().Rollouts[0], 100_000); err != nil {
		t.Fatal(err)
	}
	if err := cache.Refresh(ctx); err != nil || cache.Specs().Rollouts[0].State.Weight != 100_000 {
		t.Fatalf("after a step: %+v, %v", cache.Specs().Rollouts, err)
	}
	if r, ok := cache.Specs().RolloutOf("main"); !ok || r.Name != "to-next" {
		t.Errorf("the route's rollout is %+v", r)
	}
	revision := cache.Specs().Revision
	if err := cache.Refresh(ctx); err != nil || cache.Specs().Revision != revision {
		t.Errorf("a refresh without change: revision %d, was %d, %v", cache.Specs().Revision, revision, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
