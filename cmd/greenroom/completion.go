package main

import (
	"context"
	"os"
	"time"

	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// completionTime bounds what pressing Tab may cost.
const completionTime = 500 * time.Millisecond

// predictors complete the names of things that exist, by asking the control plane. Where it cannot be asked they propose
// nothing.
func predictors() []kongcompletion.Option {
	return []kongcompletion.Option{
		kongcompletion.WithPredictor("fleet", predictNames(func(ctx context.Context, api *plane) (names []string) {
			list, _ := api.fleets.ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
			for _, f := range list.GetFleets() {
				names = append(names, f.GetName())
			}
			return names
		})),
		kongcompletion.WithPredictor("route", predictNames(func(ctx context.Context, api *plane) (names []string) {
			list, _ := api.routes.ListRoutes(ctx, &greenroomv1.ListRoutesRequest{})
			for _, r := range list.GetRoutes() {
				names = append(names, r.GetName())
			}
			return names
		})),
		kongcompletion.WithPredictor("event", predictNames(func(ctx context.Context, api *plane) (names []string) {
			list, _ := api.events.ListEvents(ctx, &greenroomv1.ListEventsRequest{})
			for _, e := range list.GetEvents() {
				names = append(names, e.GetName())
			}
			return names
		})),
		kongcompletion.WithPredictor("rollout", predictNames(func(ctx context.Context, api *plane) (names []string) {
			list, _ := api.rollouts.ListRollouts(ctx, &greenroomv1.ListRolloutsRequest{})
			for _, r := range list.GetRollouts() {
				names = append(names, r.GetName())
			}
			return names
		})),
		kongcompletion.WithPredictor("node", predictNames(func(ctx context.Context, api *plane) (names []string) {
			list, _ := api.nodes.ListNodes(ctx, &greenroomv1.ListNodesRequest{})
			for _, n := range list.GetNodes() {
				names = append(names, n.GetName())
			}
			return names
		})),
		kongcompletion.WithPredictor("server", predictNames(func(ctx context.Context, api *plane) (names []string) {
			list, _ := api.servers.ListServers(ctx, &greenroomv1.ListServersRequest{})
			for _, s := range list.GetServers() {
				names = append(names, s.GetName())
			}
			return names
		})),
	}
}

func predictNames(list func(context.Context, *plane) []string) complete.Predictor {
	return complete.PredictFunc(func(complete.Args) []string {
		globals := Globals{DataDir: os.Getenv("GREENROOM_DATA_DIR"), API: os.Getenv("GREENROOM_API"), Token: os.Getenv("GREENROOM_TOKEN")}
		if globals.DataDir == "" {
			globals.DataDir = defaultDataDir()
		}
		api, err := globals.dial()
		if err != nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), completionTime)
		defer cancel()
		return list(ctx, api)
	})
}
