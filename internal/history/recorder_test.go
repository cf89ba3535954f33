package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/sqlite"
)

var eight = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// world is a recorder on a real store, with a clock and facts that the test sets.
type world struct {
	*Recorder
	t       testing.TB
	db      *sqlite.Store
	clock   time.Time
	known   bool
	count   observe.Count
	tallies registry.Tally
	specs   store.Specs
	refuses error // what writing answers
}

// failing is a store that can refuse to be written.
type failing struct {
	*sqlite.Store
	w *world
}

func (f failing) AppendHistory(ctx context.Context, records ...model.HistoryRecord) error {
	if f.w.refuses != nil {
		return f.w.refuses
	}
	return f.Store.AppendHistory(ctx, records...)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "greenroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, db: db, clock: eight, known: true}
	w.count.Fleets, w.count.Routes = map[model.FleetName]observe.FleetCount{}, map[model.RouteName]observe.RouteCount{}
	w.tallies = registry.Tally{Fleets: map[model.FleetName]registry.Counters{}, Routes: map[model.RouteName]registry.Counters{}}
	w.specs = store.Specs{Fleets: map[model.FleetName]model.Fleet{}, Routes: map[model.RouteName]model.Route{}}
	w.restart()
	return w
}

// restart is a new recorder on the same store, whose registry counts from 0.
func (w *world) restart() {
	clear(w.tallies.Fleets)
	clear(w.tallies.Routes)
	w.Recorder = New(Config{
		Store: failing{w.db, w},
		Count: func() *observe.Count {
			c := w.count
			c.At = w.clock
			return &c
		},
		Counted: func(context.Context) <-chan struct{} { return nil },
		Tally: func(context.Context) (registry.Tally, error) {
			return registry.Tally{Fleets: clone(w.tallies.Fleets), Routes: clone(w.tallies.Routes)}, nil
		},
		Specs: func() *store.Specs { s := w.specs; s.Fleets = clone(s.Fleets); return &s },
		Known: func() bool { return w.known }, Now: func() time.Time { return w.clock }, Logger: slog.New(slog.DiscardHandler),
	})
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	out := map[K]V{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// fleet sets what a fleet has: open servers with so many sessions on them of one player each, and idle ones.
func (w *world) fleet(name string, busy, idle, sessions int) {
	f := observe.FleetCount{Planned: true, Wanted: busy + idle}
	f.Servers[model.ServerOpen] = busy + idle
	f.ServersIdle, f.Sessions, f.SessionsActive, f.SeatsClaimed = idle, sessions, sessions, sessions
	f.SessionSlots, f.Seats = 10*(busy+idle), 10*(busy+idle)
	fleets := clone(w.count.Fleets)
	fleets[model.FleetName(name)] = f
	w.count.Fleets = fleets
}

func (w *world) price(fleet string, perHour float64, currency string) {
	w.specs.Fleets[model.FleetName(fleet)] = model.Fleet{Spec: model.FleetSpec{Price: model.Price{PerServerHour: perHour, Currency: currency}}}
}

// pass lets time pass, with a look each second.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for range d / time.Second {
		w.look()
		w.clock = w.clock.Add(time.Second)
	}
	w.look()
}

func (w *world) look() {
	w.t.Helper()
	if err := w.Tick(context.Background(), w.clock); err != nil && w.refuses == nil {
		w.t.Fatal(err)
	}
}

// of answers the records of a fleet; "" for the total.
func (w *world) of(fleet string) []model.HistoryRecord {
	w.t.Helper()
	subject := model.HistorySubject{Kind: model.HistoryFleet, Name: fleet}
	if fleet == "" {
		subject.Kind = model.HistoryTotal
	}
	return w.read(subject)
}

func (w *world) read(subject model.HistorySubject) []model.HistoryRecord {
	w.t.Helper()
	records, err := w.Read(context.Background(), store.HistoryQuery{Subject: subject, Since: eight.Add(-48 * time.Hour), Until: eight.Add(48 * time.Hour), Step: Step})
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}

