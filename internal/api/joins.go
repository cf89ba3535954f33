package api

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/history"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/router"
)

type joins struct{ *API }

var _ greenroomv1connect.JoinServiceHandler = joins{}

// Join implements JoinService.
func (s joins) Join(ctx context.Context, r *greenroomv1.JoinRequest) (*greenroomv1.JoinResponse, error) {
	began := time.Now()
	request := router.Request{
		Route:     model.RouteName(r.GetRoute()),
		Key:       model.SessionKey(r.GetKey()),
		Players:   make([]model.PlayerID, len(r.GetPlayers())),
		RequestID: r.GetRequestId(),
	}
	for i, p := range r.GetPlayers() {
		request.Players[i] = model.PlayerID(p)
	}
	if r.GetMaxWait() != nil {
		wait := r.GetMaxWait().AsDuration()
		request.MaxWait = &wait
	}
	if far := r.GetLatencies(); len(far) > 0 {
		request.Latencies = make(map[model.RegionName]time.Duration, len(far))
		for name, latency := range far {
			request.Latencies[model.RegionName(name)] = latency.AsDuration()
		}
	}
	seated, err := s.cfg.Router.Join(ctx, request)
	outcome := joinOutcome(ctx, err)
	s.cfg.Metrics.Joined(observe.Join{
		Route: s.knownRoute(request.Route), Fleet: seated.Fleet, Outcome: outcome, Reason: joinReason(outcome, err),
		Took: time.Since(began), Waited: seated.Waited,
	})
	if outcome != observe.JoinRefused { // the request was wrong: nobody was turned away
		s.cfg.History.Joined(history.Join{
			Route: request.Route, Players: len(request.Players), Fleet: seated.Fleet, Keyed: request.Key != "",
			Created: seated.Created, Waited: seated.Waited,
		})
	}
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.JoinResponse{
		Route:     string(seated.Session.Route),
		Key:       string(seated.Session.Key),
		Fleet:     string(seated.Fleet),
		Server:    string(seated.Server),
		Endpoints: convert.EndpointsProto(seated.Endpoints),
		Tickets:   make([]*greenroomv1.Ticket, len(seated.Tickets)),
		Created:   seated.Created,
		Waited:    convert.DurationProto(seated.Waited),
		Region:    string(s.regionOf(seated.Fleet)),
	}
	for i, t := range seated.Tickets {
		out.Tickets[i] = &greenroomv1.Ticket{
			Player: string(t.Player), Ticket: t.Ticket, ConnectToken: t.ConnectToken, ExpiresAt: convert.TimeProto(t.ExpiresAt),
		}
	}
	return out, nil
}

// regionOf is where a fleet's servers are; "" for nowhere in particular.
func (a *API) regionOf(fleet model.FleetName) model.RegionName {
	f, _ := a.cfg.Specs.Fleet(fleet)
	return f.Spec.Region.Name
}

func joinOutcome(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return observe.JoinSeated
	case errors.Is(err, registry.ErrFull), errors.As(err, new(*router.FullError)):
		return observe.JoinFull
	case ctx.Err() != nil:
		return observe.JoinCanceled
	case publicError(ctx, err) != nil:
		return observe.JoinRefused
	default:
		return observe.JoinFailed
	}
}

// joinReason says in a word why a join got no seat; "" for one that did.
func joinReason(outcome string, err error) string {
	switch outcome {
	case observe.JoinSeated:
		return ""
	case observe.JoinCanceled, observe.JoinFailed:
		return outcome
	}
	for _, f := range foreseen {
		if errors.Is(err, f.sentinel) {
			return strings.ToLower(f.reason)
		}
	}
	return "invalid"
}

// knownRoute is the route's name, or "" where there is no such route: what callers make up is no label.
func (a *API) knownRoute(name model.RouteName) model.RouteName {
	if _, ok := a.cfg.Specs.Route(name); !ok {
		return ""
	}
	return name
}

// Leave implements JoinService.
func (s joins) Leave(ctx context.Context, r *greenroomv1.LeaveRequest) (*greenroomv1.LeaveResponse, error) {
	ref := model.SessionRef{Route: model.RouteName(r.GetRoute()), Key: model.SessionKey(r.GetKey())}
	seat, err := s.cfg.Router.Leave(ctx, ref, model.PlayerID(r.GetPlayer()))
	if err != nil {
		return nil, err
	}
	session, err := s.cfg.Registry.GetSession(ctx, ref)
	if err == nil && session.Server != "" { // also of a seat that nobody came for yet: its ticket is to open nothing any more
		err = s.cfg.Links.Release(ctx, session.Server, ref, session.Generation, seat.ID, "removed by "+actorOf(ctx))
	}
	if !errors.Is(err, registry.ErrNotFound) { // else the session is over, and nobody is left to be told
		s.tell(ctx, ref, err)
	}
	return &greenroomv1.LeaveResponse{}, nil
}

// tell logs that a server could not be told of what the registry took in: it hears of it when it greets again.
func (a *API) tell(ctx context.Context, session model.SessionRef, err error) {
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "server could not be told", slog.String(observe.KeySession, session.String()), slog.Any(observe.KeyError, err))
	}
}
