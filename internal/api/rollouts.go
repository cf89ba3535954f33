package api

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
	"greenroom.dev/greenroom/internal/rollout"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

// Rollouts carries out what operators ask of rollouts and tells how they stand; *rollout.Service is the real one.
type Rollouts interface {
	Pause(ctx context.Context, name model.RolloutName, reason, actor string) (model.Rollout, error)
	Resume(ctx context.Context, name model.RolloutName, actor string) (model.Rollout, error)
	Promote(ctx context.Context, name model.RolloutName, weight model.PPM, actor string) (model.Rollout, error)
	Rollback(ctx context.Context, route model.RouteName, sessions rollout.Sessions, reason, actor string) (r model.Rollout, done bool, sentence string, err error)
	Status(r model.Rollout) rollout.Status
	Watch(ctx context.Context) <-chan struct{}
}

type rollouts struct{ *API }

var _ greenroomv1connect.RolloutServiceHandler = rollouts{}

// ApplyRollout implements RolloutService.
func (s rollouts) ApplyRollout(ctx context.Context, r *greenroomv1.ApplyRolloutRequest) (*greenroomv1.ApplyRolloutResponse, error) {
	applied, err := s.apply(ctx, r, &greenroomv1.ApplyRequest{Rollouts: []*greenroomv1.Rollout{r.GetRollout()}, DryRun: r.GetDryRun()})
	if err != nil {
		return nil, err
	}
	one := applied.Rollouts[0]
	return &greenroomv1.ApplyRolloutResponse{Rollout: s.rollout(one.Rollout), Outcome: string(one.Outcome)}, nil
}

// GetRollout implements RolloutService.
func (s rollouts) GetRollout(ctx context.Context, r *greenroomv1.GetRolloutRequest) (*greenroomv1.GetRolloutResponse, error) {
	got, err := s.cfg.Store.GetRollout(ctx, model.RolloutName(r.GetName()))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.GetRolloutResponse{Rollout: s.rollout(got)}, nil
}

// ListRollouts implements RolloutService.
func (s rollouts) ListRollouts(ctx context.Context, _ *greenroomv1.ListRolloutsRequest) (*greenroomv1.ListRolloutsResponse, error) {
	all, err := s.cfg.Store.ListRollouts(ctx)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListRolloutsResponse{}
	for _, r := range all {
		out.Rollouts = append(out.Rollouts, s.rollout(r))
	}
	return out, nil
}

// WatchRollouts implements RolloutService.
func (s rollouts) WatchRollouts(ctx context.Context, _ *greenroomv1.WatchRolloutsRequest, stream greenroomv1connect.RolloutServiceWatchRolloutsServerStream) error {
	return watch(
		ctx, []<-chan struct{}{s.cfg.Specs.Watch(ctx), s.cfg.Rollouts.Watch(ctx)},
		func() ([]object[string, *greenroomv1.Rollout], error) {
			all, err := s.cfg.Store.ListRollouts(ctx)
			out := make([]object[string, *greenroomv1.Rollout], len(all))
			for i, r := range all {
				out[i] = wholeObject(r.Name, s.rollout(r))
			}
			return out, err
		},
		func(name string) *greenroomv1.Rollout { return &greenroomv1.Rollout{Name: name} },
		func(change greenroomv1.ChangeType, r *greenroomv1.Rollout) error {
			return stream.Send(&greenroomv1.WatchRolloutsResponse{Type: change, Rollout: r})
		},
	)
}

// DeleteRollout implements RolloutService.
func (s rollouts) DeleteRollout(ctx context.Context, r *greenroomv1.DeleteRolloutRequest) (*greenroomv1.DeleteRolloutResponse, error) {
	err := s.cfg.Store.DeleteRollout(ctx, model.RolloutName(r.GetName()), model.Generation(r.GetGeneration()), r.GetDryRun())
	if err != nil {
		return nil, err
	}
	if r.GetDryRun() {
		return &greenroomv1.DeleteRolloutResponse{}, nil
	}
	s.audit(ctx, actorOf(ctx), "delete rollout", r.GetName(), "its route's weights stay as they are")
	return &greenroomv1.DeleteRolloutResponse{}, s.cfg.Specs.Refresh(ctx)
}

