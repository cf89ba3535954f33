// Package history owns the past: what fleets and routes did, minute by minute and later more coarsely, what it cost at the
// prices of its time, and what their keepers decided. A Recorder looks at the census and keeps records in the store; the
// rest of the package reads them: as points to draw, as costs, as a trace to simulate, as what forecast policies expect.
//
// What was not looked at is a gap, never zero: a control plane that is down, or whose machine sleeps, records nothing.
// Times are those of the wall clock. Lengths are measured by a clock that does not jump, so that setting the clock moves
// records but adds and loses none: set back, a minute that comes twice is the sum of both; set forward, it leaves a gap.
package history

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
)

const (
	// sampleEvery is how often is looked although the census counts nothing new.
	sampleEvery = time.Second
	// maxHold is how long what was seen is taken to hold. Longer than a busy machine lets a goroutine wait; what is longer
	// was no look at all.
	maxHold = 10 * time.Second
	// MaxFleets and MaxRoutes bound what is recorded in a step; further ones, by name, count in the total alone.
	MaxFleets, MaxRoutes = 1000, 1000
	// maxPending bounds the records that wait for a store that cannot be written: an hour of 100 fleets and routes.
	maxPending = 6000
	// lastWrite bounds the write of the last, unfinished step when the control plane stops.
	lastWrite = 3 * time.Second
)

// Config is what a Recorder works with; every field but Known, Now and Logger is required.
type Config struct {
	Store store.Store
	Count func() *observe.Count // of the census
	// Counted gives a channel that receives after a new count.
	Counted func(context.Context) <-chan struct{}
	Tally   func(context.Context) (registry.Tally, error)
	Specs   func() *store.Specs
	Known   func() bool      // false while it is not known what there is, as after a restart; nil: it always is
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: slog.Default
}

// Recorder records. Its methods are safe for concurrent use, but for Tick and Run.
type Recorder struct {
	cfg Config
	log *slog.Logger

	before  sample
	tally   registry.Tally // when it was last looked at
	steady  time.Duration  // since the clock was last set, or nobody looked
	tidied  time.Time
	crowded bool // more fleets or routes than are recorded; said once

	mu      sync.Mutex
	at      time.Time // of the present step
	present map[subject]*model.HistoryRecord
	pending []model.HistoryRecord // of earlier steps, not written yet

	written sync.RWMutex // held by who writes pending, and by who reads store and memory together
	joins   joins
}

// subject is what a step has one record of.
type subject struct {
	model.HistorySubject
	price model.Price
}

// sample is what was seen.
type sample struct {
	at    time.Time // zero: nothing
	count *observe.Count
	specs *store.Specs
}

// New makes a Recorder. No goroutine is started.
func New(cfg Config) *Recorder {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Known == nil {
		cfg.Known = func() bool { return true }
	}
	return &Recorder{cfg: cfg, log: cfg.Logger, present: map[subject]*model.HistoryRecord{}}
}

// Run records until ctx ends, which is no error, and keeps what the unfinished step has so far: after a restart it is
// added to.
func (r *Recorder) Run(ctx context.Context, failed func(error)) error {
	counted := r.cfg.Counted(ctx)
	slow := time.NewTicker(sampleEvery)
	defer slow.Stop()
	for {
		if err := r.Tick(ctx, r.cfg.Now()); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-slow.C:
		case <-counted:
		case <-ctx.Done():
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			return r.Flush(bounded)
		}
	}
}

// Tick looks at what there is. It keeps the steps that have ended since the last look, in one transaction, and now and
// then makes the old past shorter. An error says that something could not be written; it is tried again a step later.
func (r *Recorder) Tick(ctx context.Context, now time.Time) error {
	tally, err := r.cfg.Tally(ctx)
	if err != nil {
		return err
	}
	ended := r.look(now, tally)
	if !ended {
		return nil
	}
	if err := r.write(ctx); err != nil {
		return err
	}
	return r.tidy(ctx, now)
}

// Flush keeps everything that was recorded so far, the unfinished step too.
func (r *Recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	if !r.at.IsZero() {
		r.take(r.cfg.Specs())
		r.end()
	}
	r.mu.Unlock()
	return r.write(ctx)
}

// look takes what is seen now into the present step, and answers whether an earlier one has ended.
func (r *Recorder) look(now time.Time, tally registry.Tally) (ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := len(r.pending)
	seen := sample{at: now, count: r.cfg.Count(), specs: r.cfg.Specs()}
	if held := now.Sub(r.before.at); !r.before.at.IsZero() && held > 0 && held <= maxHold {
		whole := held.Truncate(time.Millisecond)
		r.hold(now.Add(-whole).Truncate(time.Millisecond), whole, r.before)
		r.noteClock(held, now)
		seen.at = now.Add(whole - held) // the rest of a millisecond belongs to the next look
	} else {
		r.steady = 0
	}
	r.begin(floor(now, Step))
	r.counted(tally)
	r.take(seen.specs)
	if seen.count.At.IsZero() || !r.cfg.Known() {
		seen = sample{}
	}
	r.before = seen
	return len(r.pending) > was
}

// noteClock notes whether the wall clock went on as the other clock did.
func (r *Recorder) noteClock(held time.Duration, now time.Time) {
	wall := now.Round(0).Sub(r.before.at.Round(0))
	if (wall - held).Abs() > time.Second {
		r.steady = 0
		return
	}
	r.steady += held
}

// begin makes the step that starts then the present one; the one before has ended, unless it is the same.
func (r *Recorder) begin(at time.Time) {
	if !at.Equal(r.at) {
		r.end()
		r.at = at
	}
}

// end moves the present step's records to those that are to be written.
func (r *Recorder) end() {
	for _, record := range r.present {
		r.pending = append(r.pending, *record)
	}
	clear(r.present)
	if extra := len(r.pending) - maxPending; extra > 0 {
		r.log.Error("history is lost: it cannot be written", "records", extra)
		r.pending = append([]model.HistoryRecord{}, r.pending[extra:]...)
	}
}

// of is the present step's record of a subject.
func (r *Recorder) of(kind model.HistoryKind, name string, price model.Price) *model.HistoryRecord {
	key := subject{model.HistorySubject{Kind: kind, Name: name}, price}
	record := r.present[key]
	if record == nil {
		record = &model.HistoryRecord{Subject: key.HistorySubject, At: r.at, Step: Step, Price: price}
		r.present[key] = record
	}
	return record
}

// write keeps what is pending.
func (r *Recorder) write(ctx context.Context) error {
	r.written.Lock()
	defer r.written.Unlock()
	r.mu.Lock()
	pending := r.pending
	r.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	if err := r.cfg.Store.AppendHistory(ctx, pending...); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = append([]model.HistoryRecord{}, r.pending[len(pending):]...)
	return nil
}
