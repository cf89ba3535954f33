package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/rules"
)

// applyCommand creates or changes what YAML files describe, all or nothing.
type applyCommand struct {
	Files  []string `name:"file" short:"f" required:"" help:"YAML file with fleets, routes, events and rollouts; - is standard input. May be repeated." placeholder:"FILE"`
	DryRun bool     `help:"Let the server check everything and change nothing."`
}

// Help shows an example below the flags.
func (applyCommand) Help() string {
	return "All the files are applied in one step: everything in them, or nothing.\n\nExample: greenroom apply -f fleet.yaml --dry-run"
}

func (cmd *applyCommand) Run(ctx context.Context, g *Globals, c *console) error {
	check, err := rules.New()
	if err != nil {
		return err
	}
	var objects []manifest.Object
	for _, name := range cmd.Files {
		read, err := readManifest(name, check)
		if err != nil {
			return usageError{err}
		}
		objects = append(objects, read...)
	}
	if len(objects) == 0 {
		return usagef("nothing to apply: the files hold no fleet, route, event or rollout")
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	suffix := ""
	if cmd.DryRun {
		suffix = " (dry run)"
	}
	r, err := api.applies.Apply(ctx, &greenroomv1.ApplyRequest{
		Fleets: manifest.Fleets(objects), Routes: manifest.Routes(objects), Events: manifest.Events(objects),
		Rollouts: manifest.Rollouts(objects), DryRun: cmd.DryRun,
	})
	if err != nil {
		return locate(objects, err)
	}
	outcomes := map[string]string{}
	for _, a := range r.GetObjects() {
		outcomes[a.GetKind()+"/"+a.GetName()] = a.GetOutcome()
	}
	for _, o := range objects {
		fmt.Fprintf(c.out, "%s %s %s%s\n", strings.ToLower(o.Kind), o.Name, outcomes[o.Kind+"/"+o.Name], suffix)
	}
	return nil
}

func readManifest(name string, check *rules.Checker) ([]manifest.Object, error) {
	if name == "-" {
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, err
		}
		return manifest.Parse("standard input", text, check)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return manifest.Parse(name, text, check)
}

// locate puts the files' lines to the field paths that the API complains of.
func locate(objects []manifest.Object, err error) error {
	var remote *connect.Error
	if !errors.As(err, &remote) {
		return err
	}
	var text strings.Builder
	for _, detail := range remote.Details() {
		message, decodeErr := connectproto.UnmarshalErrorDetail(detail)
		bad, ok := message.(*errdetails.BadRequest)
		if decodeErr != nil || !ok {
			continue
		}
		for _, v := range bad.GetFieldViolations() {
			if o, field, ok := manifest.Place(objects, v.GetField()); ok {
				fmt.Fprintf(&text, "\n  %s %s: %v", strings.ToLower(o.Kind), o.Name, o.Error(field, v.GetDescription()))
			} else {
				fmt.Fprintf(&text, "\n  %s", strings.TrimSpace(v.GetField()+" "+v.GetDescription()))
			}
		}
	}
	if text.Len() == 0 {
		return err
	}
	return usagef("nothing is applied:%s", text.String())
}

// deleteCommand deletes one thing.
type deleteCommand struct {
	Noun   string `arg:"" enum:"fleet,route,event,rollout" help:"What: ${enum}."`
	Name   string `arg:"" help:"Its name."`
	DryRun bool   `help:"Say whether it could be deleted, and do not."`
}

func (cmd *deleteCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	switch cmd.Noun {
	case "fleet":
		_, err = api.fleets.DeleteFleet(ctx, &greenroomv1.DeleteFleetRequest{Name: cmd.Name, DryRun: cmd.DryRun})
	case "event":
		_, err = api.events.DeleteEvent(ctx, &greenroomv1.DeleteEventRequest{Name: cmd.Name, DryRun: cmd.DryRun})
	case "rollout":
		_, err = api.rollouts.DeleteRollout(ctx, &greenroomv1.DeleteRolloutRequest{Name: cmd.Name, DryRun: cmd.DryRun})
	default:
		_, err = api.routes.DeleteRoute(ctx, &greenroomv1.DeleteRouteRequest{Name: cmd.Name, DryRun: cmd.DryRun})
	}
	if err != nil {
		return err
	}
	if cmd.DryRun {
		fmt.Fprintf(c.out, "%s %s could be deleted\n", cmd.Noun, cmd.Name)
		return nil
	}
	fmt.Fprintf(c.out, "%s %s deleted\n", cmd.Noun, cmd.Name)
	return nil
}
