package rollout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/sqlite"
)

// world is a Service on a real store, with counters and a clock that a test sets.
type world struct {
	*testing.T
	*Service
	ctx     context.Context
	store   *sqlite.Store
	specs   *store.SpecCache
	now     time.Time
	tally   registry.Tally
	answers map[string]float64 // of Prometheus, by the query
	drained []model.FleetName
	broken  error // what Drain answers
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, ctx: t.Context(), now: time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC), answers: map[string]float64{}}
	w.tally.Fleets = map[model.FleetName]registry.Counters{}
	var err error
	w.store, err = sqlite.Open(w.ctx, filepath.Join(t.TempDir(), "greenroom.db"))
	w.ok(err)
	t.Cleanup(func() { w.ok(w.store.Close()) })
	w.specs, err = store.NewSpecCache(w.ctx, w.store)
	w.ok(err)
	objects := store.Objects{Routes: []model.Route{{Name: "plaza", Fleets: []model.FleetWeight{{Fleet: "old", Weight: model.Whole}}}}}
	for _, name := range []model.FleetName{"old", "new"} {
		objects.Fleets = append(objects.Fleets, model.Fleet{Name: name})
	}
	w.applyAll(objects)
	w.restart()
	return w
}

// restart is another control plane on the same store.
func (w *world) restart() {
	w.Service = New(Config{
		Store: w.store, Specs: w.specs, Now: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler),
		Tally: func(context.Context) (registry.Tally, error) { return w.tally, nil },
		Joins: func(model.FleetName) decide.Latencies { return decide.Latencies{} },
		Open:  func(model.FleetName) int { return 1 },
		Query: func(_ context.Context, _, query string) (float64, error) {
			if v, ok := w.answers[query]; ok {
				return v, nil
			}
			return 0, errors.New("the answer is empty")
		},
		Drain: func(_ context.Context, f model.FleetName, _ string) ([]model.ServerID, error) {
			w.drained = append(w.drained, f)
			return []model.ServerID{model.ServerID(f + "-1")}, w.broken
		},
	})
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) applyAll(objects store.Objects) {
	w.Helper()
	_, err := w.store.ApplyAll(w.ctx, objects, false, w.now)
	w.ok(err)
	w.ok(w.specs.Refresh(w.ctx))
}

// begin applies a rollout to new with these gates: 50 % for a minute, then all.
func (w *world) begin(gates ...model.Gate) {
	w.Helper()
	w.applyAll(store.Objects{Rollouts: []model.Rollout{{Name: "r", Spec: model.RolloutSpec{
		Route: "plaza", To: "new", Gates: gates,
		Steps: []model.RolloutStep{{Weight: 500_000, Hold: time.Minute}, {Weight: model.Whole, Hold: time.Minute}},
	}}}})
	w.tick()
}

func (w *world) tick() {
	w.Helper()
	w.ok(w.Tick(w.ctx))
}

// pass lets time pass, in which fleets admit and lose connections, and looks.
func (w *world) pass(d time.Duration, admitted, lostOnNew uint64) {
	w.Helper()
	w.now = w.now.Add(d)
	for _, name := range []model.FleetName{"old", "new"} {
		c := w.tally.Fleets[name]
		c.Connections.Admitted += admitted
		if name == "new" {
			c.Connections.Lost += lostOnNew
		}
		w.tally.Fleets[name] = c
	}
	w.tick()
}

func (w *world) rollout() model.Rollout {
	w.Helper()
	r, err := w.store.GetRollout(w.ctx, "r")
	w.ok(err)
	return r
}

// stands checks the phase, the weights that routers see, and a part of the sentence.
func (w *world) stands(phase model.RolloutPhase, weights, sentence string) {
	w.Helper()
	r := w.rollout()
	route, _ := w.specs.Route("plaza")
	if got := decide.Weights(route.Fleets); r.State.Phase != phase || got != weights {
		w.Errorf("%s with %s, want %s with %s", r.State.Phase, got, phase, weights)
	}
	if got := w.Status(r).Sentence; !strings.Contains(got, sentence) {
		w.Errorf("%q does not say %q", got, sentence)
	}
}

func (w *world) audit() (out []string) {
	w.Helper()
	lines, err := w.store.ListAudit(w.ctx, 100)
	w.ok(err)
	for _, l := range lines {
		out = append([]string{fmt.Sprintf("%s %s %s", l.Actor, l.Action, l.Target)}, out...)
	}
	return out
}

