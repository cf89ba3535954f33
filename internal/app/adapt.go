package app

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/api"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/router"
)

type joins struct{ *router.Router }

func (j joins) Join(ctx context.Context, in api.Join) (api.Seated, error) {
	p, err := j.Router.Join(ctx, router.Request{Route: in.Route, Key: in.Key, Players: in.Players, RequestID: in.RequestID, MaxWait: in.MaxWait})
	if err != nil {
		return api.Seated{}, err
	}
	s := api.Seated{Session: p.Session, Fleet: p.Fleet, Server: p.Server, Endpoints: p.Endpoints, Created: p.Created}
	for _, t := range p.Tickets {
		s.Tickets = append(s.Tickets, api.Ticket{Player: t.Player, Ticket: t.Ticket, ExpiresAt: t.ExpiresAt})
	}
	return s, nil
}

func (j joins) Leave(ctx context.Context, session model.SessionRef, player model.PlayerID) error {
	_, err := j.Router.Leave(ctx, session, player)
	return err
}

type keeps struct{ *keeper.Keeper }

func (k keeps) Drain(ctx context.Context, id model.ServerID, p model.DrainPolicy, reason string) (model.Server, error) {
	return k.Keeper.Drain(ctx, id, keeper.DrainPolicy{Wait: &p.Wait, Deadline: &p.Deadline}, reason)
}

func (k keeps) Explain(name model.FleetName) (*greenroomv1.ExplainFleetResponse, bool) {
	e, ok := k.Keeper.Explain(name)
	if !ok {
		return nil, false
	}
	r := &greenroomv1.ExplainFleetResponse{Fleet: string(name), PlannedAt: timestamppb.New(e.PlannedAt), Facts: e.Facts, Holds: e.Holds}
	for _, a := range e.Actions {
		r.Actions = append(r.Actions, &greenroomv1.PlannedAction{Verb: string(a.Verb), Server: string(a.Server), Reason: a.Reason, Result: a.Result})
	}
	return r, true
}

type ends struct{ *App }

func (e ends) End(ctx context.Context, ref model.SessionRef, gen model.Generation, reason string) error {
	session, err := e.registry.GetSession(ctx, ref)
	if err != nil {
		return err
	}
	return e.mover.End(ctx, ref, handover.Origin{Server: session.Server, Generation: gen}, reason)
}
