package api

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/history"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/trace"
)

// History is told of joins and knows the past; *history.Recorder is the real one.
type History interface {
	Joined(j history.Join)
	Points(ctx context.Context, subject model.HistorySubject, since, until time.Time, maxPoints int) (history.Series, error)
	Costs(ctx context.Context, since, until time.Time) (costs []history.Cost, recorded time.Duration, err error)
	Trace(ctx context.Context, since, until time.Time, routes []model.RouteName) (trace.Trace, error)
}

const (
	defaultPoints = 500
	// tracePart is how much of a trace's file goes into one message.
	tracePart = 32 << 10
)

type histories struct{ *API }

var _ greenroomv1connect.HistoryServiceHandler = histories{}

// GetHistory implements HistoryService.
func (s histories) GetHistory(ctx context.Context, r *greenroomv1.GetHistoryRequest) (*greenroomv1.GetHistoryResponse, error) {
	since, until, err := s.span(r, time.Hour, history.KeepFor)
	if err != nil {
		return nil, err
	}
	subject := model.HistorySubject{Kind: model.HistoryTotal}
	specs, there := s.cfg.Specs.Specs(), true
	switch {
	case r.GetFleet() != "":
		subject = model.HistorySubject{Kind: model.HistoryFleet, Name: r.GetFleet()}
		_, there = specs.Fleets[model.FleetName(r.GetFleet())]
	case r.GetRoute() != "":
		subject = model.HistorySubject{Kind: model.HistoryRoute, Name: r.GetRoute()}
		_, there = specs.Routes[model.RouteName(r.GetRoute())]
	}
	points := int(r.GetMaxPoints())
	if points == 0 {
		points = defaultPoints
	}
	series, err := s.cfg.History.Points(ctx, subject, since, until, points)
	if err != nil {
		return nil, err
	}
	if len(series.Points) == 0 && !there {
		return nil, connect.Errorf(connect.CodeNotFound, "there is no %s %s, and none was recorded between %s and %s",
			[...]string{"total", "fleet", "route"}[subject.Kind], subject.Name, since.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	out := &greenroomv1.GetHistoryResponse{Step: durationpb.New(series.Step), Currency: series.Currency}
	for _, p := range series.Points {
		point := convert.HistoryPointProto(p.HistoryRecord)
		point.Cost = p.Cost
		out.Points = append(out.Points, point)
	}
	return out, nil
}

// GetCosts implements HistoryService.
func (s histories) GetCosts(ctx context.Context, r *greenroomv1.GetCostsRequest) (*greenroomv1.GetCostsResponse, error) {
	since, until, err := s.span(r, 24*time.Hour, history.KeepFor)
	if err != nil {
		return nil, err
	}
	costs, recorded, err := s.cfg.History.Costs(ctx, since, until)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.GetCostsResponse{Recorded: durationpb.New(recorded)}
	for i := range costs {
		c := &costs[i]
		out.Fleets = append(out.Fleets, &greenroomv1.FleetCost{
			Fleet: string(c.Fleet), ServerHours: c.ServerHours, IdleServerHours: c.IdleServerHours, PlayerHours: c.PlayerHours,
			Currency: c.Kind.Currency, Cost: c.Cost, IdleCost: c.IdleCost, CostPerPlayerHour: c.PerPlayerHour(),
			InstanceType: c.Kind.InstanceType, Spot: c.Kind.Spot, Architecture: c.Kind.Architecture,
		})
	}
	return out, nil
}

// ExportTrace implements HistoryService.
func (s histories) ExportTrace(ctx context.Context, r *greenroomv1.ExportTraceRequest, stream greenroomv1connect.HistoryServiceExportTraceServerStream) error {
	since, until, err := s.span(r, 24*time.Hour, trace.MaxSpan)
	if err != nil {
		return err
	}
	routes := make([]model.RouteName, len(r.GetRoutes()))
	for i, name := range r.GetRoutes() {
		routes[i] = model.RouteName(name)
	}
	t, err := s.cfg.History.Trace(ctx, since, until, routes)
	if err != nil {
		return err
	}
	if len(t.Rows) == 0 {
		return connect.Errorf(connect.CodeNotFound, "nothing was recorded between %s and %s on the routes asked for, in steps that are over; try a longer time",
			since.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	var file bytes.Buffer
	if err := trace.Write(&file, t); err != nil {
		return err
	}
	for rest := file.Bytes(); len(rest) > 0; {
		part := rest
		if len(part) > tracePart {
			part = part[:bytes.LastIndexByte(part[:tracePart], '\n')+1]
		}
		if err := stream.Send(&greenroomv1.ExportTraceResponse{Csv: part}); err != nil {
			return err
		}
		rest = rest[len(part):]
	}
	return nil
}

// spanned is a request about a span of the past.
type spanned interface {
	proto.Message
	GetSince() *timestamppb.Timestamp
	GetUntil() *timestamppb.Timestamp
}

// span answers the time that a request is about: `usual` until now where it does not say, and nothing that is still to come.
func (a *API) span(r spanned, usual, longest time.Duration) (since, until time.Time, err error) {
	now := a.cfg.Now().UTC()
	refuse := func(path, format string, args ...any) (time.Time, time.Time, error) {
		return time.Time{}, time.Time{}, badRequest(r, []rules.Violation{{Path: path, Sentence: fmt.Sprintf(format, args...)}})
	}
	until = now
	if r.GetUntil() != nil {
		if !r.GetUntil().IsValid() {
			return refuse("until", "is no time")
		}
		if at := r.GetUntil().AsTime(); at.Before(now) {
			until = at
		}
	}
	since = until.Add(-usual)
	if r.GetSince() != nil {
		if !r.GetSince().IsValid() {
			return refuse("since", "is no time")
		}
		since = r.GetSince().AsTime()
	}
	switch {
	case !since.Before(now):
		return refuse("since", "is %s, which is to come: nothing is recorded of it (it is %s now)", since.Format(time.RFC3339), now.Format(time.RFC3339))
	case !since.Before(until):
		return refuse("since", "is %s: it has to be before until, %s", since.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	if until.Sub(since) > longest {
		return refuse("since", "is %.0f days before until: at most %.0f days can be asked for", until.Sub(since).Hours()/24, longest.Hours()/24)
	}
	return since, until, nil
}
