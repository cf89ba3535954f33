package store

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// History is what fleets and routes did, kept after they are deleted too.
type History interface {
	// AppendHistory keeps records, all or none. What is kept already for the same subject, step, start and price is added to.
	AppendHistory(ctx context.Context, records ...model.HistoryRecord) error
	// ReadHistory answers records that began at or after Since and before Until, those of one subject and price added up in
	// steps, by time, then subject and price.
	ReadHistory(ctx context.Context, q HistoryQuery) ([]model.HistoryRecord, error)
	// CompactHistory replaces the records of length `from` that began before a time, a multiple of `to`, by ones of length `to`,
	// a multiple of from; added up, nothing changes. A `to` of 0 drops them. It may be called off in the middle.
	CompactHistory(ctx context.Context, from, to time.Duration, before time.Time) error
}

// HistoryQuery chooses records.
type HistoryQuery struct {
	Subject model.HistorySubject // an empty name: every subject of the kind
	Since   time.Time
	Until   time.Time
	// Step is the length of the steps answered, whole seconds; records that are longer come as they are. 0: one for all, from
	// Since to Until.
	Step time.Duration
}

// Decisions is the log of what keepers did.
type Decisions interface {
	// AppendDecisions keeps decisions, all or none, and numbers them; their IDs are not looked at.
	AppendDecisions(ctx context.Context, decisions ...model.Decision) error
	// ListDecisions answers the newest that a query chooses, the newest first.
	ListDecisions(ctx context.Context, q DecisionQuery) ([]model.Decision, error)
	// PruneDecisions forgets those from before a time, and the oldest beyond keep.
	PruneDecisions(ctx context.Context, before time.Time, keep int) error
}

// DecisionQuery chooses decisions; zero fields choose all.
type DecisionQuery struct {
	Fleet model.FleetName
	Since time.Time // at or after
	Until time.Time // before
	After uint64    // with a larger ID
	Limit int
}
