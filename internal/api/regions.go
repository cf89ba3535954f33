package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// ListRegions implements RouteService.
func (s routes) ListRegions(context.Context, *greenroomv1.ListRegionsRequest) (*greenroomv1.ListRegionsResponse, error) {
	return nil, errNotYet
}
