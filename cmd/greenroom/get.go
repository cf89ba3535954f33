package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// getCommand lists things; a name after the noun shows that one alone.
type getCommand struct {
	Fleets   getFleets   `cmd:"" aliases:"fleet" help:"Fleets, what they have and what they want."`
	Routes   getRoutes   `cmd:"" aliases:"route" help:"Routes and how they split new sessions."`
	Events   getEvents   `cmd:"" aliases:"event" help:"Announced events, and what stands for them."`
	Rollouts getRollouts `cmd:"" aliases:"rollout" help:"Rollouts, and how far they are."`
	Nodes    listNodes   `cmd:"" aliases:"node" help:"Machines that servers are on, and those that go away; the same as node list."`
	Servers  getServers  `cmd:"" aliases:"server" help:"Servers, their state and how full they are."`
	Sessions getSessions `cmd:"" aliases:"session" help:"Sessions, where they live and who is in."`
	Tokens   getTokens   `cmd:"" aliases:"token" help:"API tokens (never their secrets)."`
	Audit    getAudit    `cmd:"" help:"Who did what, newest first."`
}

type getFleets struct {
	outputFlag
	watchFlag
	Name string `arg:"" optional:"" help:"Only this one." predictor:"fleet"`
}

func (cmd *getFleets) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return watchFleets.run(ctx, c, cmd.outputFlag, cmd.Name, func(ctx context.Context) (receiver[*greenroomv1.WatchFleetsResponse], error) {
			return api.fleets.WatchFleets(ctx, &greenroomv1.WatchFleetsRequest{})
		})
	}
	list, err := api.fleets.ListFleets(ctx, &greenroomv1.ListFleetsRequest{})
	if err != nil {
		return err
	}
	if list.Fleets, err = only(list.GetFleets(), cmd.Name, "fleet", (*greenroomv1.Fleet).GetName); err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no fleets; greenroom apply -f FILE makes one"
		t.row(fleetHeader...)
		for _, f := range list.GetFleets() {
			t.row(fleetCells(f)...)
		}
	})
}

var fleetHeader = []any{"NAME", "SERVERS", "SESSIONS", "PLAYERS", "FREE SLOTS", "AGE", "KEEPER"}

func fleetCells(f *greenroomv1.Fleet) []any {
	s := f.GetStatus()
	return []any{f.GetName(), counts(s.GetServers()), s.GetSessions(), s.GetSeatsClaimed(), s.GetFreeSessionSlots(), f.GetCreatedAt(), s.GetSummary()}
}

// counts prints {"open": 2, "ready": 1} as "2 open, 1 ready".
func counts(by map[string]uint32) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(by)) {
		if by[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", by[name], name))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// only keeps the object with the name, or everything for "".
func only[T proto.Message](all []T, name, noun string, nameOf func(T) string) ([]T, error) {
	if name == "" {
		return all, nil
	}
	names := make([]string, 0, len(all))
	for _, one := range all {
		if nameOf(one) == name {
			return []T{one}, nil
		}
		names = append(names, nameOf(one))
	}
	if len(names) == 0 {
		return nil, missingError(fmt.Sprintf("no %s %q: there is none at all", noun, name))
	}
	return nil, missingError(fmt.Sprintf("no %s %q; there is: %s", noun, name, strings.Join(names[:min(len(names), 20)], ", ")))
}

type getRoutes struct {
	outputFlag
	watchFlag
	Name string `arg:"" optional:"" help:"Only this one." predictor:"route"`
}

func (cmd *getRoutes) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return watchRoutes.run(ctx, c, cmd.outputFlag, cmd.Name, func(ctx context.Context) (receiver[*greenroomv1.WatchRoutesResponse], error) {
			return api.routes.WatchRoutes(ctx, &greenroomv1.WatchRoutesRequest{})
		})
	}
	list, err := api.routes.ListRoutes(ctx, &greenroomv1.ListRoutesRequest{})
	if err != nil {
		return err
	}
	if list.Routes, err = only(list.GetRoutes(), cmd.Name, "route", (*greenroomv1.Route).GetName); err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no routes; greenroom apply -f FILE makes one"
		t.row(routeHeader...)
		for _, r := range list.GetRoutes() {
			t.row(routeCells(r)...)
		}
	})
}

var routeHeader = []any{"NAME", "FLEETS", "SESSIONS", "PLAYERS", "WAITING", "AGE"}

func routeCells(r *greenroomv1.Route) []any {
	s := r.GetStatus()
	return []any{r.GetName(), weights(r.GetSpec().GetFleets()), s.GetSessions(), s.GetPlayers(), s.GetWaiting(), r.GetCreatedAt()}
}

