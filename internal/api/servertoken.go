package api

import (
	"context"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// CreateServerToken implements ServerService. What it answers is derived from the server's name, so that it is the same
// after a restart and the same for a server that came back.
func (s servers) CreateServerToken(ctx context.Context, r *greenroomv1.CreateServerTokenRequest) (*greenroomv1.CreateServerTokenResponse, error) {
	f, ok := s.cfg.Specs.Fleet(model.FleetName(r.GetFleet()))
	if !ok {
		return nil, connect.Errorf(connect.CodeNotFound, "fleet %s: there is no such fleet", r.GetFleet())
	}
	if f.Spec.Static == nil {
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "fleet %s is not static: Greenroom starts its servers itself, and tells them all they need", f.Name)
	}
	id := model.StaticServerID(f.Name, r.GetName())
	server, listed := f.Spec.Static.Find(f.Name, id)
	switch {
	case !listed:
		return nil, connect.Errorf(connect.CodeNotFound, "server %q is not on the list of fleet %s", r.GetName(), f.Name)
	case !server.Linked:
		return nil, connect.Errorf(connect.CodeFailedPrecondition,
			"server %s of fleet %s is used without a link: apply the fleet with `linked: true` beside its name first", server.Name, f.Name)
	}
	s.audit(ctx, actorOf(ctx), "create server token", string(id), "")
	return &greenroomv1.CreateServerTokenResponse{Server: string(id), Env: s.cfg.ServerEnv(f.Name, id, server)}, nil
}
