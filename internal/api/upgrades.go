package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// ListRevisions implements FleetService.
func (s fleets) ListRevisions(context.Context, *greenroomv1.ListRevisionsRequest) (*greenroomv1.ListRevisionsResponse, error) {
	return nil, errNotYet
}

// PauseUpgrade implements FleetService.
func (s fleets) PauseUpgrade(context.Context, *greenroomv1.PauseUpgradeRequest) (*greenroomv1.PauseUpgradeResponse, error) {
	return nil, errNotYet
}

// ResumeUpgrade implements FleetService.
func (s fleets) ResumeUpgrade(context.Context, *greenroomv1.ResumeUpgradeRequest) (*greenroomv1.ResumeUpgradeResponse, error) {
	return nil, errNotYet
}

// UndoUpgrade implements FleetService.
func (s fleets) UndoUpgrade(context.Context, *greenroomv1.UndoUpgradeRequest) (*greenroomv1.UndoUpgradeResponse, error) {
	return nil, errNotYet
}
