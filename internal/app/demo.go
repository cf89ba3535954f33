package app

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
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
	for _, o := range objects {
		switch m := o.Message.(type) {
		case *greenroomv1.Fleet:
			if _, err = a.store.GetFleet(ctx, model.FleetName(m.GetName())); errors.Is(err, store.ErrNotFound) {
				_, _, err = a.store.ApplyFleet(ctx, convert.FleetModel(m), false, time.Now())
			}
		case *greenroomv1.Route:
			if _, err = a.store.GetRoute(ctx, model.RouteName(m.GetName())); errors.Is(err, store.ErrNotFound) {
				_, _, err = a.store.ApplyRoute(ctx, convert.RouteModel(m), false, time.Now())
			}
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", o.Kind, o.Name, err)
		}
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
