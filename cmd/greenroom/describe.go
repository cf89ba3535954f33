package main

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// describeCommand shows one thing in full: everything the API knows of it.
type describeCommand struct {
	Output string `short:"o" enum:"json,yaml" default:"yaml" help:"How to print: ${enum}."`
	Noun   string `arg:"" enum:"fleet,route,event,rollout,server,session" help:"What: ${enum}."`
	Name   string `arg:"" help:"Its name; of a session ROUTE/KEY."`
}

func (cmd *describeCommand) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	message, err := api.find(ctx, cmd.Noun, cmd.Name)
	if err != nil {
		return err
	}
	if err := (outputFlag{Output: cmd.Output}).print(c, message, nil); err != nil {
		return err
	}
	if f, ok := message.(*greenroomv1.Fleet); ok && cmd.Output == "yaml" && f.GetStatus().GetUpgrade() != nil {
		// A comment, so that what is printed can be applied again.
		u := f.GetStatus().GetUpgrade()
		fmt.Fprintf(c.out, "# upgrade to revision %d, %s: %s\n", u.GetRevision(), phaseOf(u), u.GetSentence())
	}
	return nil
}

// find gets one object by its noun and name.
func (api *plane) find(ctx context.Context, noun, name string) (proto.Message, error) {
	switch noun {
	case "fleet":
		r, err := api.fleets.GetFleet(ctx, &greenroomv1.GetFleetRequest{Name: name})
		return r.GetFleet(), err
	case "route":
		r, err := api.routes.GetRoute(ctx, &greenroomv1.GetRouteRequest{Name: name})
		return r.GetRoute(), err
	case "event":
		r, err := api.events.GetEvent(ctx, &greenroomv1.GetEventRequest{Name: name})
		return r.GetEvent(), err
	case "rollout":
		r, err := api.rollouts.GetRollout(ctx, &greenroomv1.GetRolloutRequest{Name: name})
		return r.GetRollout(), err
	case "server":
		r, err := api.servers.GetServer(ctx, &greenroomv1.GetServerRequest{Name: name})
		return r.GetServer(), err
	default:
		route, key, err := splitSession(name)
		if err != nil {
			return nil, err
		}
		r, err := api.sessions.GetSession(ctx, &greenroomv1.GetSessionRequest{Route: route, Key: key})
		return r.GetSession(), err
	}
}

// splitSession takes ROUTE/KEY apart.
func splitSession(name string) (route, key string, err error) {
	route, key, ok := strings.Cut(name, "/")
	if !ok || route == "" || key == "" {
		return "", "", usagef("%q is no session's name: write ROUTE/KEY, such as plaza/room-7", name)
	}
	return route, key, nil
}
