// Package registrytest owns the conformance suite of registry.Registry: what every implementation must do, each rule by
// its name, then compared with a small reference model over random histories, and raced.
package registrytest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// start is the suite's first moment.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Run runs the suite; fresh makes an empty registry whose counters start no later than `now`.
func Run(t *testing.T, fresh func(t *testing.T, now time.Time) registry.Registry) {
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"Joins", joinCases},
		{"Servers", serverCases},
		{"Greet", greetCases},
		{"Report", reportCases},
		{"Sessions", sessionCases},
		{"Moves", moveCases},
		{"Avoid", avoidCases},
		{"Places", placeCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { play(t, c, fresh(t, start)) })
			}
		})
	}
	t.Run("Model", func(t *testing.T) { checkModel(t, fresh) })
	t.Run("Race", func(t *testing.T) { race(t, fresh) })
}

type testCase struct {
	name string
	run  func(w *world)
}

// world is a registry, a clock and short ways to say things.
type world struct {
	*testing.T
	registry.Registry
	ctx context.Context
	now time.Time
}

func newWorld(t *testing.T, r registry.Registry) *world {
	return &world{T: t, Registry: r, ctx: t.Context(), now: start}
}

const ttl = model.TicketTTL

func ref(key model.SessionKey) model.SessionRef { return model.SessionRef{Route: "plaza", Key: key} }

// shape is the capacity of a test server: sessions, seats of each, seats altogether (0: enough).
type shape struct{ slots, size, seats int }

// start adds a Starting server.
func (w *world) start(id model.ServerID, fleet model.FleetName, s shape) model.Server {
	w.Helper()
	return must(w.AddServer(w.ctx, model.Server{
		ID: id, Fleet: fleet, State: model.ServerStarting, CreatedAt: w.now,
		SessionCapacity: s.slots, SeatsPerSession: s.size, SeatCapacity: s.seats,
	}))
}

// greet links a server with what it has.
func (w *world) greet(id model.ServerID, stream uint64, sessions ...registry.SessionReport) registry.Greeting {
	w.Helper()
	return must(w.Greet(w.ctx, registry.Hello{
		Server: id, Stream: stream, Sessions: sessions, Now: w.now, Endpoints: []model.Endpoint{{Name: "ws", URL: "ws://" + string(id)}},
	}))
}

// open adds a server and opens it.
func (w *world) open(id model.ServerID, fleet model.FleetName, s shape) {
	w.Helper()
	w.start(id, fleet, s)
	w.greet(id, 1)
	w.become(id, model.ServerOpen)
}

// linkless adds an open server of the Agones SDK's kind.
func (w *world) linkless(id model.ServerID, fleet model.FleetName, s shape) {
	w.Helper()
	w.start(id, fleet, s)
	must(w.Greet(w.ctx, registry.Hello{Server: id, Linkless: true, Now: w.now}))
	w.become(id, model.ServerOpen)
}

func (w *world) become(id model.ServerID, state model.ServerState) model.Server {
	w.Helper()
	return must(w.SetState(w.ctx, id, w.server(id).Generation, registry.StateChange{State: state, Reason: "test", Now: w.now}))
}

func (w *world) server(id model.ServerID) model.Server {
	w.Helper()
	return must(w.GetServer(w.ctx, id))
}

func (w *world) session(key model.SessionKey) model.Session {
	w.Helper()
	return must(w.GetSession(w.ctx, ref(key)))
}

// try joins fleet "a" of route plaza; a key "" gets the new key "new-…".
func (w *world) try(key model.SessionKey, players ...model.PlayerID) (registry.Reservation, error) {
	return w.reserve(registry.Reserve{Key: key, Fleets: []model.FleetName{"a"}, Players: players})
}

// reserve fills in what a request leaves out.
func (w *world) reserve(req registry.Reserve) (registry.Reservation, error) {
	if req.Route == "" {
		req.Route = "plaza"
	}
	if req.NewKey == "" && len(req.Players) > 0 {
		req.NewKey = model.SessionKey("new-" + string(req.Players[0]))
	}
	req.Now, req.ExpiresAt = w.now, w.now.Add(ttl)
	return w.Reserve(w.ctx, req)
}

func (w *world) join(key model.SessionKey, players ...model.PlayerID) registry.Reservation {
	w.Helper()
	return must(w.try(key, players...))
}

// claim reports that exactly these seats of a session are claimed.
func (w *world) claim(r registry.Reservation, seats ...model.Seat) {
	w.Helper()
	w.report(r.Server, 1, said(r, seats...))
}

func (w *world) report(id model.ServerID, stream uint64, sessions ...registry.SessionReport) {
	w.Helper()
	w.ok(w.Report(w.ctx, registry.Report{Server: id, Stream: stream, Sessions: sessions, Now: w.now}))
}

// said is what a server says of a session it has.
func said(r registry.Reservation, claimed ...model.Seat) registry.SessionReport {
	return registry.SessionReport{Session: r.Session, Generation: r.Generation, Capacity: r.SessionCapacity, Claimed: claimed}
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) expire() int {
	w.Helper()
	return must(w.Expire(w.ctx, w.now))
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) is(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("got error %v, want %v", err, want)
	}
}

func (w *world) equal(got, want any) {
	w.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Fatalf("got %v, want %v", got, want)
	}
}

// none wants a session to be gone.
func (w *world) none(key model.SessionKey) {
	w.Helper()
	_, err := w.GetSession(w.ctx, ref(key))
	w.is(err, registry.ErrNotFound)
}

// counts is a server's sessions, reserved and claimed seats.
func (w *world) counts(id model.ServerID) [3]int {
	w.Helper()
	s := w.server(id)
	return [3]int{s.Sessions, s.SeatsReserved, s.SeatsClaimed}
}

// must is for calls that have to succeed; what it panics with fails the case that runs.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Errorf("unexpected: %w", err))
	}
	return v
}

// play runs one case.
func play(t *testing.T, c testCase, r registry.Registry) {
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%v\n%s", p, debug.Stack())
		}
	}()
	c.run(newWorld(t, r))
}
