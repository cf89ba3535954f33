package api

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/event"
	"greenroom.dev/greenroom/internal/store"
)

// eventMessage is an event for 250 players on a route, of an hour, whose doors open so long from now.
func (w *world) eventMessage(name, route string, doors time.Duration) *greenroomv1.Event {
	at := w.now().Add(doors)
	return &greenroomv1.Event{Name: name, Spec: &greenroomv1.EventSpec{
		Route: route, DoorsAt: timestamppb.New(at), EndsAt: timestamppb.New(at.Add(time.Hour)), Attendance: 250,
	}}
}

func TestAnEventFromItsAnnouncementToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	client := greenroomv1connect.NewEventServiceClient(w.as(w.token(t, "show", store.ScopeOperate)))
	ctx := t.Context()
	gala := w.eventMessage("gala", "plaza", time.Hour)
	status := func() *greenroomv1.EventStatus {
		t.Helper()
		r, err := client.GetEvent(ctx, &greenroomv1.GetEventRequest{Name: "gala"})
		if err != nil {
			t.Fatal(err)
		}
		return r.GetEvent().GetStatus()
	}

	dry, err := client.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: gala, DryRun: true})
	if err != nil || dry.GetOutcome() != "created" {
		t.Fatalf("dry run: %v, %v", dry, err)
	}
	_, err = client.GetEvent(ctx, &greenroomv1.GetEventRequest{Name: "gala"})
	wantCode(t, err, connect.CodeNotFound, "event gala")
	for _, want := range []string{"created", "unchanged"} {
		r, err := client.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: gala})
		if err != nil || r.GetOutcome() != want {
			t.Fatalf("%v, %v, want %s", r, err, want)
		}
	}
	if got := status(); got.GetPhase() != greenroomv1.EventPhase_EVENT_PHASE_PLANNED || got.GetSlotsWanted() != 0 ||
		!got.GetStandsAt().AsTime().Equal(w.now().Add(55*time.Minute)) || got.GetPlayers() != 7 {
		t.Errorf("announced: %v", got)
	}
	moved := w.eventMessage("gala", "plaza", 2*time.Hour)
	moved.Generation = 7
	_, err = client.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: moved})
	wantCode(t, err, connect.CodeAborted, "event gala is at generation 1, 7 was expected")
	moved.Generation = 1
	if _, err := client.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: moved}); err != nil {
		t.Fatal(err)
	}

	w.pass(116 * time.Minute) // an hour later than announced first
	w.fleet = event.Fleet{Free: 1}
	if got := status(); got.GetPhase() != greenroomv1.EventPhase_EVENT_PHASE_PREPARING || got.GetSlotsWanted() != 3 || got.GetSlotsStanding() != 1 {
		t.Errorf("five minutes before: %v", got)
	}
	check, err := client.CheckEvent(ctx, &greenroomv1.CheckEventRequest{Name: "gala"})
	if err != nil || check.GetReady() || check.GetChecks()[0].GetName() != "capacity" || check.GetChecks()[0].GetOk() {
		t.Errorf("check: %v, %v", check, err)
	}
	w.fleet = event.Fleet{Free: 3}
	if got := status(); got.GetPhase() != greenroomv1.EventPhase_EVENT_PHASE_PREPARED {
		t.Errorf("all stands: %v", got)
	}
	check, err = client.CheckEvent(ctx, &greenroomv1.CheckEventRequest{Name: "gala"})
	if err != nil || !check.GetReady() {
		t.Errorf("check: %v, %v", check, err)
	}
	_, err = greenroomv1connect.NewRouteServiceClient(w.as(w.token(t, "root", store.ScopeAdmin))).
		DeleteRoute(ctx, &greenroomv1.DeleteRouteRequest{Name: "plaza"})
	wantCode(t, err, connect.CodeFailedPrecondition, "event gala names it", "cancel or move the event first")

	if _, err := client.DeleteEvent(ctx, &greenroomv1.DeleteEventRequest{Name: "gala", DryRun: true}); err != nil || status() == nil {
		t.Error(err)
	}
	if _, err := client.DeleteEvent(ctx, &greenroomv1.DeleteEventRequest{Name: "gala"}); err != nil {
		t.Error(err)
	}
	if got := w.events.Outlook("rooms", w.now()); got != nil {
		t.Errorf("cancelled, and still asked for: %v", got)
	}
	lines, err := w.store.ListAudit(ctx, 10)
	if err != nil || len(lines) != 5 || lines[0].Action != "delete event" || lines[1].Action != "apply event" || lines[1].Detail != "changed, generation 2" || lines[0].Actor != "show" {
		t.Errorf("audit: %+v, %v", lines, err)
	}
}