// PauseRollout implements RolloutService.
func (s rollouts) PauseRollout(ctx context.Context, r *greenroomv1.PauseRolloutRequest) (*greenroomv1.PauseRolloutResponse, error) {
	got, err := s.cfg.Rollouts.Pause(ctx, model.RolloutName(r.GetName()), r.GetReason(), actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.PauseRolloutResponse{Rollout: s.rollout(got)}, nil
}

// ResumeRollout implements RolloutService.
func (s rollouts) ResumeRollout(ctx context.Context, r *greenroomv1.ResumeRolloutRequest) (*greenroomv1.ResumeRolloutResponse, error) {
	got, err := s.cfg.Rollouts.Resume(ctx, model.RolloutName(r.GetName()), actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.ResumeRolloutResponse{Rollout: s.rollout(got)}, nil
}

// PromoteRollout implements RolloutService.
func (s rollouts) PromoteRollout(ctx context.Context, r *greenroomv1.PromoteRolloutRequest) (*greenroomv1.PromoteRolloutResponse, error) {
	got, err := s.cfg.Rollouts.Promote(ctx, model.RolloutName(r.GetName()), model.PPM(r.GetWeightPpm()), actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.PromoteRolloutResponse{Rollout: s.rollout(got)}, nil
}

// RollbackRoute implements RolloutService.
func (s rollouts) RollbackRoute(ctx context.Context, r *greenroomv1.RollbackRouteRequest) (*greenroomv1.RollbackRouteResponse, error) {
	name := model.RouteName(r.GetRoute())
	if _, err := s.cfg.Store.GetRoute(ctx, name); err != nil {
		return nil, err
	}
	sessions := rollout.AsSpec
	switch r.GetSessions() {
	case greenroomv1.RollbackSessions_ROLLBACK_SESSIONS_STAY:
		sessions = rollout.Stay
	case greenroomv1.RollbackSessions_ROLLBACK_SESSIONS_DRAIN:
		sessions = rollout.Drain
	}
	got, _, sentence, err := s.cfg.Rollouts.Rollback(ctx, name, sessions, r.GetReason(), actorOf(ctx))
	if err != nil {
		return nil, err
	}
	route, err := s.cfg.Store.GetRoute(ctx, name)
	if err != nil {
		return nil, err
	}
	return &greenroomv1.RollbackRouteResponse{Rollout: s.rollout(got), Route: s.route(route), Sentence: sentence}, nil
}

// badRollouts says of each rollout what only the store knows: that its route or a fleet is not there, nor in the same
// request.
func (a *API) badRollouts(ctx context.Context, request proto.Message, objects store.Objects) ([]rules.Violation, error) {
	if len(objects.Rollouts) == 0 {
		return nil, nil
	}
	routes, err := a.cfg.Store.ListRoutes(ctx)
	if err != nil {
		return nil, err
	}
	fleets, err := a.cfg.Store.ListFleets(ctx)
	if err != nil {
		return nil, err
	}
	isRoute, isFleet := map[string]bool{}, map[string]bool{}
	for _, r := range append(routes, objects.Routes...) {
		isRoute[string(r.Name)] = true
	}
	for _, f := range append(fleets, objects.Fleets...) {
		isFleet[string(f.Name)] = isFleet[string(f.Name)] || !f.Deleted
	}
	var out []rules.Violation
	for i, r := range objects.Rollouts {
		at := rolloutPath(request, i) + ".spec."
		for _, named := range []struct {
			field, kind, name string
			there             map[string]bool
		}{
			{"route", "route", string(r.Spec.Route), isRoute},
			{"to", "fleet", string(r.Spec.To), isFleet},
			{"from", "fleet", string(r.Spec.From), isFleet},
		} {
			if named.name == "" || named.there[named.name] {
				continue
			}
			hint := nearest.DidYouMean(named.name, slices.Sorted(maps.Keys(named.there)))
			out = append(out, rules.Violation{Path: at + named.field, Sentence: fmt.Sprintf(
				"must be a %s that exists, not %q%s; apply the %s first, or with it", named.kind, named.name, hint, named.kind)})
		}
	}
	return out, nil
}

// rollout makes the contract's rollout with its status.
func (a *API) rollout(r model.Rollout) *greenroomv1.Rollout {
	out := convert.RolloutProto(r)
	out.Status = convert.RolloutStateProto(r.State)
	st := a.cfg.Rollouts.Status(r)
	out.Status.Sentence, out.Status.NextAt, out.Status.CountedSince = st.Sentence, convert.TimeProto(st.NextAt), convert.TimeProto(st.CountedSince)
	for _, g := range st.Gates {
		out.Status.Gates = append(out.Status.Gates, &greenroomv1.GateStatus{
			Name: g.Name, Verdict: string(g.Verdict), Sentence: g.Sentence,
			ToValue: g.ToValue, FromValue: g.FromValue, ToSamples: g.ToSamples, FromSamples: g.FromSamples,
		})
	}
	return out
}
