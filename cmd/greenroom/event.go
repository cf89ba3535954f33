package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/manifest"
)

type eventCommand struct {
	Create createEvent `cmd:"" help:"Announce an event."`
	Move   moveEvent   `cmd:"" help:"Let its doors open at another time."`
	Check  checkEvent  `cmd:"" help:"Check that what it needs stands, and can stand. Exit code 0: ready, 2: not ready."`
}

// moment is a time with its zone, as a flag.
type moment struct{ time.Time }

// UnmarshalText reads a flag's value.
func (m *moment) UnmarshalText(text []byte) (err error) {
	m.Time, err = manifest.ParseTime(string(text))
	return err
}

// createEvent announces an event that is not there yet.
type createEvent struct {
	Name              string        `arg:"" help:"Its name."`
	Route             string        `required:"" help:"Where its players join." predictor:"route"`
	Doors             moment        `required:"" help:"When its doors open, with the time zone: 2026-12-05T20:00+09:00." placeholder:"TIME"`
	For               time.Duration `required:"" help:"How long it lasts." placeholder:"DURATION"`
	Attendance        uint32        `required:"" help:"Players expected at its height, beside those that are there anyway." placeholder:"N"`
	PlayersPerSession uint32        `help:"How they share sessions. Default: the fleet's seats_per_session." placeholder:"N"`
	Lead              time.Duration `help:"How long before the doors its capacity stands. Default: 5m, or twice the time that servers take to be ready where that is more." placeholder:"DURATION"`
	Ramp              time.Duration `help:"How long its players take to arrive, evenly. Default: all come at once." placeholder:"DURATION"`
	Title             string        `help:"Shown in the calendar."`
	DryRun            bool          `help:"Let the server check everything and change nothing."`
}

// Help shows an example below the flags.
func (createEvent) Help() string {
	return `Its capacity is prepared before the doors open, held until the end, and released after it.

Example: greenroom event create gala --route plaza --doors 2026-12-05T20:00+09:00 --for 3h --attendance 20000`
}

func (cmd *createEvent) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	_, err = api.events.GetEvent(ctx, &greenroomv1.GetEventRequest{Name: cmd.Name})
	if err == nil {
		return missingError(fmt.Sprintf("event %s is announced already; `greenroom event move` moves it, `greenroom apply` changes it", cmd.Name))
	}
	if connect.CodeOf(err) != connect.CodeNotFound && connect.CodeOf(err) != connect.CodeInvalidArgument { // a bad name is told below
		return err
	}
	return api.announce(ctx, c, &greenroomv1.Event{Name: cmd.Name, Spec: &greenroomv1.EventSpec{
		Route: cmd.Route, DoorsAt: timestamppb.New(cmd.Doors.Time), EndsAt: timestamppb.New(cmd.Doors.Add(cmd.For)),
		Attendance: cmd.Attendance, PlayersPerSession: cmd.PlayersPerSession, Lead: optional(cmd.Lead), Ramp: optional(cmd.Ramp), Title: cmd.Title,
	}}, cmd.DryRun)
}

// optional is a duration's message; nil for none.
func optional(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// moveEvent moves an event, which lasts as long as before unless said otherwise.
type moveEvent struct {
	Name   string        `arg:"" help:"Its name." predictor:"event"`
	Doors  moment        `required:"" help:"When its doors open now, with the time zone: 2026-12-05T21:00+09:00." placeholder:"TIME"`
	For    time.Duration `help:"How long it lasts. Default: as long as before." placeholder:"DURATION"`
	DryRun bool          `help:"Let the server check everything and change nothing."`
}

// Help shows an example below the flags.
func (moveEvent) Help() string {
	return "Example: greenroom event move gala --doors 2026-12-05T21:00+09:00"
}

func (cmd *moveEvent) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	got, err := api.events.GetEvent(ctx, &greenroomv1.GetEventRequest{Name: cmd.Name})
	if err != nil {
		return err
	}
	event := got.GetEvent()
	lasts := cmd.For
	if lasts == 0 {
		lasts = event.GetSpec().GetEndsAt().AsTime().Sub(event.GetSpec().GetDoorsAt().AsTime())
	}
	event.Spec.DoorsAt, event.Spec.EndsAt = timestamppb.New(cmd.Doors.Time), timestamppb.New(cmd.Doors.Add(lasts))
	event.CreatedAt, event.UpdatedAt, event.Status = nil, nil, nil
	return api.announce(ctx, c, event, cmd.DryRun)
}

// announce applies one event and says what that means.
func (api *plane) announce(ctx context.Context, c *console, event *greenroomv1.Event, dry bool) error {
	r, err := api.events.ApplyEvent(ctx, &greenroomv1.ApplyEventRequest{Event: event, DryRun: dry})
	if err != nil {
		return flagged(err)
	}
	if dry {
		fmt.Fprintf(c.out, "event %s %s (dry run)\n", event.GetName(), r.GetOutcome())
		return nil
	}
	fmt.Fprintf(c.out, "event %s %s: %s\n", event.GetName(), r.GetOutcome(), r.GetEvent().GetStatus().GetSummary())
	return nil
}

// flagged makes a mistake in a flag of what the API says of the field that the flag fills.
func flagged(err error) error {
	var remote *connect.Error
	if !errors.As(err, &remote) {
		return err
	}
	flags := map[string]string{
		"name": "NAME", "spec.route": "--route", "spec.doors_at": "--doors", "spec.ends_at": "--doors and --for", "spec": "--for",
		"spec.attendance": "--attendance", "spec.players_per_session": "--players-per-session", "spec.lead": "--lead",
		"spec.ramp": "--ramp", "spec.title": "--title",
	}
	var wrong []error
	for _, detail := range remote.Details() {
		message, decodeErr := connectproto.UnmarshalErrorDetail(detail)
		bad, ok := message.(*errdetails.BadRequest)
		if decodeErr != nil || !ok {
			continue
		}
		for _, v := range bad.GetFieldViolations() {
			flag, known := flags[v.GetField()]
			if !known {
				return err
			}
			wrong = append(wrong, fmt.Errorf("%s: %s", flag, v.GetDescription()))
		}
	}
	if len(wrong) == 0 {
		return err
	}
	return usageError{errors.Join(wrong...)}
}