func reconnects() model.Gate { return model.Gate{Reconnects: &model.RatioGate{}} }

func TestAHealthyVersionGoesToTheEnd(t *testing.T) {
	w := newWorld(t)
	w.tally.Fleets["new"] = registry.Counters{Connections: model.Connections{Admitted: 1000, Lost: 900}} // long ago
	w.begin(reconnects())
	w.stands(model.RolloutRunning, "old=500000,new=500000", "50 % since 0 s")
	w.pass(10*time.Second, 10, 0)
	w.stands(model.RolloutRunning, "old=500000,new=500000", "10 of 20 connections on new")
	w.pass(50*time.Second, 10, 0)
	w.stands(model.RolloutRunning, "old=0,new=1000000", "100 % since 0 s")
	w.tick()
	w.pass(time.Minute, 0, 0)
	w.stands(model.RolloutRunning, "old=0,new=1000000", "0 of 20 connections on new")
	w.pass(time.Second, 30, 0)
	w.stands(model.RolloutDone, "old=0,new=1000000", "done at 12:02:01 UTC by gates")
	if got := strings.Join(w.audit(), ", "); got != "gates rollout began r, gates rollout promoted r, gates rollout done r" {
		t.Errorf("audit: %s", got)
	}
	w.pass(time.Hour, 0, 500)
	w.stands(model.RolloutDone, "old=0,new=1000000", "done")
}

// Once the other fleet gets nobody any more, what it did in an earlier step is what new is compared with.
func TestTheLastStepIsComparedWithAnEarlierOne(t *testing.T) {
	w := newWorld(t)
	w.begin(reconnects())
	w.pass(time.Minute, 100, 0)
	w.tick()
	c := w.tally.Fleets["new"]
	c.Connections.Admitted, c.Connections.Lost = c.Connections.Admitted+100, c.Connections.Lost+30
	w.tally.Fleets["new"] = c
	w.tick()
	w.stands(model.RolloutRolledBack, "old=1000000", "30 of 100 connections were lost (30.0 %), 0 of 100 on old (0.0 %) in an earlier step")
}

func TestAVersionThatDropsConnectionsGoesBack(t *testing.T) {
	w := newWorld(t)
	w.begin(reconnects())
	w.pass(time.Second, 200, 40)
	w.stands(model.RolloutRolledBack, "old=1000000", "by gates: reconnects: 40 of 200 connections were lost")
	if len(w.drained) > 0 {
		t.Errorf("drained %v, which nobody asked for", w.drained)
	}
}

// What came before the window does not count.
func TestWindow(t *testing.T) {
	w := newWorld(t)
	gate := reconnects()
	gate.Window = 20 * time.Second
	w.begin(gate)
	w.pass(time.Second, 19, 3) // too few to judge by
	for range 40 {
		w.pass(time.Second, 5, 0)
	}
	if g := w.Status(w.rollout()).Gates[0]; g.Verdict != decide.Pass || g.ToSamples < 95 || g.ToSamples > 105 {
		t.Errorf("after 41 s at 5 a second, a window of 20 s has %+v", g)
	}
	if n := len(w.counts["r"].points); n > pointsPerWindow+3 {
		t.Errorf("%d points are kept", n)
	}
}

func TestARestartCountsAndHoldsAnew(t *testing.T) {
	w := newWorld(t)
	w.begin(reconnects())
	w.pass(50*time.Second, 100, 0)
	w.now = w.now.Add(time.Second)
	w.tally = registry.Tally{Fleets: map[model.FleetName]registry.Counters{}}
	w.restart()
	w.tick()
	w.pass(30*time.Second, 30, 0)
	w.stands(model.RolloutRunning, "old=500000,new=500000", "50 % since 1 min, counted anew since 12:00:51 UTC, held for another 30 s")
	if st := w.Status(w.rollout()); !st.CountedSince.Equal(w.now.Add(-30 * time.Second)) {
		t.Errorf("counted since %s", st.CountedSince)
	}
	w.pass(30*time.Second, 0, 0)
	w.stands(model.RolloutRunning, "old=0,new=1000000", "100 %")
}

