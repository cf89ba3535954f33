package history

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// TestWhatIsUsualComesFromTheRecords: two weeks with a crowd at 20:00, whose older one is kept in hours.
func TestWhatIsUsualComesFromTheRecords(t *testing.T) {
	w := newWorld(t)
	policy := model.Scaling{Policies: []model.Policy{{Forecast: &model.ForecastPolicy{Weeks: 2}}}}
	w.specs.Fleets["voice"] = model.Fleet{Spec: model.FleetSpec{Scaling: policy}}
	w.specs.Fleets["plain"] = model.Fleet{}
	var records []model.HistoryRecord
	for at := eight.AddDate(0, 0, -15); at.Before(eight); at = at.Add(10 * time.Minute) {
		r := model.HistoryRecord{Subject: model.HistorySubject{Kind: model.HistoryFleet, Name: "voice"}, At: at, Step: MiddleStep, Covered: 600_000, SessionsMax: 40}
		if at.Hour() == 20 {
			r.SessionsMax = 200
		}
		records = append(records, r)
	}
	ctx := context.Background()
	if err := w.db.AppendHistory(ctx, records...); err != nil {
		t.Fatal(err)
	}
	if err := w.db.CompactHistory(ctx, MiddleStep, CoarseStep, eight.AddDate(0, 0, -6)); err != nil {
		t.Fatal(err)
	}
	usual := NewWeeks(w.Recorder)
	if got := usual.Expected("voice", eight); got != nil {
		t.Errorf("before anything was read: %v", got)
	}
	if err := usual.Tick(ctx, eight); err != nil {
		t.Fatal(err)
	}
	at := map[time.Duration]float64{}
	for _, e := range usual.Expected("voice", eight.Add(3*time.Minute)) {
		at[e.At.Sub(eight)] = e.Sessions
	}
	if at[-10*time.Minute] != 40 || at[0] != 200 || at[50*time.Minute] != 200 || at[time.Hour] != 40 {
		t.Errorf("around eight: %v", at)
	}
	if got := usual.Expected("plain", eight); got != nil {
		t.Errorf("without a forecast policy: %v", got)
	}
	delete(w.specs.Fleets, "voice")
	if err := usual.Tick(ctx, eight); err != nil || usual.Expected("voice", eight) != nil {
		t.Errorf("a deleted fleet: %v, %v", usual.Expected("voice", eight), err)
	}
}

// slowLog is a log of decisions that can be held up.
type slowLog struct {
	store.Decisions
	mu     sync.Mutex
	writes [][]model.Decision
	hold   chan struct{}
}

func (s *slowLog) AppendDecisions(_ context.Context, all ...model.Decision) error {
	<-s.hold
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, all)
	return nil
}

func TestDecisionsAreWrittenTogetherAndNeverWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{hold: make(chan struct{})}
		d := NewDecisions(log, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx, func(err error) { t.Error(err) }) }()
		for i := range 10 {
			d.Decided(model.Decision{At: eight.Add(time.Duration(i) * time.Second), Fleet: "voice"})
		}
		<-time.After(time.Second)
		synctest.Wait()
		for range 2 * maxQueued { // while the store hangs
			d.Decided(model.Decision{Fleet: "voice"})
		}
		close(log.hold)
		<-time.After(time.Second)
		synctest.Wait()
		d.Decided(model.Decision{Fleet: "last"})
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if len(log.writes) != 3 || len(log.writes[0]) != 10 || len(log.writes[1]) != maxQueued || log.writes[2][0].Fleet != "last" {
			t.Errorf("%d writes, of %d decisions and so on", len(log.writes), len(log.writes[0]))
		}
	})
}
