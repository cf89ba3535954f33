package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

type routes struct{ *API }

var _ greenroomv1connect.RouteServiceHandler = routes{}

// ApplyRoute implements RouteService.
func (s routes) ApplyRoute(ctx context.Context, r *greenroomv1.ApplyRouteRequest) (*greenroomv1.ApplyRouteResponse, error) {
	applied, err := s.apply(ctx, r, &greenroomv1.ApplyRequest{Routes: []*greenroomv1.Route{r.GetRoute()}, DryRun: r.GetDryRun()})
	if err != nil {
		return nil, err
	}
	one := applied.Routes[0]
	return &greenroomv1.ApplyRouteResponse{Route: s.route(one.Route), Outcome: string(one.Outcome)}, nil
}

// GetRoute implements RouteService.
func (s routes) GetRoute(ctx context.Context, r *greenroomv1.GetRouteRequest) (*greenroomv1.GetRouteResponse, error) {
	route, err := s.cfg.Store.GetRoute(ctx, model.RouteName(r.GetName()))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.GetRouteResponse{Route: s.route(route)}, nil
}

// ListRoutes implements RouteService.
func (s routes) ListRoutes(ctx context.Context, _ *greenroomv1.ListRoutesRequest) (*greenroomv1.ListRoutesResponse, error) {
	all, err := s.cfg.Store.ListRoutes(ctx)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListRoutesResponse{}
	for _, r := range all {
		out.Routes = append(out.Routes, s.route(r))
	}
	return out, nil
}

// WatchRoutes implements RouteService.
func (s routes) WatchRoutes(ctx context.Context, _ *greenroomv1.WatchRoutesRequest, stream greenroomv1connect.RouteServiceWatchRoutesServerStream) error {
	signals := []<-chan struct{}{s.cfg.Specs.Watch(ctx), s.cfg.Census.Watch(ctx)}
	return watch(
		ctx, signals,
		func() ([]object[string, *greenroomv1.Route], error) {
			all, err := s.cfg.Store.ListRoutes(ctx)
			out := make([]object[string, *greenroomv1.Route], len(all))
			for i, r := range all {
				out[i] = wholeObject(r.Name, s.route(r))
			}
			return out, err
		},
		func(name string) *greenroomv1.Route { return &greenroomv1.Route{Name: name} },
		func(change greenroomv1.ChangeType, r *greenroomv1.Route) error {
			return stream.Send(&greenroomv1.WatchRoutesResponse{Type: change, Route: r})
		},
	)
}

// DeleteRoute implements RouteService.
func (s routes) DeleteRoute(ctx context.Context, r *greenroomv1.DeleteRouteRequest) (*greenroomv1.DeleteRouteResponse, error) {
	name := model.RouteName(r.GetName())
	err := s.cfg.Store.DeleteRoute(ctx, name, model.Generation(r.GetGeneration()), r.GetDryRun(), s.cfg.Now())
	if err != nil {
		return nil, err
	}
	if r.GetDryRun() {
		return &greenroomv1.DeleteRouteResponse{}, nil
	}
	s.audit(ctx, actorOf(ctx), "delete route", r.GetName(), "")
	return &greenroomv1.DeleteRouteResponse{}, s.cfg.Specs.Refresh(ctx)
}

// route makes the contract's route with its status.
func (a *API) route(r model.Route) *greenroomv1.Route {
	out := convert.RouteProto(r)
	c := a.cfg.Census.Count().Routes[r.Name]
	out.Status = &greenroomv1.RouteStatus{
		Sessions: uint32(c.Sessions),
		Players:  uint32(c.Players),
		Waiting:  uint32(a.cfg.Router.Waiting(r.Name)),
	}
	if last, ok := a.cfg.Specs.Specs().RolloutOf(r.Name); ok {
		out.Status.Rollout = string(last.Name)
	}
	return out
}
