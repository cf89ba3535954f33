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

// applyCommand creates or changes what YAML files describe.
type applyCommand struct {
	Files  []string `name:"file" short:"f" required:"" help:"YAML file with fleets and routes; - is standard input. May be repeated." placeholder:"FILE"`
	DryRun bool     `help:"Let the server check everything and change nothing."`
}

// Help shows an example below the flags.
func (applyCommand) Help() string {
	return "Everything is read and checked before anything is changed.\n\nExample: greenroom apply -f fleet.yaml --dry-run"
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
		return usagef("nothing to apply: the files hold no fleet and no route")
	}
	api, err := g.dial()
	if err != nil {
		return err
	}
	suffix := ""
	if cmd.DryRun {
		suffix = " (dry run)"
	}
	for _, o := range objects {
		outcome, err := api.apply(ctx, o, cmd.DryRun)
		if err != nil {
			return locate(o, err)
		}
		fmt.Fprintf(c.out, "%s %s %s%s\n", strings.ToLower(o.Kind), o.Name, outcome, suffix)
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

// apply sends one object and answers what became of it.
func (api *plane) apply(ctx context.Context, o manifest.Object, dry bool) (string, error) {
	switch m := o.Message.(type) {
	case *greenroomv1.Fleet:
		r, err := api.fleets.ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: m, DryRun: dry})
		return r.GetOutcome(), err
	case *greenroomv1.Route:
		r, err := api.routes.ApplyRoute(ctx, &greenroomv1.ApplyRouteRequest{Route: m, DryRun: dry})
		return r.GetOutcome(), err
	default:
		return "", fmt.Errorf("%s %s: this program cannot apply a %s", o.Kind, o.Name, o.Kind)
	}
}

// locate adds the lines of the file to the field paths that the API complains of.
func locate(o manifest.Object, err error) error {
	var remote *connect.Error
	if !errors.As(err, &remote) {
		return err
	}
	var text strings.Builder
	for _, detail := range remote.Details() {
		message, decodeErr := connectproto.UnmarshalErrorDetail(detail)
		if bad, ok := message.(*errdetails.BadRequest); ok && decodeErr == nil {
			for _, v := range bad.GetFieldViolations() {
				fmt.Fprintf(&text, "\n  %v", o.Error(v.GetField(), v.GetDescription()))
			}
		}
	}
	if text.Len() == 0 {
		return fmt.Errorf("%s %s: %w", strings.ToLower(o.Kind), o.Name, err)
	}
	return usagef("%s %s is not applied:%s", strings.ToLower(o.Kind), o.Name, text.String())
}

// deleteCommand deletes one thing.
type deleteCommand struct {
	Noun   string `arg:"" enum:"fleet,route" help:"What: ${enum}."`
	Name   string `arg:"" help:"Its name."`
	DryRun bool   `help:"Say whether it could be deleted, and do not."`
}

func (cmd *deleteCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Noun == "fleet" {
		_, err = api.fleets.DeleteFleet(ctx, &greenroomv1.DeleteFleetRequest{Name: cmd.Name, DryRun: cmd.DryRun})
	} else {
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
