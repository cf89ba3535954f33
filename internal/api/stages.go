package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
)

// Stages publishes to every room of a space; *stage.Stages is the real one.
type Stages interface {
	Publish(ctx context.Context, m model.StageMessage) (serial uint64, reach model.StageReach, err error)
}

type stages struct{ *API }

var _ greenroomv1connect.StageServiceHandler = stages{}

// Publish implements StageService.
func (s stages) Publish(ctx context.Context, r *greenroomv1.PublishRequest) (*greenroomv1.PublishResponse, error) {
	serial, reach, err := s.cfg.Stages.Publish(ctx, model.StageMessage{
		Route: model.RouteName(r.GetRoute()), Space: r.GetSpace(), Name: r.GetName(), Payload: r.GetPayload(), Retain: r.GetRetain(),
	})
	if err != nil {
		return nil, err
	}
	return &greenroomv1.PublishResponse{Serial: serial, Servers: uint32(reach.Servers), Rooms: uint32(reach.Rooms)}, nil
}