func TestBadEventsAreRefused(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	client := greenroomv1connect.NewEventServiceClient(admin)
	ctx := t.Context()
	over := w.eventMessage("over", "plaza", -2*time.Hour)
	for _, c := range []struct {
		event *greenroomv1.Event
		want  string
	}{
		{w.eventMessage("gala", "plza", time.Hour), `spec.route: must be a route that exists, not "plza" (did you mean plaza?); apply the route first, or with it`},
		{over, "spec.ends_at: must be in the future for a new event, not 2026-11-21T19:00:00Z: it is 2026-11-21T20:00:00Z now"},
		{&greenroomv1.Event{Name: "gala", Spec: &greenroomv1.EventSpec{
			Route: "plaza", Attendance: 1, DoorsAt: timestamppb.New(w.now()), EndsAt: timestamppb.New(w.now()),
		}}, "spec: ends_at must be after doors_at, by 31 days at most"},
	} {
		_, err := client.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: c.event})
		wantCode(t, err, connect.CodeInvalidArgument)
		if got := violations(t, err); got != c.want {
			t.Errorf("%s", got)
		}
	}
	together := &greenroomv1.ApplyRequest{
		Routes: []*greenroomv1.Route{routeMessage("garden", "rooms")},
		Events: []*greenroomv1.Event{w.eventMessage("a", "garden", time.Hour), w.eventMessage("b", "gardn", time.Hour)},
	}
	apply := greenroomv1connect.NewApplyServiceClient(admin)
	_, err := apply.Apply(ctx, together)
	wantCode(t, err, connect.CodeInvalidArgument, "events[1].spec.route", "did you mean garden?")
	together.Events[1].Spec.Route = "garden"
	r, err := apply.Apply(ctx, together)
	if err != nil || told(r) != "Route garden created 1\nEvent a created 1\nEvent b created 1" {
		t.Fatal(r, err)
	}

	w.pass(3 * time.Hour) // they are over; their route goes, they stay, and the same file may be applied again
	if _, err := greenroomv1connect.NewRouteServiceClient(admin).DeleteRoute(ctx, &greenroomv1.DeleteRouteRequest{Name: "garden"}); err != nil {
		t.Fatal(err)
	}
	r, err = apply.Apply(ctx, &greenroomv1.ApplyRequest{Events: together.Events})
	if err != nil || !strings.HasPrefix(told(r), "Event a unchanged") {
		t.Error(r, err)
	}
	list, err := client.ListEvents(ctx, &greenroomv1.ListEventsRequest{})
	if err != nil || len(list.GetEvents()) != 2 || list.GetEvents()[0].GetStatus().GetPhase() != greenroomv1.EventPhase_EVENT_PHASE_OVER {
		t.Error(list, err)
	}
	list, err = client.ListEvents(ctx, &greenroomv1.ListEventsRequest{Since: timestamppb.New(w.now())})
	if err != nil || len(list.GetEvents()) != 0 {
		t.Error(list, err)
	}
}

func TestWhoMayAnnounceEvents(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	ctx := t.Context()
	view := greenroomv1connect.NewEventServiceClient(w.as(w.token(t, "viewer", store.ScopeView)))
	_, err := view.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: w.eventMessage("gala", "plaza", time.Hour)})
	wantCode(t, err, connect.CodePermissionDenied)
	_, err = view.DeleteEvent(ctx, &greenroomv1.DeleteEventRequest{Name: "gala"})
	wantCode(t, err, connect.CodePermissionDenied)
	_, err = view.CheckEvent(ctx, &greenroomv1.CheckEventRequest{Name: "gala"})
	wantCode(t, err, connect.CodeNotFound, "event gala")
}

func TestEventsAreWatched(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	client := greenroomv1connect.NewEventServiceClient(w.as(w.token(t, "show", store.ScopeOperate)))
	ctx := t.Context()
	if err := w.events.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	stream, err := client.WatchEvents(ctx, &greenroomv1.WatchEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func(want greenroomv1.ChangeType, phase greenroomv1.EventPhase) {
		t.Helper()
		m, err := stream.Receive()
		if err != nil || m.GetType() != want || m.GetEvent().GetStatus().GetPhase() != phase {
			t.Fatalf("%v, %v; want %s %s", m, err, want, phase)
		}
	}
	const none = greenroomv1.EventPhase_EVENT_PHASE_UNSPECIFIED
	next(greenroomv1.ChangeType_CHANGE_TYPE_SYNCED, none)
	if _, err := client.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: w.eventMessage("gala", "plaza", time.Hour)}); err != nil {
		t.Fatal(err)
	}
	next(greenroomv1.ChangeType_CHANGE_TYPE_ADDED, greenroomv1.EventPhase_EVENT_PHASE_PLANNED)
	for _, step := range []struct {
		pass time.Duration
		want greenroomv1.EventPhase
	}{
		{55 * time.Minute, greenroomv1.EventPhase_EVENT_PHASE_PREPARING},
		{5 * time.Minute, greenroomv1.EventPhase_EVENT_PHASE_OPEN},
		{time.Hour, greenroomv1.EventPhase_EVENT_PHASE_OVER},
	} {
		w.pass(step.pass)
		if err := w.events.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		next(greenroomv1.ChangeType_CHANGE_TYPE_MODIFIED, step.want)
	}
	if _, err := client.DeleteEvent(ctx, &greenroomv1.DeleteEventRequest{Name: "gala"}); err != nil {
		t.Fatal(err)
	}
	next(greenroomv1.ChangeType_CHANGE_TYPE_DELETED, none)
}
