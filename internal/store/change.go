package store

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Revisions are the templates that fleets had. ApplyAll gives each new one its number, and the same one its old number.
type Revisions interface {
	// ListRevisions answers a fleet's templates, the present one first, then those that were used last: model.KeepRevisions,
	// and perhaps one more. None for a fleet that is not there.
	ListRevisions(ctx context.Context, fleet model.FleetName) ([]model.FleetRevision, error)
	// ProveRevision notes that a server of a template was ready; the first time counts. ErrNotFound.
	ProveRevision(ctx context.Context, fleet model.FleetName, revision uint64, now time.Time) error
	// StopRevision notes why the upgrade to a template ended by itself; "" takes it back, as does an apply that makes the
	// template the fleet's again. ErrNotFound.
	StopRevision(ctx context.Context, fleet model.FleetName, revision uint64, why string) error
}

// Rollouts are rollouts and how far they are. ApplyAll creates and replaces their specs. The state of a new one, and of one
// that is over and gets another spec, is rollout.Begin's; one under way keeps its route and fleets (ErrInUse) and goes on.
type Rollouts interface {
	GetRollout(ctx context.Context, name model.RolloutName) (model.Rollout, error)
	// ListRollouts answers all, by name.
	ListRollouts(ctx context.Context) ([]model.Rollout, error)
	// DeleteRollout removes one. ErrInUse while it is running or paused; ErrConflict, ErrNotFound.
	DeleteRollout(ctx context.Context, name model.RolloutName, gen model.Generation, dry bool) error
	// StepRollout writes a rollout's next state and the route's weights in one step, if the rollout's serial is still
	// state.Serial-1 and the route's generation state.RouteGeneration: else ErrConflict, and nothing is written. nil weights
	// leave the route alone, whatever its generation. It answers the rollout and the route as they are then; with weights the
	// state has them and the route's new generation. ErrNotFound too when a fleet that is to get a weight is gone.
	StepRollout(ctx context.Context, name model.RolloutName, state model.RolloutState, weights []model.FleetWeight, now time.Time) (model.Rollout, model.Route, error)
}

// NodeLeaves are operators' notices that machines go away.
type NodeLeaves interface {
	// ListNodeLeaves answers all, by node.
	ListNodeLeaves(ctx context.Context) ([]model.NodeLeave, error)
	// PutNodeLeave keeps a node's notice, in place of an earlier one.
	PutNodeLeave(ctx context.Context, l model.NodeLeave) error
	// DropNodeLeave forgets it. ErrNotFound.
	DropNodeLeave(ctx context.Context, node string) error
}
