package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
)

type nodes struct{ *API }

var _ greenroomv1connect.NodeServiceHandler = nodes{}

// ListNodes implements NodeService.
func (s nodes) ListNodes(context.Context, *greenroomv1.ListNodesRequest) (*greenroomv1.ListNodesResponse, error) {
	return nil, errNotYet
}

// DrainNode implements NodeService.
func (s nodes) DrainNode(context.Context, *greenroomv1.DrainNodeRequest) (*greenroomv1.DrainNodeResponse, error) {
	return nil, errNotYet
}

// UndrainNode implements NodeService.
func (s nodes) UndrainNode(context.Context, *greenroomv1.UndrainNodeRequest) (*greenroomv1.UndrainNodeResponse, error) {
	return nil, errNotYet
}