func (w *world) wantMinutes(records []model.HistoryRecord, minutes ...int) {
	w.t.Helper()
	var got []int
	for _, r := range records {
		got = append(got, int(r.At.Sub(eight)/time.Minute))
	}
	if fmt.Sprint(got) != fmt.Sprint(minutes) {
		w.t.Fatalf("minutes %v, want %v", got, minutes)
	}
}

func TestMeansAreOverTime(t *testing.T) {
	w := newWorld(t)
	w.fleet("voice", 1, 0, 4)
	w.pass(45 * time.Second)
	w.fleet("voice", 2, 1, 10)
	w.pass(30 * time.Second)
	got := w.of("voice")
	w.wantMinutes(got, 0, 1)
	first := got[0]
	if first.Covered != 60_000 || first.Open != 45_000*1+15_000*3 || first.Idle != 15_000 || first.Players != 45_000*4+15_000*10 {
		t.Errorf("the first minute: %+v", first)
	}
	if first.PlayersMax != 10 || first.SessionsMax != 10 || first.Wanted != first.Open || first.Slots != 10*first.Open {
		t.Errorf("the first minute: %+v", first)
	}
	if second := got[1]; second.Covered != 15_000 || second.Sessions != 150_000 {
		t.Errorf("the second minute, so far: %+v", second)
	}
	if all := w.of(""); len(all) != 2 || all[0].Open != first.Open || all[0].Covered != 60_000 || all[0].PlayersMax != 10 {
		t.Errorf("all fleets: %+v", all)
	}
}

// TestLooksInBetween: what is seen at a change counts from that change on, to the millisecond, and nothing is lost where
// looks are no whole milliseconds apart.
func TestLooksInBetween(t *testing.T) {
	w := newWorld(t)
	w.fleet("voice", 1, 0, 1)
	w.look()
	for range 7 {
		w.clock = w.clock.Add(time.Minute / 7 / 4)
		w.look()
	}
	w.fleet("voice", 0, 0, 0)
	for range 21 {
		w.look()
		w.clock = w.clock.Add(time.Minute / 7 / 4)
	}
	w.pass(time.Second)
	if got := w.of("voice")[0]; got.Covered != 60_000 || got.Players < 14_999 || got.Players > 15_001 {
		t.Errorf("a quarter of a minute with a player: %+v", got)
	}
}

func TestWhatIsNotSeenIsAGap(t *testing.T) {
	w := newWorld(t)
	w.known = false
	w.fleet("voice", 1, 0, 4)
	w.pass(2 * time.Minute) // after a restart, servers are still being found
	w.known = true
	w.pass(2*time.Minute - time.Second)
	w.clock = w.clock.Add(3 * time.Minute) // the machine slept
	w.pass(time.Minute)
	got := w.of("voice")
	w.wantMinutes(got, 2, 3, 6, 7)
	total := int64(0)
	for _, r := range got {
		if r.Open != r.Covered {
			t.Errorf("not one server in the mean: %+v", r)
		}
		total += r.Covered
	}
	if total != 179_000 {
		t.Errorf("%d ms were seen", total)
	}
}

func TestAClockThatIsSetLosesNothing(t *testing.T) {
	for _, by := range []time.Duration{-90 * time.Second, -time.Second, 5 * time.Second, 3 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			w := newWorld(t)
			w.fleet("voice", 2, 0, 4)
			w.pass(2 * time.Minute)
			w.clock = w.clock.Add(by)
			w.tallies.Fleets["voice"] = registry.Counters{SeatsTaken: 7}
			w.pass(2 * time.Minute)
			covered, servers, joins := int64(0), int64(0), int64(0)
			for _, r := range w.of("voice") {
				covered, servers, joins = covered+r.Covered, servers+r.ServerTime(), joins+r.Joins
				if r.At.Nanosecond() != 0 || r.At.Second() != 0 {
					t.Errorf("a step begins at %s", r.At)
				}
			}
			if seen := int64(240_000); covered != seen && covered != seen+by.Milliseconds() || servers != 2*covered || joins != 7 {
				t.Errorf("covered %d ms, servers %d ms, %d joins", covered, servers, joins)
			}
			if w.steady >= steadyFor {
				t.Error("the clock is taken to be right")
			}
		})
	}
}

func TestAStepGoesOnAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.fleet("voice", 1, 0, 3)
	w.tallies.Fleets["voice"] = registry.Counters{SeatsTaken: 5}
	w.pass(20 * time.Second)
	if err := w.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.clock = w.clock.Add(10 * time.Second)
	w.tallies.Fleets["voice"] = registry.Counters{SeatsTaken: 2, SeatsFreed: 1}
	w.pass(30 * time.Second)
	got := w.of("voice")
	w.wantMinutes(got, 0)
	if r := got[0]; r.Covered != 50_000 || r.Joins != 7 || r.Left != 1 || r.Sessions != 150_000 {
		t.Errorf("%+v", r)
	}
}

func TestJoinsAreCountedByFleetAndRoute(t *testing.T) {
	w := newWorld(t)
	w.specs.Routes["main"] = model.Route{Fleets: []model.FleetWeight{{Fleet: "old", Weight: 10}, {Fleet: "voice", Weight: 90}}}
	w.count.Routes["main"] = observe.RouteCount{RouteCount: registry.RouteCount{Sessions: 2, SessionsActive: 1, Players: 3}}
	w.fleet("voice", 1, 0, 3)
	w.look()
	for _, j := range []Join{
		{Route: "main", Players: 1, Fleet: "voice", Keyed: true, Created: true},
		{Route: "main", Players: 2, Fleet: "voice", Keyed: true},
		{Route: "main", Players: 1, Fleet: "voice", Created: true, Waited: 300 * time.Millisecond},
		{Route: "main", Players: 4, Fleet: "voice", Waited: 100 * time.Millisecond},
		{Route: "main", Players: 3, Keyed: true}, // refused
		{Route: "nowhere", Players: 1},
	} {
		w.Joined(j)
	}
	w.pass(2 * time.Second)
	check := func(r model.HistoryRecord, keyed int64) {
		t.Helper()
		if r.SessionsKeyed != keyed || r.Waits != 5 || r.WaitTime != 700 || r.WaitMax != 300 || r.Refusals != 3 {
			t.Errorf("%+v", r)
		}
	}
	check(w.of("voice")[0], 0)
	check(w.of("")[0], 0)
	route := w.read(model.HistorySubject{Kind: model.HistoryRoute, Name: "main"})
	check(route[0], 1)
	if route[0].Sessions != 4000 || route[0].Active != 2000 || route[0].Players != 6000 {
		t.Errorf("the route: %+v", route[0])
	}
	if got := w.read(model.HistorySubject{Kind: model.HistoryRoute}); len(got) != 1 {
		t.Errorf("routes: %+v", got)
	}
}

func TestALaterPriceDoesNotRewriteThePast(t *testing.T) {
	w := newWorld(t)
	w.price("voice", 0.6, "USD")
	w.fleet("voice", 1, 1, 6)
	w.pass(90 * time.Second)
	w.price("voice", 1.2, "USD")
	w.pass(90 * time.Second)
	series, err := w.Points(context.Background(), model.HistorySubject{Kind: model.HistoryFleet, Name: "voice"}, eight, w.clock, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0.02, 0.03, 0.04} // 2 servers a minute
	if len(series.Points) != 3 || series.Currency != "USD" || series.Step != time.Minute {
		t.Fatalf("%+v", series)
	}
	for i, p := range series.Points {
		if math.Abs(p.Cost-want[i]) > 1e-9 || p.ServerTime() != 120_000 || p.Covered != 60_000 {
			t.Errorf("minute %d: %+v, want %g", i, p, want[i])
		}
	}
	costs, recorded, err := w.Costs(context.Background(), eight, w.clock)
	if err != nil || recorded != 3*time.Minute || len(costs) != 1 {
		t.Fatalf("%+v, %s, %v", costs, recorded, err)
	}
	c := costs[0]
	if math.Abs(c.Cost-0.09) > 1e-9 || math.Abs(c.IdleCost-0.045) > 1e-9 || math.Abs(c.PlayerHours-0.3) > 1e-9 || math.Abs(c.PerPlayerHour()-0.3) > 1e-9 {
		t.Errorf("%+v", c)
	}
}

