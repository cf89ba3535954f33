package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/connect/v2/connectproto"
	"github.com/VictoriaMetrics/metrics"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/decide/plan"
	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/event"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/history"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/rollout"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/signal"
	"greenroom.dev/greenroom/internal/stage"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/store/sqlite"
	"greenroom.dev/greenroom/internal/ticket"
)

// world is an API on a real store and a real registry, with stand-ins for the engines behind it.
type world struct {
	*API
	store    store.Store
	registry *memory.Memory
	engine   *engine
	server   *connect.Server
	log      *lockedBuffer
	history  *history.Recorder
	events   *event.Service
	fleet    event.Fleet // what events are told of every fleet
	mu       sync.Mutex
	clock    time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	w := &world{clock: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), log: &lockedBuffer{}}
	durable, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "greenroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = durable.Close() })
	w.store, w.registry = durable, memory.New(w.clock)
	specs, err := store.NewSpecCache(ctx, durable)
	if err != nil {
		t.Fatal(err)
	}
	checker, err := rules.New()
	if err != nil {
		t.Fatal(err)
	}
	w.engine = &engine{
		registry: w.registry, now: w.now,
		Router: router.New(router.Config{
			Registry: w.registry, Routes: specs.Route, Now: w.now, Signer: ticket.NewSigner(ticket.NewKeys(make([]byte, 32))),
		}),
	}
	stages, err := stage.New(ctx, stage.Config{Store: durable, Route: specs.Route, Audience: w.engine, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	w.events = event.New(event.Config{
		Specs: specs, Store: durable, Now: w.now, Logger: slog.Default(),
		Facts: event.Facts{
			Fleet: func(model.FleetName) event.Fleet { return w.fleet },
			Route: func(model.RouteName) event.Route { return event.Route{Players: 7} },
		},
	})
	census := observe.NewCensus(observe.Sources{
		Registry: w.registry, Specs: specs.Specs, Now: w.now,
		Size: func(model.FleetName) (plan.Size, time.Time) { return w.engine.size, w.now() },
	})
	w.history = history.New(history.Config{Store: durable, Count: census.Count, Counted: census.Watch, Tally: w.registry.Tally, Specs: specs.Specs, Now: w.now})
	logger := slog.New(slog.NewJSONHandler(w.log, nil))
	w.API = New(Config{
		Store: durable, Specs: specs, Registry: w.registry, Router: w.engine, Keeper: w.engine, Links: w.engine, Provider: w.engine,
		Mover: handover.New(handover.Config{Registry: w.registry, Links: w.engine, Now: w.now, Logger: logger}),
		Rollouts: rollout.New(rollout.Config{
			Store: durable, Specs: specs, Tally: w.registry.Tally, Now: w.now, Logger: slog.Default(),
			Joins: func(model.FleetName) decide.Latencies { return decide.Latencies{} },
			Open:  func(model.FleetName) int { return 0 },
			Query: func(context.Context, string, string) (float64, error) { return 0, errors.New("no Prometheus") },
			Drain: func(context.Context, model.FleetName, string) ([]model.ServerID, error) { return nil, nil },
		}),
		Stages: stages, Events: w.events, Signals: signal.New(signal.Config{Now: w.now}),
		Census: census, Metrics: observe.NewMetrics(observe.MetricsConfig{Set: metrics.NewSet(), Census: census}), History: w.history, Rules: checker,
		Version: Version{Version: "1.2.3", Commit: "abc", StartedAt: w.clock}, Now: w.now,
		Logger: logger,
	})
	w.server = w.NewServer()
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// token makes a token of a scope and answers its secret.
func (w *world) token(t testing.TB, name string, scope store.Scope) string {
	t.Helper()
	secret, token := NewToken(name, scope, w.now(), time.Time{})
	if err := w.store.PutToken(context.Background(), token); err != nil {
		t.Fatal(err)
	}
	return secret
}

// as makes a client that shows a secret with each call; none for "".
func (w *world) as(secret string) *connect.Client {
	return connect.NewClient(connectinprocess.New(w.server), bearer(secret))
}

func bearer(secret string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			if secret != "" {
				info.RequestHeader().Set("Authorization", "Bearer "+secret)
			}
			return next(ctx, spec)
		}
	}
}

// admin is a client that may do everything.
func (w *world) admin(t testing.TB) *connect.Client {
	return w.as(w.token(t, "admin", store.ScopeAdmin))
}