// weights prints a route's split as "a 99.99 %, b 0.01 %".
func weights(fleets []*greenroomv1.FleetWeight) string {
	parts := make([]string, len(fleets))
	for i, f := range fleets {
		parts[i] = f.GetFleet() + " " + percentOf(f.GetWeightPpm())
	}
	return strings.Join(parts, ", ")
}

// percentOf prints parts per million: 100 is "0.01 %".
func percentOf(ppm uint32) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", float64(ppm)/1e4), "0"), ".") + " %"
}

type getRollouts struct {
	outputFlag
	watchFlag
	Name string `arg:"" optional:"" help:"Only this one." predictor:"rollout"`
}

func (cmd *getRollouts) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return watchRollouts.run(ctx, c, cmd.outputFlag, cmd.Name, func(ctx context.Context) (receiver[*greenroomv1.WatchRolloutsResponse], error) {
			return api.rollouts.WatchRollouts(ctx, &greenroomv1.WatchRolloutsRequest{})
		})
	}
	list, err := api.rollouts.ListRollouts(ctx, &greenroomv1.ListRolloutsRequest{})
	if err != nil {
		return err
	}
	if list.Rollouts, err = only(list.GetRollouts(), cmd.Name, "rollout", (*greenroomv1.Rollout).GetName); err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no rollouts; greenroom apply -f FILE begins one"
		t.row(rolloutHeader...)
		for _, r := range list.GetRollouts() {
			t.row(rolloutCells(r)...)
		}
	})
}

var rolloutHeader = []any{"NAME", "ROUTE", "FROM", "TO", "PHASE", "SHARE", "STATUS"}

func rolloutCells(r *greenroomv1.Rollout) []any {
	s := r.GetStatus()
	return []any{
		r.GetName(), r.GetSpec().GetRoute(), s.GetFrom(), r.GetSpec().GetTo(), s.GetPhase(), percentOf(s.GetWeightPpm()), s.GetSentence(),
	}
}

type getEvents struct {
	outputFlag
	watchFlag
	Name string `arg:"" optional:"" help:"Only this one." predictor:"event"`
	All  bool   `help:"Those that are over, too."`
}

func (cmd *getEvents) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return watchEvents.run(ctx, c, cmd.outputFlag, cmd.Name, func(ctx context.Context) (receiver[*greenroomv1.WatchEventsResponse], error) {
			return api.events.WatchEvents(ctx, &greenroomv1.WatchEventsRequest{})
		})
	}
	request := &greenroomv1.ListEventsRequest{}
	if !cmd.All && cmd.Name == "" {
		request.Since = timestamppb.Now()
	}
	list, err := api.events.ListEvents(ctx, request)
	if err != nil {
		return err
	}
	if list.Events, err = only(list.GetEvents(), cmd.Name, "event", (*greenroomv1.Event).GetName); err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no events; greenroom event create NAME announces one"
		t.row(eventHeader...)
		for _, e := range list.GetEvents() {
			t.row(eventCells(e)...)
		}
	})
}

var eventHeader = []any{"NAME", "ROUTE", "PHASE", "DOORS", "ENDS", "ATTENDANCE", "SLOTS", "SUMMARY"}

func eventCells(e *greenroomv1.Event) []any {
	s := e.GetStatus()
	return []any{
		e.GetName(), e.GetSpec().GetRoute(), stateName("EVENT_PHASE_", s.GetPhase()), e.GetSpec().GetDoorsAt(), e.GetSpec().GetEndsAt(),
		e.GetSpec().GetAttendance(), of(s.GetSlotsStanding(), s.GetSlotsWanted()), s.GetSummary(),
	}
}

type getServers struct {
	outputFlag
	watchFlag
	Name  string `arg:"" optional:"" help:"Only this one." predictor:"server"`
	Fleet string `help:"Only of this fleet." predictor:"fleet"`
}

func (cmd *getServers) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return watchServers.run(ctx, c, cmd.outputFlag, cmd.Name, func(ctx context.Context) (receiver[*greenroomv1.WatchServersResponse], error) {
			return api.servers.WatchServers(ctx, &greenroomv1.WatchServersRequest{Fleet: cmd.Fleet})
		})
	}
	list := &greenroomv1.ListServersResponse{}
	for request := (&greenroomv1.ListServersRequest{Fleet: cmd.Fleet}); ; {
		page, err := api.servers.ListServers(ctx, request)
		if err != nil {
			return err
		}
		list.Servers = append(list.Servers, page.GetServers()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	if cmd.Fleet != "" && len(list.GetServers()) == 0 { // it may not exist
		if _, err := api.fleets.GetFleet(ctx, &greenroomv1.GetFleetRequest{Name: cmd.Fleet}); err != nil {
			return err
		}
	}
	if list.Servers, err = only(list.GetServers(), cmd.Name, "server", (*greenroomv1.Server).GetName); err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "no servers; greenroom explain FLEET says why"
		t.row(serverHeader...)
		for _, s := range list.GetServers() {
			t.row(serverCells(s)...)
		}
	})
}

