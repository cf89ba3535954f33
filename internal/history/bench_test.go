package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/sqlite"
)

// busy is a step of a fleet with a hundred servers and a thousand players, with prices and every counter in use.
func busy(name string, at time.Time, step time.Duration, r *rand.Rand) model.HistoryRecord {
	some := func(n int64) int64 { return step.Milliseconds()*n + r.Int64N(step.Milliseconds()*n/5+1) }
	n := int64(step / Step)
	return model.HistoryRecord{
		Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: name}, At: at, Step: step,
		Price:   model.Price{PerServerHour: 0.0725, Currency: "USD", InstanceType: "c7g.large", Architecture: "arm64"},
		Covered: step.Milliseconds(), Wanted: some(100), Starting: some(2), Ready: some(3), Open: some(95), Leaving: some(1), Idle: some(8),
		Sessions: some(700), Active: some(600), Slots: some(950), Seats: some(9500), Players: some(1000), SessionsMax: 720, PlayersMax: 1100,
		Joins: n * (40 + r.Int64N(20)), Left: n * (40 + r.Int64N(20)), SessionsBegun: n * r.Int64N(20), Refusals: r.Int64N(2), Waits: n * r.Int64N(5),
		WaitTime: r.Int64N(1000), WaitMax: r.Int64N(500),
	}
}

// aYear keeps a year of some fleets as it is kept: minutes, tens of minutes, hours.
func aYear(tb testing.TB, db *sqlite.Store, fleets int, now time.Time) {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range fleets {
		var records []model.HistoryRecord
		for at := now.AddDate(-1, 0, 0); at.Before(now); {
			step := Step
			switch age := now.Sub(at); {
			case age > MiddleFor:
				step = CoarseStep
			case age > FineFor:
				step = MiddleStep
			}
			records = append(records, busy(fmt.Sprintf("fleet-%d", i), at, step, r))
			at = at.Add(step)
		}
		if err := db.AppendHistory(context.Background(), records...); err != nil {
			tb.Fatal(err)
		}
	}
}

func openBench(tb testing.TB) (*sqlite.Store, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "greenroom.db")
	db, err := sqlite.Open(context.Background(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db, path
}

// BenchmarkAStep is the end of a minute with 50 fleets and as many routes: one transaction, on disk.
func BenchmarkAStep(b *testing.B) {
	w := newWorld(b)
	for i := range 50 {
		w.price(fmt.Sprintf("fleet-%d", i), 0.07, "USD")
		w.fleet(fmt.Sprintf("fleet-%d", i), 90, 10, 700)
		w.count.Routes[model.RouteName(fmt.Sprintf("route-%d", i))] = observe.RouteCount{}
	}
	for b.Loop() {
		for range 7 {
			w.look()
			w.clock = w.clock.Add(10 * time.Second)
		}
	}
}

// BenchmarkALook is what a look costs between two steps, with 50 fleets and routes.
func BenchmarkALook(b *testing.B) {
	w := newWorld(b)
	for i := range 50 {
		w.fleet(fmt.Sprintf("fleet-%d", i), 90, 10, 700)
		w.count.Routes[model.RouteName(fmt.Sprintf("route-%d", i))] = observe.RouteCount{}
	}
	w.look()
	for b.Loop() {
		w.clock = w.clock.Add(time.Nanosecond * 1e6)
		if floor(w.clock, Step) != floor(eight, Step) {
			w.clock = eight
		}
		w.look()
	}
}

// BenchmarkAYearsQuery reads a year of a fleet in at most 500 points, and what five fleets cost.
func BenchmarkAYearsQuery(b *testing.B) {
	w := newWorld(b)
	aYear(b, w.db, 5, eight)
	ctx := context.Background()
	b.Run("points", func(b *testing.B) {
		for b.Loop() {
			got, err := w.Points(ctx, model.HistorySubject{Kind: model.HistoryFleet, Name: "fleet-3"}, eight.AddDate(-1, 0, 0), eight, 500)
			if err != nil || len(got.Points) < 300 {
				b.Fatal(len(got.Points), err)
			}
		}
	})
	b.Run("costs", func(b *testing.B) {
		for b.Loop() {
			if got, _, err := w.Costs(ctx, eight.AddDate(-1, 0, 0), eight); err != nil || len(got) != 5 {
				b.Fatal(len(got), err)
			}
		}
	})
}

// BenchmarkSize reports what a fleet that is busy all year takes on disk.
func BenchmarkSize(b *testing.B) {
	for b.Loop() {
		db, path := openBench(b)
		size := func() int64 {
			if _, err := db.ListDecisions(context.Background(), store.DecisionQuery{Limit: 1}); err != nil {
				b.Fatal(err)
			}
			if err := db.Close(); err != nil { // which brings everything from the write-ahead log into the file
				b.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			return info.Size()
		}
		aYear(b, db, 2, eight)
		full := size()
		empty, emptyPath := openBench(b)
		if err := empty.Close(); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(emptyPath)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(full-info.Size())/2, "bytes/fleet-year")
	}
}