// openServer adds a server that takes sessions.
func (w *world) openServer(t testing.TB, id, fleet string, slots, seats int) model.Server {
	t.Helper()
	ctx := context.Background()
	endpoints := []model.Endpoint{{Name: "ws", URL: "ws://127.0.0.1:7401/room"}}
	_, err := w.registry.AddServer(ctx, model.Server{
		ID: model.ServerID(id), Fleet: model.FleetName(fleet), State: model.ServerStarting, SessionCapacity: slots,
		SeatsPerSession: seats, SeatCapacity: slots * seats, CreatedAt: w.now(), StateSince: w.now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	greeting, err := w.registry.Greet(ctx, registry.Hello{Server: model.ServerID(id), Stream: 1, Endpoints: endpoints, Now: w.now()})
	if err != nil {
		t.Fatal(err)
	}
	s := greeting.Server
	s, err = w.registry.SetState(ctx, s.ID, s.Generation, registry.StateChange{State: model.ServerOpen, Reason: "wanted", Now: w.now()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// engine stands for the keeper, the links and the provider: as little of each as the API's handlers need. Joins go to the
// real router.
type engine struct {
	*router.Router
	handover.Links // nil: nothing is handed over
	registry       *memory.Memory
	now            func() time.Time

	fault   error // of Join, if set
	check   error
	drained keeper.DrainPolicy
	leaving map[string]model.NodeLeave
	told    []string
	unheard error // of what is told
	waited  *time.Duration
	queued  time.Duration // what joins are said to have waited
	size    plan.Size     // of every fleet
	upgrade plan.Upgrade  // likewise
	plan    *keeper.Explanation
}

func (e *engine) Join(ctx context.Context, req router.Request) (router.Placement, error) {
	e.waited = req.MaxWait
	if e.fault != nil {
		return router.Placement{}, e.fault
	}
	p, err := e.Router.Join(ctx, req)
	p.Waited += e.queued
	return p, err
}

func (e *engine) Drain(ctx context.Context, id model.ServerID, policy keeper.DrainPolicy, reason string) (model.Server, error) {
	e.drained = policy
	s, err := e.registry.GetServer(ctx, id)
	if err != nil {
		return model.Server{}, err
	}
	now := e.now()
	return e.registry.SetState(ctx, id, s.Generation, registry.StateChange{
		State: model.ServerDraining, Reason: reason, Now: now,
		Drain: &model.Drain{StartedAt: now, HandOverAt: now.Add(time.Minute), DeadlineAt: now.Add(time.Hour), Reason: reason},
	})
}

func (e *engine) Undrain(ctx context.Context, id model.ServerID) (model.Server, error) {
	s, err := e.registry.GetServer(ctx, id)
	if err != nil {
		return model.Server{}, err
	}
	return e.registry.SetState(ctx, id, s.Generation, registry.StateChange{State: model.ServerOpen, Now: e.now()})
}

func (e *engine) Leaving(context.Context) (map[string]model.NodeLeave, error) { return e.leaving, nil }

func (e *engine) Explain(model.FleetName) (keeper.Explanation, bool) {
	if e.plan == nil {
		return keeper.Explanation{}, false
	}
	return *e.plan, true
}

func (e *engine) Close(_ context.Context, server model.ServerID, session model.SessionRef, _ model.Generation, reason string, _ *handover.Redirect) error {
	e.told = append(e.told, fmt.Sprintf("%s closes %s: %s", server, session, reason))
	return e.unheard
}

// Stage implements stage.Audience.
func (e *engine) Stage(m model.StageMessage, fleets []model.FleetName) model.StageReach {
	e.told = append(e.told, fmt.Sprintf("%v hear %s of %s/%s", fleets, m.Name, m.Route, m.Space))
	return model.StageReach{Servers: 2, Rooms: 5}
}

func (e *engine) Release(_ context.Context, server model.ServerID, session model.SessionRef, _ model.Generation, _ model.SeatID, reason string) error {
	e.told = append(e.told, fmt.Sprintf("%s releases a seat of %s: %s", server, session, reason))
	return e.unheard
}

func (e *engine) Logs(_ context.Context, id model.ServerID, tail int, _ bool, w io.Writer) error {
	if _, err := e.registry.GetServer(context.Background(), id); err != nil {
		return err
	}
	for _, part := range []string{"one\r\ntw", "o\nbad \xff byte\n", strings.Repeat("x", maxLine+10), "\nlast without end"} {
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}
func (e *engine) Check(model.FleetSpec) error { return e.check }

// lockedBuffer is a log that a test reads while others write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// wantCode checks an error's code and that its sentence has all the words.
func wantCode(t testing.TB, err error, code connect.Code, words ...string) {
	t.Helper()
	if connect.CodeOf(err) != code {
		t.Fatalf("error %v has code %v, want %v", err, connect.CodeOf(err), code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// detail finds a detail of an error.
func detail[M proto.Message](t testing.TB, err error) M {
	t.Helper()
	var e *connect.Error
	if errors.As(err, &e) {
		for _, d := range e.Details() {
			m, err := connectproto.UnmarshalErrorDetail(d)
			if err != nil {
				t.Fatal(err)
			}
			if found, ok := m.(M); ok {
				return found
			}
		}
	}
	var none M
	t.Fatalf("error %v has no %T", err, none)
	return none
}

// violations lists the fields of a BadRequest with their sentences.
func violations(t testing.TB, err error) string {
	t.Helper()
	var lines []string
	for _, v := range detail[*errdetails.BadRequest](t, err).GetFieldViolations() {
		lines = append(lines, v.GetField()+": "+v.GetDescription())
	}
	return strings.Join(lines, "\n")
}

func fleetMessage(name string, ready uint32) *greenroomv1.Fleet {
	return &greenroomv1.Fleet{Name: name, Spec: &greenroomv1.FleetSpec{Buffers: &greenroomv1.Buffers{Ready: ready}}}
}

func routeMessage(name string, fleets ...string) *greenroomv1.Route {
	r := &greenroomv1.Route{Name: name, Spec: &greenroomv1.RouteSpec{}}
	for _, f := range fleets {
		r.Spec.Fleets = append(r.Spec.Fleets, &greenroomv1.FleetWeight{Fleet: f, WeightPpm: uint32(1_000_000 / len(fleets))})
	}
	return r
}

// plaza applies a fleet and a route to it.
func (w *world) plaza(t testing.TB, client *connect.Client) {
	t.Helper()
	ctx := context.Background()
	if _, err := greenroomv1connect.NewFleetServiceClient(client).ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: fleetMessage("rooms", 1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := greenroomv1connect.NewRouteServiceClient(client).ApplyRoute(ctx, &greenroomv1.ApplyRouteRequest{Route: routeMessage("plaza", "rooms")}); err != nil {
		t.Fatal(err)
	}
}