var serverHeader = []any{"NAME", "STATE", "SESSIONS", "PLAYERS", "CPU", "SINCE", "RUNS AS", "WHY"}

func serverCells(s *greenroomv1.Server) []any {
	return []any{
		s.GetName(), stateName("SERVER_STATE_", s.GetState()), of(s.GetSessions(), s.GetSessionCapacity()),
		of(s.GetSeatsClaimed(), s.GetSeatCapacity()), cores(s.GetLoad()), s.GetStateSince(), s.GetProviderRef(), s.GetReason(),
	}
}

// cores prints the CPU that a server uses of what it may use, such as "0.25/2"; nothing when it did not say.
func cores(l *greenroomv1.ServerLoad) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("%.2f/%g", l.GetCpuCores(), math.Round(100*l.GetCpuLimitCores())/100)
}

func of(n, capacity uint32) string { return fmt.Sprintf("%d/%d", n, capacity) }

type getSessions struct {
	outputFlag
	watchFlag
	Name   string `arg:"" optional:"" help:"Only this one, ROUTE/KEY."`
	Route  string `help:"Only of this route." predictor:"route"`
	Server string `help:"Only on this server." predictor:"server"`
}

func (cmd *getSessions) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return watchSessions.run(ctx, c, cmd.outputFlag, cmd.Name, func(ctx context.Context) (receiver[*greenroomv1.WatchSessionsResponse], error) {
			return api.sessions.WatchSessions(ctx, &greenroomv1.WatchSessionsRequest{Route: cmd.Route, Server: cmd.Server})
		})
	}
	all := &greenroomv1.ListSessionsResponse{}
	for request := (&greenroomv1.ListSessionsRequest{Route: cmd.Route, Server: cmd.Server}); ; {
		page, err := api.sessions.ListSessions(ctx, request)
		if err != nil {
			return err
		}
		all.Sessions = append(all.Sessions, page.GetSessions()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	if cmd.Route != "" && len(all.GetSessions()) == 0 { // it may not exist
		if _, err := api.routes.GetRoute(ctx, &greenroomv1.GetRouteRequest{Name: cmd.Route}); err != nil {
			return err
		}
	}
	if all.Sessions, err = only(all.GetSessions(), cmd.Name, "session", sessionName); err != nil {
		return err
	}
	return cmd.print(c, all, func(t *tablePrinter) {
		t.empty = "no sessions"
		t.row(sessionHeader...)
		for _, s := range all.GetSessions() {
			t.row(sessionCells(s)...)
		}
	})
}

var sessionHeader = []any{"SESSION", "STATE", "PLAYERS", "RESERVED", "SERVER", "AGE"}

// sessionName is what people call a session: ROUTE/KEY.
func sessionName(s *greenroomv1.Session) string { return s.GetRoute() + "/" + s.GetKey() }

func sessionCells(s *greenroomv1.Session) []any {
	return []any{
		sessionName(s), stateName("SESSION_STATE_", s.GetState()), of(s.GetSeatsClaimed(), s.GetSeatCapacity()),
		s.GetSeatsReserved(), s.GetServer(), s.GetCreatedAt(),
	}
}

type getTokens struct{ outputFlag }

func (cmd *getTokens) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	list, err := api.system.ListTokens(ctx, &greenroomv1.ListTokensRequest{})
	if err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.row("NAME", "MAY", "AGE", "LAST USED", "EXPIRES")
		for _, k := range list.GetTokens() {
			t.row(k.GetName(), stateName("SCOPE_", k.GetScope()), k.GetCreatedAt(), k.GetLastUsedAt(), k.GetExpiresAt())
		}
	})
}

type getAudit struct {
	outputFlag
	Limit uint32 `default:"50" help:"How many lines."`
}

func (cmd *getAudit) Run(ctx context.Context, g *Globals, c *console) error {
	api, err := g.dial()
	if err != nil {
		return err
	}
	list, err := api.system.ListAudit(ctx, &greenroomv1.ListAuditRequest{Limit: cmd.Limit})
	if err != nil {
		return err
	}
	return cmd.print(c, list, func(t *tablePrinter) {
		t.empty = "nobody did anything yet"
		t.row("AGO", "WHO", "DID", "TO", "DETAIL")
		for _, e := range list.GetEntries() {
			t.row(e.GetAt(), e.GetActor(), e.GetAction(), e.GetTarget(), e.GetDetail())
		}
	})
}
