package app

import (
	"context"
	"net"
	"net/url"
	"strings"

	"greenroom.dev/greenroom/internal/echo"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

// regionOf is where a fleet's servers are; "" for nowhere in particular.
func (a *App) regionOf(name model.FleetName) model.RegionName {
	f, _ := a.specs.Fleet(name)
	return f.Spec.Region.Name
}

// staticEnv is what a server of a static fleet that uses the SDK is to be started with, wherever that is: the advertised
// address, and the ports that its endpoints have.
func (a *App) staticEnv(fleet model.FleetName, id model.ServerID, s model.StaticServer) map[string]string {
	env := map[string]string{
		"GREENROOM_SERVER": string(id), "GREENROOM_FLEET": string(fleet),
		"GREENROOM_LINK": a.URL(), "GREENROOM_SERVER_TOKEN": a.keys.ServerToken(id),
	}
	for _, e := range s.Endpoints {
		at, err := url.Parse(e.URL)
		if err != nil {
			continue // refused when it was applied
		}
		if env["GREENROOM_HOST"] == "" {
			env["GREENROOM_HOST"] = at.Hostname()
		}
		if at.Port() != "" {
			env["GREENROOM_PORT_"+strings.ToUpper(e.Name)] = at.Port()
		}
	}
	return env
}

// openEcho takes the UDP port beside the API's for those who measure how far this machine is. Greenroom goes on without it.
func (a *App) openEcho() {
	conn, err := net.ListenPacket("udp", a.listener.Addr().String())
	if err != nil {
		a.cfg.Logger.Warn("nobody can measure the way to this machine by UDP; HTTP does", observe.KeyError, err)
		return
	}
	a.echo = conn
}

// runEcho answers those who measure.
func (a *App) runEcho(ctx context.Context) error {
	if a.echo == nil {
		<-ctx.Done()
		return nil
	}
	return echo.ServeUDP(ctx, a.echo)
}
