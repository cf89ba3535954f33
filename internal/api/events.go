package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/event"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

// Events answers how announced events stand; *event.Service is the real one.
type Events interface {
	Status(e model.Event) event.Status
	Statuses(events []model.Event) []event.Status
	Check(ctx context.Context, e model.Event) event.Report
	Watch(ctx context.Context) <-chan struct{}
}

type events struct{ *API }

var _ greenroomv1connect.EventServiceHandler = events{}

// ApplyEvent implements EventService.
func (s events) ApplyEvent(ctx context.Context, r *greenroomv1.ApplyEventRequest) (*greenroomv1.ApplyEventResponse, error) {
	applied, err := s.apply(ctx, r, &greenroomv1.ApplyRequest{Events: []*greenroomv1.Event{r.GetEvent()}, DryRun: r.GetDryRun()})
	if err != nil {
		return nil, err
	}
	one := applied.Events[0]
	if r.GetDryRun() { // there is nothing yet that could have a status
		return &greenroomv1.ApplyEventResponse{Event: convert.EventProto(one.Event), Outcome: string(one.Outcome)}, nil
	}
	return &greenroomv1.ApplyEventResponse{Event: eventProto(one.Event, s.cfg.Events.Status(one.Event)), Outcome: string(one.Outcome)}, nil
}

// GetEvent implements EventService.
func (s events) GetEvent(ctx context.Context, r *greenroomv1.GetEventRequest) (*greenroomv1.GetEventResponse, error) {
	e, err := s.cfg.Store.GetEvent(ctx, model.EventName(r.GetName()))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.GetEventResponse{Event: eventProto(e, s.cfg.Events.Status(e))}, nil
}

// ListEvents implements EventService.
func (s events) ListEvents(ctx context.Context, r *greenroomv1.ListEventsRequest) (*greenroomv1.ListEventsResponse, error) {
	all, err := s.cfg.Store.ListEvents(ctx, convert.TimeModel(r.GetSince()), convert.TimeModel(r.GetUntil()))
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListEventsResponse{Events: make([]*greenroomv1.Event, len(all))}
	for i, st := range s.cfg.Events.Statuses(all) {
		out.Events[i] = eventProto(all[i], st)
	}
	return out, nil
}

// eventVersion is what tells that an event is another than it was, without making its message.
type eventVersion struct {
	createdAt  int64
	generation model.Generation
	status     event.Status
}

// WatchEvents implements EventService.
func (s events) WatchEvents(ctx context.Context, _ *greenroomv1.WatchEventsRequest, stream greenroomv1connect.EventServiceWatchEventsServerStream) error {
	signals := []<-chan struct{}{s.cfg.Specs.Watch(ctx), s.cfg.Census.Watch(ctx), s.cfg.Events.Watch(ctx)}
	return watch(
		ctx, signals,
		func() ([]object[string, *greenroomv1.Event], error) {
			all := s.cfg.Specs.Specs().Events
			out := make([]object[string, *greenroomv1.Event], len(all))
			for i, st := range s.cfg.Events.Statuses(all) {
				out[i] = object[string, *greenroomv1.Event]{
					name: string(all[i].Name), version: eventVersion{all[i].CreatedAt.UnixNano(), all[i].Generation, st},
					message: func() *greenroomv1.Event { return eventProto(all[i], st) },
				}
			}
			return out, nil
		},
		func(name string) *greenroomv1.Event { return &greenroomv1.Event{Name: name} },
		func(change greenroomv1.ChangeType, e *greenroomv1.Event) error {
			return stream.Send(&greenroomv1.WatchEventsResponse{Type: change, Event: e})
		},
	)
}

// DeleteEvent implements EventService.
func (s events) DeleteEvent(ctx context.Context, r *greenroomv1.DeleteEventRequest) (*greenroomv1.DeleteEventResponse, error) {
	err := s.cfg.Store.DeleteEvent(ctx, model.EventName(r.GetName()), model.Generation(r.GetGeneration()), r.GetDryRun())
	if err != nil {
		return nil, err
	}
	if r.GetDryRun() {
		return &greenroomv1.DeleteEventResponse{}, nil
	}
	s.audit(ctx, actorOf(ctx), "delete event", r.GetName(), "what stood for it is released")
	return &greenroomv1.DeleteEventResponse{}, s.cfg.Specs.Refresh(ctx)
}

// CheckEvent implements EventService.
func (s events) CheckEvent(ctx context.Context, r *greenroomv1.CheckEventRequest) (*greenroomv1.CheckEventResponse, error) {
	e, err := s.cfg.Store.GetEvent(ctx, model.EventName(r.GetName()))
	if err != nil {
		return nil, err
	}
	report := s.cfg.Events.Check(ctx, e)
	out := &greenroomv1.CheckEventResponse{Ready: report.Ready}
	for _, c := range report.Checks {
		out.Checks = append(out.Checks, &greenroomv1.EventCheck{Name: c.Name, Fleet: string(c.Fleet), Ok: c.OK, Sentence: c.Sentence})
	}
	return out, nil
}

// badEvents says of each event what only the store and the clock know: that its route is not there, nor in the same
// request, or that it is new and over.
func (a *API) badEvents(ctx context.Context, request proto.Message, objects store.Objects) ([]rules.Violation, error) {
	if len(objects.Events) == 0 {
		return nil, nil
	}
	all, err := a.cfg.Store.ListRoutes(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	there := map[model.RouteName]bool{}
	for _, r := range append(all, objects.Routes...) {
		names, there[r.Name] = append(names, string(r.Name)), true
	}
	var out []rules.Violation
	for i, e := range objects.Events {
		path := eventPath(request, i) + ".spec."
		old, err := a.cfg.Store.GetEvent(ctx, e.Name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if known := err == nil && old.Route == e.Route; !there[e.Route] && !known { // one that is over may outlive its route
			out = append(out, rules.Violation{Path: path + "route", Sentence: fmt.Sprintf(
				"must be a route that exists, not %q%s; apply the route first, or with it", e.Route, nearest.DidYouMean(string(e.Route), names))})
		}
		if now := a.cfg.Now(); err != nil && !e.EndsAt.After(now) {
			out = append(out, rules.Violation{Path: path + "ends_at", Sentence: fmt.Sprintf(
				"must be in the future for a new event, not %s: it is %s now", e.EndsAt.Format(time.RFC3339), now.UTC().Format(time.RFC3339))})
		}
	}
	return out, nil
}

// eventProto makes the contract's event with its status.
func eventProto(e model.Event, st event.Status) *greenroomv1.Event {
	out := convert.EventProto(e)
	out.Status = &greenroomv1.EventStatus{
		Phase: greenroomv1.EventPhase(st.Phase), SlotsWanted: uint32(st.SlotsWanted), SlotsStanding: uint32(st.SlotsStanding),
		PreparesAt: convert.TimeProto(st.PreparesAt), StandsAt: convert.TimeProto(st.StandsAt),
		Players: uint32(st.Players), Summary: st.Summary,
	}
	return out
}