// When Rollback answers, the specs that routers read have the old weights (I6); again it changes nothing.
func TestRollback(t *testing.T) {
	w := newWorld(t)
	if _, _, _, err := w.Rollback(w.ctx, "plaza", AsSpec, "", "ann"); !errors.Is(err, ErrNoRollout) {
		t.Errorf("without a rollout: %v", err)
	}
	w.begin(reconnects())
	_, done, sentence, err := w.Rollback(w.ctx, "plaza", AsSpec, "black screens", "ann")
	if err != nil || !done || sentence != "rolled plaza back to old 100 %; the sessions on new stay until they end" {
		t.Errorf("%v, %q, %v", done, sentence, err)
	}
	w.stands(model.RolloutRolledBack, "old=1000000", "by ann: black screens")
	generation := w.specs.Specs().Routes["plaza"].Generation
	r, done, sentence, err := w.Rollback(w.ctx, "plaza", Drain, "", "bob")
	if err != nil || done || !strings.Contains(sentence, "was rolled back by ann at 2026-12-05T12:00:00Z already (black screens): nothing was changed; its weights are old 100 %") {
		t.Errorf("%v, %q, %v", done, sentence, err)
	}
	if w.specs.Specs().Routes["plaza"].Generation != generation || len(r.State.Moves) != 2 || len(w.drained) != 0 {
		t.Errorf("the second changed %+v, drained %v", r.State, w.drained)
	}
	for _, verb := range []func() error{
		func() error { _, err := w.Pause(w.ctx, "r", "", "ann"); return err },
		func() error { _, err := w.Resume(w.ctx, "r", "ann"); return err },
		func() error { _, err := w.Promote(w.ctx, "r", 0, "ann"); return err },
	} {
		if err := verb(); !errors.Is(err, ErrCannot) || !strings.Contains(err.Error(), "rolled back since") {
			t.Errorf("%v", err)
		}
	}
}

// A drain that fails is tried again, by the next control plane too, until it was noted.
func TestRollbackDrains(t *testing.T) {
	w := newWorld(t)
	w.begin(reconnects())
	w.broken = errors.New("no registry")
	_, done, sentence, err := w.Rollback(w.ctx, "plaza", Drain, "", "ann")
	if err != nil || !done || !strings.Contains(sentence, "the servers of new drain") || !w.rollout().State.Drains {
		t.Errorf("%v, %q, %v", done, sentence, err)
	}
	if err := w.Tick(w.ctx); err == nil {
		t.Error("a drain that fails is no error")
	}
	w.broken = nil
	w.restart()
	w.tick()
	w.tick()
	if w.rollout().State.Drains || len(w.drained) != 3 {
		t.Errorf("drained %v, %+v", w.drained, w.rollout().State)
	}
	if got := w.audit(); got[len(got)-1] != "ann drain server new-1" {
		t.Errorf("audit: %v", got)
	}
}

// Of an operator and the gates who decide at once one wins, and nothing is lost.
func TestSomebodyComesFirst(t *testing.T) {
	w := newWorld(t)
	w.begin(reconnects())
	stale := *w.specs.Specs()
	w.now = w.now.Add(time.Second)
	if _, err := w.Pause(w.ctx, "r", "the show", "ann"); err != nil {
		t.Fatal(err)
	}
	c := w.tally.Fleets["new"]
	c.Connections = model.Connections{Admitted: 500, Lost: 500}
	w.tally.Fleets["new"] = c
	r := stale.Rollouts[0]
	w.sample(w.ctx, r, w.tally)
	w.counts["r"].samples[0].To = decide.Figures{Bad: 500, All: 500}
	w.counts["r"].samples[0].From = decide.Figures{All: 500}
	w.ok(w.look(w.ctx, r, stale.Routes["plaza"])) // by what was before the pause
	w.stands(model.RolloutPaused, "old=500000,new=500000", "by ann: the show")
}

func TestPrometheusGate(t *testing.T) {
	w := newWorld(t)
	most := 5.0
	w.begin(model.Gate{Prometheus: &model.PrometheusGate{URL: "http://p", Query: `errors{fleet="$fleet"}[$window]`, Max: &most}})
	w.pass(time.Minute, 0, 0)
	w.stands(model.RolloutRunning, "old=500000,new=500000", "no number for new: the answer is empty")
	w.answers[`errors{fleet="new"}[70s]`] = 4
	w.pass(10*time.Second, 0, 0)
	w.stands(model.RolloutRunning, "old=0,new=1000000", "100 %")
	w.answers[`errors{fleet="new"}[5s]`] = 6
	w.tick()
	w.pass(5*time.Second, 0, 0)
	w.stands(model.RolloutRolledBack, "old=1000000", "prometheus: new has 6; at most 5 is allowed")
}
