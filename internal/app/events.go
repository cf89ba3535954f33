package app

import (
	"context"

	"greenroom.dev/greenroom/internal/event"
	"greenroom.dev/greenroom/internal/model"
)

// eventFacts is what announced events are held against.
func (a *App) eventFacts() event.Facts {
	return event.Facts{Fleet: a.eventFleet, Route: a.eventRoute, Limit: a.eventLimit}
}

// eventFleet answers what a fleet has, and what its keeper last saw and wanted.
func (a *App) eventFleet(name model.FleetName) event.Fleet {
	c := a.census.Count().Fleets[name]
	f := event.Fleet{
		Sessions: c.Sessions, Before: c.Sessions, Free: c.FreeSessionSlots,
		UnderWay: map[model.EventName]bool{},
		Starting: c.Servers[model.ServerStarting], Ready: c.Servers[model.ServerReady], Open: c.Servers[model.ServerOpen],
	}
	e, _ := a.keeper.Explain(name)
	f.Holds, f.Boot, f.Seen = e.Holds, e.Boot.Takes, e.Boot.Seen
	for _, answer := range e.Answers {
		switch {
		case answer.Kind == "event":
			f.UnderWay[model.EventName(answer.Name)] = true
			f.Before = int(answer.Numbers["sessions_before"])
		case answer.Name == "re-home":
			f.Kept = answer.Free
		}
	}
	return f
}

func (a *App) eventRoute(name model.RouteName) event.Route {
	return event.Route{Players: a.census.Count().Routes[name].Players, Waiting: a.router.Waiting(name)}
}

// eventLimit asks the provider how many servers of a fleet it holds. What a server uses is what those that run do, on
// average.
func (a *App) eventLimit(ctx context.Context, f model.Fleet) event.Limit {
	servers, err := a.registry.ListServers(ctx, f.Name)
	if err != nil {
		return event.Limit{}
	}
	memory, known, running := 0.0, 0, 0
	for i := range servers {
		if servers[i].State.Terminal() {
			continue
		}
		running++
		if load := servers[i].Load; load != nil && load.MemoryBytes > 0 {
			memory += load.MemoryBytes
			known++
		}
	}
	if f.Spec.Static != nil {
		return event.Limit{Servers: f.Spec.Max, Because: "those on its list are all there are"}
	}
	n, because := a.processes.Holds(f.Spec, running, memory/float64(max(1, known)))
	return event.Limit{Servers: n, Because: because}
}
