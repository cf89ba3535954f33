// Package keeper keeps fleets as they are wished to be: one loop per fleet that observes (registry and provider), lets
// decide/plan make a plan, and carries it out. It decides nothing itself, and what it does holds only for the
// generations that the plan saw. Slow work (starts, hand-overs) is done by a bounded number of workers, so that no
// server waits for another.
package keeper

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
)

const (
	// SlowTick is how often a fleet is looked at when nothing changes.
	SlowTick = time.Second
	// MaxWorkers bounds the starts and hand-overs that are carried out at once, over all fleets.
	MaxWorkers = 64
	// LeaseTTL is how long a fleet is another keeper's after that one's last sign of life.
	LeaseTTL = 5 * time.Second
	// LookAgain is how often a fleet's sessions are looked through for those that nobody brings to rest.
	LookAgain = 10 * time.Second
	// StartTimeout bounds one call of Provider.Start; it is not the time a server has to become ready.
	StartTimeout = time.Minute
	// MaxHistory bounds the decisions that are remembered for each fleet.
	MaxHistory = 100
)

// Fleets is what a keeper needs of the store.
type Fleets interface {
	ListFleets(ctx context.Context) ([]model.Fleet, error)
	ListRoutes(ctx context.Context) ([]model.Route, error)
	RemoveFleet(ctx context.Context, name model.FleetName) error
	Watch(ctx context.Context) <-chan struct{}
}

// Mover moves and ends sessions; *handover.Mover is the real one.
type Mover interface {
	Move(ctx context.Context, ref model.SessionRef, from handover.Origin, fleets []model.FleetName) error
	Replace(ctx context.Context, ref model.SessionRef, from handover.Origin, fleets []model.FleetName) error
	Resume(ctx context.Context, ref model.SessionRef, at handover.Origin) error
	End(ctx context.Context, ref model.SessionRef, at handover.Origin, serverGen model.Generation, reason string) error
	Dismiss(ctx context.Context, ref model.SessionRef, at handover.Origin, serverGen model.Generation, reason string) error
}

// Config is what a Keeper works with; every field of which nothing else is said is required.
type Config struct {
	Store    Fleets
	Registry registry.Registry
	Provider provider.Provider
	Mover    Mover
	// Revisions are the fleets' templates; nil: each fleet has one, and no fleet is upgraded.
	Revisions store.Revisions
	// Env gives Greenroom's own variables for a server that is about to be started: link address, token.
	Env func(model.ServerID) map[string]string
	// Recall answers the state and the sessions of a server without a link, as an earlier control plane knew them; false for
	// one that it did not know. nil: nothing is recalled.
	Recall func(model.ServerID) (registry.Hello, bool)
	// Leaves answers operators' notices that machines go away; nil: there are none.
	Leaves func(context.Context) ([]model.NodeLeave, error)
	// Waiting counts the joins of a route that wait for room.
	Waiting func(model.RouteName) int
	// Outlook answers what is known of a fleet beside its servers; called with every tick: answer from memory. nil: nothing.
	// Its Begun is filled in by the keeper.
	Outlook func(model.FleetName, time.Time) scale.Outlook
	// Decided is told every decision that is worth a line, once its result is known, in no order; nil: nobody. It must not
	// block.
	Decided func(model.FleetName, Decision)
	// Became is told that a server's state is another than it was at the fleet's last tick; ServerStateUnknown is that of a
	// new one. nil: nobody. It must not block.
	Became func(from model.ServerState, s model.Server)
	Now    func() time.Time
	Holder string       // names this control plane in leases
	Logger *slog.Logger // nil: slog.Default
	// Work has a start or a hand-over carried out beside the tick that asked for it, never within the call: it takes the
	// fleet's lock again. nil: each in a goroutine, which Run waits for.
	Work func(fleet model.FleetName, do func())
	// Suffix makes up the end of a new server's name, different each time; nil: 40 random bits.
	Suffix func() string
}

// Keeper keeps all fleets. Its methods are safe for concurrent use.
type Keeper struct {
	cfg     Config
	log     *slog.Logger
	slots   chan struct{} // one for each worker
	workers sync.WaitGroup

	recoverUntil atomic.Int64 // Unix nanoseconds

	mu     sync.Mutex
	fleets map[model.FleetName]*fleet
	found  map[model.ServerID]time.Time // found again and not greeted since
	frozen map[model.ServerID]bool      // found again and greeted; sessions on it may be frozen
	looked bool                         // the provider was observed once
}

// New makes a Keeper. No goroutine is started.
func New(cfg Config) *Keeper {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Suffix == nil {
		cfg.Suffix = randomSuffix
	}
	k := &Keeper{
		cfg: cfg, log: cfg.Logger, slots: make(chan struct{}, MaxWorkers),
		fleets: map[model.FleetName]*fleet{}, found: map[model.ServerID]time.Time{}, frozen: map[model.ServerID]bool{},
	}
	k.recoverUntil.Store(cfg.Now().Add(plan.RecoveryGrace).UnixNano())
	return k
}

// Recovering tells whether servers that were found running at the start have not greeted yet and still have time to:
// where their sessions are is not known then. It is also true until the provider was asked once, and never for longer
// than plan.RecoveryGrace.
func (k *Keeper) Recovering() bool { return k.cfg.Now().UnixNano() < k.recoverUntil.Load() }

// noteRecovery brings Recovering up to date; k.mu is held.
func (k *Keeper) noteRecovery() {
	if !k.looked {
		return
	}
	until := int64(0)
	for _, at := range k.found {
		until = max(until, at.Add(plan.RecoveryGrace).UnixNano())
	}
	k.recoverUntil.Store(until)
}

// fleet gives the memory of a fleet's loop.
func (k *Keeper) fleet(name model.FleetName) *fleet {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.fleets[name]
	if f == nil {
		f = newFleet(name, k.cfg.Decided)
		k.fleets[name] = f
	}
	return f
}

// foundAgain gives the servers that were found again: those that were not heard of, those that were and may have frozen sessions,
// and until when the former are waited for.
func (k *Keeper) foundAgain() (unheard map[model.ServerID]time.Time, frozen map[model.ServerID]bool, by time.Time) {
	by = time.Unix(0, k.recoverUntil.Load())
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.found) == 0 && len(k.frozen) == 0 {
		return nil, nil, by
	}
	return maps.Clone(k.found), maps.Clone(k.frozen), by
}

// work runs do in a worker, if one is free.
func (k *Keeper) work(name model.FleetName, do func()) bool {
	if !k.acquire() {
		return false
	}
	k.run(name, do)
	return true
}

// acquire takes a worker's slot, if one is free; run or release gives it back.
func (k *Keeper) acquire() bool {
	select {
	case k.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (k *Keeper) release() { <-k.slots }

// run does what a slot was acquired for.
func (k *Keeper) run(name model.FleetName, do func()) {
	whole := func() {
		defer k.release()
		do()
	}
	if k.cfg.Work != nil {
		k.cfg.Work(name, whole)
		return
	}
	k.workers.Go(whole)
}