func TestCurrenciesAreNeverAdded(t *testing.T) {
	w := newWorld(t)
	w.price("voice", 0.6, "USD")
	w.price("plaza", 60, "JPY")
	for _, fleet := range []string{"voice", "plaza", "free"} {
		w.fleet(fleet, 1, 0, 1)
	}
	w.pass(2 * time.Minute)
	ctx := context.Background()
	all, err := w.Points(ctx, model.HistorySubject{Kind: model.HistoryTotal}, eight, w.clock, 100)
	if err != nil || all.Currency != "" || all.Points[0].Cost != 0 || all.Points[0].ServerTime() != 180_000 {
		t.Errorf("all fleets: %+v, %v", all, err)
	}
	one, err := w.Points(ctx, model.HistorySubject{Kind: model.HistoryFleet, Name: "plaza"}, eight, w.clock, 100)
	if err != nil || one.Currency != "JPY" || one.Points[0].Cost != 1 {
		t.Errorf("one fleet: %+v, %v", one, err)
	}
	costs, _, err := w.Costs(ctx, eight, w.clock)
	if err != nil || len(costs) != 3 {
		t.Fatalf("%+v, %v", costs, err)
	}
	for i, want := range []Cost{{Fleet: "free"}, {Fleet: "plaza", Kind: model.Price{Currency: "JPY"}, Cost: 2}, {Fleet: "voice", Kind: model.Price{Currency: "USD"}, Cost: 0.02}} {
		if c := costs[i]; c.Fleet != want.Fleet || c.Kind != want.Kind || math.Abs(c.Cost-want.Cost) > 1e-9 {
			t.Errorf("got %+v, want %+v", c, want)
		}
	}
	delete(w.specs.Fleets, "plaza")
	fleets := clone(w.count.Fleets)
	delete(fleets, "plaza")
	w.count.Fleets = fleets
	w.pass(2 * time.Minute)
	if got := w.of("plaza"); len(got) < 2 || got[len(got)-1].At.After(eight.Add(2*time.Minute)) {
		t.Errorf("a deleted fleet's past: %+v", got)
	}
}

func TestWhatCannotBeWrittenIsWrittenLater(t *testing.T) {
	w := newWorld(t)
	w.refuses = errors.New("the disk is full")
	w.fleet("voice", 1, 0, 1)
	w.pass(150 * time.Second)
	w.wantMinutes(w.of("voice"), 0, 1, 2) // of memory
	w.refuses = nil
	w.pass(40 * time.Second)
	kept, err := w.db.ReadHistory(context.Background(), store.HistoryQuery{
		Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: "voice"}, Since: eight, Until: w.clock, Step: Step,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.wantMinutes(kept, 0, 1, 2)
	w.wantMinutes(w.of("voice"), 0, 1, 2, 3)
	w.refuses = errors.New("the disk is full")
	w.pending = make([]model.HistoryRecord, maxPending)
	w.pass(2 * time.Minute)
	if len(w.pending) != maxPending {
		t.Errorf("%d records wait", len(w.pending))
	}
}

func TestOnlySoManyAreRecorded(t *testing.T) {
	w := newWorld(t)
	for i := range MaxFleets + 10 {
		name := model.FleetName(fmt.Sprintf("fleet-%04d", i))
		f := observe.FleetCount{}
		f.Servers[model.ServerReady] = 1
		w.count.Fleets[name] = f
	}
	w.pass(time.Second)
	if got := w.read(model.HistorySubject{Kind: model.HistoryFleet}); len(got) != MaxFleets {
		t.Errorf("%d fleets are recorded", len(got))
	}
	if all := w.of("")[0]; all.Ready != 1000*(MaxFleets+10) {
		t.Errorf("the total: %+v", all)
	}
}
