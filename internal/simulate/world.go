package simulate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/event"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/ticket"
)

// World is one control plane with its servers and players on a Loop. Everything in it happens in the loop's goroutine.
type World struct {
	in     Input
	ctx    context.Context
	loop   *Loop
	order  []model.Fleet // by name, as they are under the policy
	fleets map[model.FleetName]*model.Fleet
	routes map[model.RouteName]model.Route

	registry *memory.Memory
	changes  <-chan struct{}
	router   *router.Router
	keeper   *keeper.Keeper
	events   *event.Service
	machine  *machine
	signals  map[model.FleetName]map[string]scale.Signal // of a rival; nil: none

	demand   *demand
	visitors []*visitor // by their numbers, those who have a seat
	kept     []*kept
	waiting  []*queued
	nextLook time.Time // zero: none
	lastLook time.Time
	rooms    rooms
	keys     number // that the router made up

	meter       *meter
	begunBefore uint64
	said        said
	broken      error // the world did what cannot be
}

// newWorld builds a world under a policy, whose clock stands at the beginning of the lead-in.
func newWorld(in *Input, p Policy) *World {
	lead := in.leadSteps()
	start := in.Trace.Start.Add(-time.Duration(lead) * in.Trace.Step)
	w := &World{
		in: *in, ctx: context.Background(), loop: NewLoop(start, in.Seed), fleets: map[model.FleetName]*model.Fleet{},
		routes: map[model.RouteName]model.Route{}, meter: newMeter(),
	}
	for _, f := range in.Fleets {
		f.Spec = p.apply(f.Spec)
		w.order = append(w.order, f)
	}
	for i := range w.order {
		w.fleets[w.order[i].Name] = &w.order[i]
	}
	for _, r := range in.Routes {
		w.routes[r.Name] = r
	}
	w.demand = newDemand(&w.in.Trace, lead, in.seats(), in.Seed)
	w.machine = &machine{loop: w.loop, spec: in.Boot, servers: map[model.ServerID]*server{}, greet: w.greet, ended: w.ended}
	w.controlPlane(p)
	if p.rival() {
		w.drive(p)
	}
	w.loop.Then = w.then
	w.keep()
	w.expire()
	w.beat()
	w.loop.After(0, w.step)
	return w
}

// controlPlane builds the real parts.
func (w *World) controlPlane(p Policy) {
	w.registry = memory.New(w.loop.Now())
	w.changes = w.registry.Watch(w.ctx)
	quiet := slog.New(slog.DiscardHandler)
	w.router = router.New(router.Config{
		Registry: w.registry, Signer: noTickets{}, Now: w.loop.Now, NewKey: w.sessionKey,
		Routes: func(name model.RouteName) (model.Route, bool) {
			r, ok := w.routes[name]
			return r, ok
		},
	})
	static := &store.Specs{Fleets: map[model.FleetName]model.Fleet{}, Routes: w.routes, Events: w.in.Events, Revision: 1}
	for _, f := range w.order {
		static.Fleets[f.Name] = f
	}
	w.events = event.New(event.Config{Specs: known{static}, Now: w.loop.Now, Logger: quiet})
	waiting := w.router.Waiting
	if p.rival() {
		waiting = func(model.RouteName) int { return 0 } // it sees servers, not joins
	}
	w.keeper = keeper.New(keeper.Config{
		Store: &specs{fleets: w.order, routes: w.in.Routes}, Registry: w.registry, Provider: w.machine,
		Mover:   handover.New(handover.Config{Registry: w.registry, Links: links{w}, Signer: noTickets{}, Now: w.loop.Now, Logger: quiet}),
		Env:     func(model.ServerID) map[string]string { return nil },
		Waiting: waiting, Outlook: w.outlook, Now: w.loop.Now, Holder: "simulation", Logger: quiet, Work: w.work, Suffix: w.suffix,
	})
}

// known is specs that do not change, as event.Service asks for them.
type known struct{ specs *store.Specs }

// Specs implements event.Specs.
func (k known) Specs() *store.Specs { return k.specs }

// Watch implements event.Specs; nothing changes.
func (k known) Watch(context.Context) <-chan struct{} { return nil }

// noTickets is a signer whose tickets are empty: virtual servers believe the visitors.
type noTickets struct{}

// Sign implements router.Signer.
func (noTickets) Sign(ticket.Claims) string { return "" }

// Seal implements router.Signer.
func (noTickets) Seal(ticket.Claims) string { return "" }

// step lets the visitors of the trace's next step come, and those of the steps after.
func (w *World) step() {
	at, visits, ok := w.demand.next()
	if !ok {
		return
	}
	for i := range visits {
		v := &visits[i]
		w.loop.at(v.at.UnixNano(), (*arriving)(w.visitorOf(v)))
	}
	w.loop.At(at.Add(w.in.Trace.Step), w.step)
}

// then sees to the joins that wait when the registry has changed.
func (w *World) then() {
	if len(w.waiting) > 0 && w.registryChanged() {
		w.lookSoon(router.Pace)
	}
}

// registryChanged tells whether it has since it was last asked. Nobody asks while no join waits.
func (w *World) registryChanged() bool {
	select {
	case <-w.changes:
		return true
	default:
		return false
	}
}

// ended is the end of a server's instance; who was on it notices, and joins again.
func (w *World) ended(s *server) {
	w.pay(s)
	for _, r := range slices.SortedFunc(slices.Values(s.rooms), func(a, b *room) int { return compareRefs(a.ref, b.ref) }) {
		w.close(s, r)
		for _, seat := range r.seats {
			w.lost(seat.player)
		}
	}
	w.hurry()
}

func (w *World) pay(s *server) { w.meter.paid(s, w.loop.Now()) }

// begin is the beginning of the trace, from which on everything counts.
func (w *World) begin() {
	now := w.loop.Now()
	for _, s := range w.machine.order {
		w.pay(s)
	}
	w.meter.begin(now)
	w.begunBefore = w.begun()
	for _, s := range w.machine.order {
		if s.instance.Running {
			w.meter.present[s.instance.Fleet]++
		}
	}
	w.sample()
}

// begun counts the sessions that began, by joins.
func (w *World) begun() (n uint64) {
	tally, err := w.registry.Tally(w.ctx)
	w.must("tally", err)
	for _, c := range tally.Routes {
		n += c.SessionsBegun
	}
	return n
}

// sample takes a point, and the next ones.
func (w *World) sample() {
	span := w.in.Trace.End().Sub(w.in.Trace.Start)
	every := max(time.Second, (span/(MaxPoints-1) + time.Second - 1).Truncate(time.Second))
	counts, err := w.registry.Count(w.ctx)
	w.must("count", err)
	p := Point{At: w.loop.Now(), Servers: w.machine.running, Players: w.meter.players, Waiting: len(w.waiting)}
	for _, c := range counts.Fleets {
		p.Open += c.Servers[model.ServerOpen]
		p.Sessions += c.Sessions
	}
	w.meter.points = append(w.meter.points, p)
	w.loop.Note("point", uint64(p.Servers), uint64(p.Open), uint64(p.Sessions), uint64(p.Players), uint64(p.Waiting))
	w.loop.After(every, w.sample)
}

// must notes what the registry or the keeper refused although nothing here can fail: a mistake of the simulation itself.
func (w *World) must(doing string, err error) {
	if err != nil && w.broken == nil {
		w.broken = fmt.Errorf("at %s, %s: %w", w.loop.Now().Format(time.RFC3339Nano), doing, err)
	}
}
