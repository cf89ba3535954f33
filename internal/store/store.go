// Package store owns the interface to the durable facts: fleets, routes, events, API tokens, the audit log, the past, and
// the secret that tickets and server tokens are derived from. Implementations live in the folders below and all pass
// storetest.
package store

import (
	"context"
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// What a verb can say no with; wrapped with the names involved.
var (
	ErrNotFound = errors.New("not found")
	// ErrConflict: the generation given is not the present one, or the name is taken.
	ErrConflict = errors.New("conflict")
	// ErrInUse: a route names the fleet, or an event that is not over the route, or a rollout is under way.
	ErrInUse = errors.New("in use")
)

// Outcome is what an ApplyAll did to one object.
type Outcome string

// Outcomes of an ApplyAll.
const (
	Created   Outcome = "created"
	Changed   Outcome = "changed"
	Unchanged Outcome = "unchanged"
)

// Applied is what an ApplyAll did, in the order of what it was given.
type Applied struct {
	Fleets   []AppliedFleet
	Routes   []AppliedRoute
	Events   []AppliedEvent
	Rollouts []AppliedRollout
}

// Objects is what one ApplyAll creates or replaces, each named once within its kind.
type Objects struct {
	Fleets   []model.Fleet
	Routes   []model.Route
	Events   []model.Event
	Rollouts []model.Rollout
}

// AppliedFleet is a fleet as it is now, with its new generation and times.
type AppliedFleet struct {
	model.Fleet
	Outcome Outcome
}

// AppliedRoute is a route as it is now, with its new generation and times.
type AppliedRoute struct {
	model.Route
	Outcome Outcome
}

// AppliedRollout is a rollout as it is now, with its new generation, times and state.
type AppliedRollout struct {
	model.Rollout
	Outcome Outcome
}

// AppliedEvent is an event as it is now, with its new generation and times.
type AppliedEvent struct {
	model.Event
	Outcome Outcome
}

// Store is the durable facts. Every write is one transaction and is on disk when it returns.
type Store interface {
	History
	Decisions
	NodeLeaves
	Revisions
	Rollouts

	// ApplyAll creates or replaces the objects: all of them, or none. An object's Generation 0 means whatever is there, else
	// ErrConflict if another is. A route may name a fleet of the same call, an event a route; ErrNotFound, naming what is
	// missing, when there is none. A rollout may name a route and fleets of the same call; ErrConflict when another is under way on its route.
	// With dry nothing is written. The same spec again is Unchanged.
	ApplyAll(ctx context.Context, objects Objects, dry bool, now time.Time) (Applied, error)

	GetFleet(ctx context.Context, name model.FleetName) (model.Fleet, error)
	ListFleets(ctx context.Context) ([]model.Fleet, error)
	// DeleteFleet marks the fleet deleted (the keeper drains its servers, then calls RemoveFleet). ErrInUse while a
	// route names it.
	DeleteFleet(ctx context.Context, name model.FleetName, gen model.Generation, dry bool, now time.Time) error
	// RemoveFleet removes a fleet that is marked deleted.
	RemoveFleet(ctx context.Context, name model.FleetName) error

	GetRoute(ctx context.Context, name model.RouteName) (model.Route, error)
	ListRoutes(ctx context.Context) ([]model.Route, error)
	// DeleteRoute removes a route. ErrInUse while an event names it that is not over by now, or a rollout is under way on it;
	// those that are over stay.
	DeleteRoute(ctx context.Context, name model.RouteName, gen model.Generation, dry bool, now time.Time) error

	GetEvent(ctx context.Context, name model.EventName) (model.Event, error)
	// ListEvents answers, by the time of their doors, the events that end at since or later and open before until; zero: all.
	ListEvents(ctx context.Context, since, until time.Time) ([]model.Event, error)
	DeleteEvent(ctx context.Context, name model.EventName, gen model.Generation, dry bool) error
	// DropEvents removes the events that ended before a time, and counts them.
	DropEvents(ctx context.Context, endedBefore time.Time) (int, error)

	// PutToken keeps a token's hash. ErrConflict when a live token has the name.
	PutToken(ctx context.Context, t Token) error
	// FindToken answers the token with this hash. ErrNotFound also when it has expired.
	FindToken(ctx context.Context, hash [32]byte, now time.Time) (Token, error)
	ListTokens(ctx context.Context) ([]Token, error)
	RevokeToken(ctx context.Context, name string) error
	// TouchToken notes the use of a token; at most once a minute is written.
	TouchToken(ctx context.Context, name string, now time.Time) error

	// Audit appends lines, all or none; ids rise without gaps.
	Audit(ctx context.Context, lines ...AuditEntry) error
	// ListAudit answers the newest first.
	ListAudit(ctx context.Context, limit int) ([]AuditEntry, error)

	// ListStaged answers what the stages show to late joiners, by route and serial; what a deleted route's showed is gone.
	ListStaged(ctx context.Context) ([]model.StageMessage, error)
	// ReplaceStaged forgets those messages by route, space and name, and keeps these. ErrNotFound: no such route.
	ReplaceStaged(ctx context.Context, gone, kept []model.StageMessage) error

	// MasterKey answers the 32 bytes that were made at random when the store was first opened.
	MasterKey(ctx context.Context) ([]byte, error)

	// Watch gives a channel that receives after a fleet, a route, an event, a rollout or a node's notice changed, coalesced;
	// closed when ctx ends.
	Watch(ctx context.Context) <-chan struct{}
	Close() error
}

// Scope is what a token may do; each includes the lower ones. The numbers are those of greenroom.v1.Scope.
type Scope uint8

// Scopes.
const (
	ScopeNone Scope = iota
	ScopeView
	ScopeJoin
	ScopeOperate
	ScopeAdmin
)

// Token is an API token as kept: never its secret.
type Token struct {
	Name       string
	Hash       [32]byte // SHA-256 of the secret, which is 32 random bytes and so needs no slow hash
	Scope      Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time
}

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID     uint64
	At     time.Time
	Actor  string
	Action string
	Target string
	Detail string
}
