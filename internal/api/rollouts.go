package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
)

type rollouts struct{ *API }

var _ greenroomv1connect.RolloutServiceHandler = rollouts{}

// ApplyRollout implements RolloutService.
func (s rollouts) ApplyRollout(context.Context, *greenroomv1.ApplyRolloutRequest) (*greenroomv1.ApplyRolloutResponse, error) {
	return nil, errNotYet
}

// GetRollout implements RolloutService.
func (s rollouts) GetRollout(context.Context, *greenroomv1.GetRolloutRequest) (*greenroomv1.GetRolloutResponse, error) {
	return nil, errNotYet
}

// ListRollouts implements RolloutService.
func (s rollouts) ListRollouts(context.Context, *greenroomv1.ListRolloutsRequest) (*greenroomv1.ListRolloutsResponse, error) {
	return nil, errNotYet
}

// DeleteRollout implements RolloutService.
func (s rollouts) DeleteRollout(context.Context, *greenroomv1.DeleteRolloutRequest) (*greenroomv1.DeleteRolloutResponse, error) {
	return nil, errNotYet
}

// PauseRollout implements RolloutService.
func (s rollouts) PauseRollout(context.Context, *greenroomv1.PauseRolloutRequest) (*greenroomv1.PauseRolloutResponse, error) {
	return nil, errNotYet
}

// ResumeRollout implements RolloutService.
func (s rollouts) ResumeRollout(context.Context, *greenroomv1.ResumeRolloutRequest) (*greenroomv1.ResumeRolloutResponse, error) {
	return nil, errNotYet
}

// PromoteRollout implements RolloutService.
func (s rollouts) PromoteRollout(context.Context, *greenroomv1.PromoteRolloutRequest) (*greenroomv1.PromoteRolloutResponse, error) {
	return nil, errNotYet
}

// RollbackRoute implements RolloutService.
func (s rollouts) RollbackRoute(context.Context, *greenroomv1.RollbackRouteRequest) (*greenroomv1.RollbackRouteResponse, error) {
	return nil, errNotYet
}

// WatchRollouts implements RolloutService.
func (s rollouts) WatchRollouts(context.Context, *greenroomv1.WatchRolloutsRequest, greenroomv1connect.RolloutServiceWatchRolloutsServerStream) error {
	return errNotYet
}
