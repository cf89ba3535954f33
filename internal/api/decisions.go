package api

import (
	"context"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// ListDecisions implements FleetService.
func (s fleets) ListDecisions(context.Context, *greenroomv1.ListDecisionsRequest) (*greenroomv1.ListDecisionsResponse, error) {
	return nil, connect.NewError(connect.CodeUnimplemented, "decisions are not kept yet")
}
