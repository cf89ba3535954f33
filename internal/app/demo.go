package app

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/bot"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/sdk/go/client"
)

// demoManifest is what the demo plays on.
//
//go:embed demo.yaml
var demoManifest []byte

// demoRoute is the route in demo.yaml that the bots join by.
const demoRoute = "plaza"

// applyDemo creates what demo.yaml describes where it is not there; what somebody changed stays changed.
func (a *App) applyDemo(ctx context.Context) error {
	if !a.cfg.Demo {
		return nil
	}
	checker, err := rules.New()
	if err != nil {
		return err
	}
	objects, err := manifest.Parse("demo.yaml", demoManifest, checker)
	if err != nil {
		return err
	}
	var fleets []model.Fleet
	var routes []model.Route
	for _, m := range manifest.Fleets(objects) {
		if _, err = a.store.GetFleet(ctx, model.FleetName(m.GetName())); errors.Is(err, store.ErrNotFound) {
			fleets = append(fleets, convert.FleetModel(m))
		} else if err != nil {
			return err
		}
	}
	for _, m := range manifest.Routes(objects) {
		if _, err = a.store.GetRoute(ctx, model.RouteName(m.GetName())); errors.Is(err, store.ErrNotFound) {
			routes = append(routes, convert.RouteModel(m))
		} else if err != nil {
			return err
		}
	}
	if _, err := a.store.ApplyAll(ctx, store.Objects{Fleets: fleets, Routes: routes}, false, time.Now()); err != nil {
		return err
	}
	return a.specs.Refresh(ctx)
}

// runBots keeps the demo's bots walking until ctx ends, about as many in a room as one can look at.
func (a *App) runBots(ctx context.Context) error {
	const perRoom = 8
	if !a.cfg.Demo || a.cfg.Bots <= 0 {
		<-ctx.Done()
		return nil
	}
	token, err := a.adminToken()
	if err != nil {
		return err
	}
	_, err = bot.Run(ctx, bot.Config{
		API:   client.Config{URL: a.LocalURL(), Token: token},
		Route: demoRoute, Sessions: (a.cfg.Bots + perRoom - 1) / perRoom, Players: a.cfg.Bots, Hz: 5, KeyPrefix: "demo-",
	})
	if err != nil && ctx.Err() == nil {
		a.cfg.Logger.Warn("the demo's bots ended", observe.KeyError, err)
	}
	<-ctx.Done()
	return nil
}
