// Package room owns the room core: what the members of one session share, whichever door they came through. A room is an
// actor: doors put inputs into its bounded inbox, and Tick, called by one goroutine only, takes them, changes the room and
// gives each connection what happened — encoded once per wire class (Encoder.Key), never per recipient. The package
// does no network I/O of its own but the Outbox, which doors run for each connection.
package room

import (
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Bounds of a room beyond its settings.
const (
	MaxInboxMessages  = 16 << 10             // messages waiting for a tick, or held while frozen
	MaxInboxBytes     = 16 << 20             // their payloads
	EntryOverhead     = 32                   // bytes counted for each kept state besides key and value
	MaxFrozenBytes    = 4 << 20              // a larger state travels without the ring; links carry no more
	EmptyLinger       = 10 * time.Second     // a room without seats ends after
	SlowWindow        = 10 * time.Second     // a second overflow within closes the connection
	MaxWelcomes       = 64                   // a tick, in rooms with an area of interest
	ReturnMessages    = 1024                 // above its rate, that a member may send who comes back: what its client holds for it
	ReturnBytes       = 1 << 20              // their payloads
	ReturnEvery       = 10 * time.Second     // a member is granted that again after
	RestoreWindow     = 30 * time.Second     // at least this long a restored member's return is waited for
	ReconnectPace     = 2 * time.Millisecond // between two members who are sent on
	ReconnectSpread   = 100 * time.Millisecond
	releasedSeatKept  = time.Minute // a released seat's late connection is refused for
	housekeepingEvery = time.Second
)

// Config is what a room is made with.
type Config struct {
	Session  model.SessionRef
	Capacity int                // seats; 0: no bound
	Settings model.RoomSettings // zero fields mean their defaults
	// Epoch is the new room's epoch: a number that no earlier life of the session had, such as the time in microseconds.
	Epoch uint64
	// CopyEvery is the least time between two calls of Hooks.Copy. 0: never.
	CopyEvery time.Duration
	Hooks     Hooks
	Counters  *Counters // nil: counted for nobody
	Logic     Logic     // the room's game; nil: everything passes
	// Flag answers what a feature flag is for a key; nil: there are none.
	Flag func(name, key string) (value string, on bool)
}

// Hooks are called by the goroutine that ticks the room. They must not block and not call the room. Nil: not told.
type Hooks struct {
	// Released: the player left for good, or did not come back in time.
	Released func(player string, seat uint64)
	// Lost: a member's connection ended without its leave. The seat is kept for now.
	Lost func(player string, seat uint64)
	// Refused: a connection was not let in.
	Refused func(player string, seat uint64)
	// Ended: the room was empty for EmptyLinger and is over.
	Ended func()
	// Copy: the room changed since the last copy. The slice is the callee's.
	Copy func(state []byte)
	// Fault: something went wrong in the logic.
	Fault func(Fault)
}

// Room is one session's room. Its exported methods other than Tick and Run may be called by any goroutine.
type Room struct {
	cfg    Config
	in     inbox
	beside sync.Map

	// Everything below belongs to the goroutine that calls Tick.
	now      time.Time
	epoch    uint64
	offset   uint64 // of the last event
	version  uint64 // of the last state change
	ring     ring
	states   states
	seats    roster
	batch    batch
	stage    stage
	interest *interest // nil: everybody sees everybody
	moved    []*member // in this tick
	joiners  []*Link
	changes  []change
	released map[uint64]time.Time // seats, by when they were released
	game     *host                // nil: none
	frozen   bool
	freezing []func(state []byte)
	over     bool

	emptySince time.Time
	lagging    int
	tooSlow    []*Link   // to be closed
	attendAt   time.Time // when a parked link waits for something; zero: none does
	dirty      bool      // changed since the last copy
	lastCopy   time.Time
	view       *View // this tick's, made on demand
	classes    memo[*Shared]
	snapshots  memo[*Shared]
}

// New makes an empty room. It starts no goroutine.
func New(cfg Config) *Room {
	cfg.Settings = cfg.Settings.WithDefaults()
	if cfg.Counters == nil {
		cfg.Counters = new(Counters)
	}
	r := &Room{
		cfg: cfg, in: newInbox(), epoch: cfg.Epoch,
		ring:   ring{maxEvents: cfg.Settings.HistoryEvents, maxBytes: cfg.Settings.HistoryBytes},
		states: newStates(), seats: newRoster(), batch: newBatch(), stage: stage{},
		released:  map[uint64]time.Time{},
		classes:   newMemo[*Shared](),
		snapshots: newMemo[*Shared](),
		interest:  newInterest(&cfg.Settings),
	}
	r.game = newHost(r, cfg.Logic)
	return r
}

// Settings are the room's, without zero fields.
func (r *Room) Settings() model.RoomSettings { return r.cfg.Settings }

// Session names the room.
func (r *Room) Session() model.SessionRef { return r.cfg.Session }

// Tick takes what is in the inbox and gives every connection what came of it. next is when the room must be ticked again
// though nothing comes in; zero: not before an input. After done the room takes no more.
func (r *Room) Tick(now time.Time) (next time.Time, done bool) {
	if r.over {
		return time.Time{}, true
	}
	r.now = now
	for _, control := range r.in.takeControls() {
		control(r)
		if r.over {
			return time.Time{}, true
		}
	}
	if !r.frozen {
		r.game.begin()
		inputs := r.in.take()
		for i := range inputs {
			r.apply(&inputs[i])
			r.game.settle()
		}
		r.housekeep()
		if r.over {
			return time.Time{}, true
		}
		r.game.tick()
		r.deliver()
		if r.game.finish(); r.over {
			return time.Time{}, true
		}
		r.copyOut()
	} else if len(r.batch.Staged) > 0 {
		r.deliver() // no state of the room's: it is not in what was handed over
	}
	r.freezeNow()
	return r.game.wake(r.next()), false
}

// next is the nearest time at which something happens by itself.
func (r *Room) next() time.Time {
	soonest := earlier(r.states.soonest, r.attendAt)
	switch {
	case r.frozen:
		return time.Time{}
	case len(r.joiners) > 0:
		return r.now.Add(model.MinTick)
	case r.lagging > 0 || len(r.tooSlow) > 0:
		return r.now.Add(r.cfg.Settings.Tick)
	case r.seats.away > 0 || r.seats.len() == 0 || r.dirty && r.cfg.CopyEvery > 0:
		soonest = earlier(r.now.Add(housekeepingEvery), soonest)
	}
	if r.interest != nil {
		soonest = earlier(soonest, r.interest.next(r.now, r.cfg.Settings.Tick, r.seats.len()))
	}
	return soonest
}

// housekeep does what happens by itself: states expire, the away are released, an empty room ends.
func (r *Room) housekeep() {
	r.closeTooSlow()
	for _, key := range r.states.expired(r.now) {
		r.remove(key)
	}
	if !r.attendAt.IsZero() && !r.now.Before(r.attendAt) {
		r.attend()
	}
	if r.seats.away > 0 {
		for _, m := range r.seats.overdue(r.now, max(r.cfg.Settings.ResumeWindow, RestoreWindow)) {
			r.release(m)
		}
	}
	for seat, at := range r.released {
		if r.now.Sub(at) > releasedSeatKept {
			delete(r.released, seat)
		}
	}
	switch {
	case r.seats.len() > 0:
		r.emptySince = time.Time{}
	case r.emptySince.IsZero():
		r.emptySince = r.now
	case r.now.Sub(r.emptySince) >= EmptyLinger:
		r.end(wire.CloseGoingAway, "the room was empty and is gone; join again", nil)
		if r.cfg.Hooks.Ended != nil {
			r.cfg.Hooks.Ended()
		}
	}
}

// earlier is the earlier of a and b; zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (r *Room) copyOut() {
	if !r.dirty || r.cfg.CopyEvery <= 0 || r.cfg.Hooks.Copy == nil || r.now.Sub(r.lastCopy) < r.cfg.CopyEvery {
		return
	}
	r.dirty, r.lastCopy = false, r.now
	r.cfg.Hooks.Copy(r.encode(false))
}
