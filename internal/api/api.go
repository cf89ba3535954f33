// Package api owns the handlers of the public contract: who is calling, what they may do, whether the request is well
// formed, and the way from the contract's words to the model's and back. It decides nothing else; the interfaces below
// are what it asks.
package api

import (
	"context"
	"io"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"

	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

// Router seats players; *router.Router is the real one.
type Router interface {
	Join(ctx context.Context, req router.Request) (router.Placement, error)
	Leave(ctx context.Context, session model.SessionRef, player model.PlayerID) (model.Seat, error)
	Waiting(route model.RouteName) int
}

// Keeper carries out what operators ask of servers; *keeper.Keeper is the real one.
type Keeper interface {
	Drain(ctx context.Context, id model.ServerID, policy keeper.DrainPolicy, reason string) (model.Server, error)
	Undrain(ctx context.Context, id model.ServerID) (model.Server, error)
	Explain(name model.FleetName) (keeper.Explanation, bool)
	Upgrade(name model.FleetName) (plan.Upgrade, bool)
	Leaving(ctx context.Context) (map[string]model.NodeLeave, error)
}

// Mover ends sessions, and has their servers hear of it; *handover.Mover is the real one.
type Mover interface {
	End(ctx context.Context, ref model.SessionRef, at handover.Origin, serverGen model.Generation, reason string) error
}

// Links tells servers what was done to their players; *link.Hub is the real one.
type Links interface {
	Release(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation, seat model.SeatID, reason string) error
}

// Provider is what is asked of the engines; a provider.Provider is one.
type Provider interface {
	Logs(ctx context.Context, id model.ServerID, tail int, follow bool, w io.Writer) error
	Check(spec model.FleetSpec) error
}

// Registry is what is needed of the live facts; a registry.Registry is one.
type Registry interface {
	GetServer(ctx context.Context, id model.ServerID) (model.Server, error)
	ListServers(ctx context.Context, fleet model.FleetName) ([]model.Server, error)
	GetSession(ctx context.Context, ref model.SessionRef) (model.Session, error)
	ListSessions(ctx context.Context, filter registry.SessionFilter) ([]model.Session, error)
	Watch(ctx context.Context) <-chan struct{}
}

// Version is what GetVersion answers.
type Version struct {
	Version   string
	Commit    string
	StartedAt time.Time
}

// Config is what an API works with. Every field is required.
type Config struct {
	Store    store.Store
	Specs    *store.SpecCache
	Registry Registry
	Router   Router
	Keeper   Keeper
	Mover    Mover
	Links    Links
	Stages   Stages
	Signals  Signals
	Events   Events
	Rollouts Rollouts
	Provider Provider
	Census   *observe.Census
	Metrics  *observe.Metrics
	History  History
	Rules    *rules.Checker
	// ServerEnv is the environment of a server of a static fleet that uses Greenroom's SDK.
	ServerEnv func(fleet model.FleetName, id model.ServerID, s model.StaticServer) map[string]string
	Version   Version
	Now       func() time.Time
	Logger    *slog.Logger
}

// API is the handlers and their interceptors. It is safe for concurrent use and has no goroutine of its own.
type API struct {
	cfg        Config
	log        *slog.Logger
	tokens     tokenCache
	logins     logins
	simulating chan struct{} // holds one while a simulation runs
}

// New makes an API.
func New(cfg Config) *API {
	return &API{
		cfg: cfg, log: cfg.Logger,
		tokens:     tokenCache{known: map[[32]byte]cachedToken{}},
		logins:     logins{codes: map[[32]byte]login{}},
		simulating: make(chan struct{}, 1),
	}
}

// NewServer makes a server with the interceptors and all services but LinkService, which authenticates servers by their
// own tokens; it may be registered on the same server or on one of its own.
func (a *API) NewServer() *connect.Server {
	server := connect.NewServer(a.Interceptors()...)
	a.Register(server)
	return server
}

// Interceptors are those that every server needs that the services are registered on, outermost first.
func (a *API) Interceptors() []connect.ServerInterceptor {
	return []connect.ServerInterceptor{a.faults, a.authenticate, a.validate}
}

// Register adds the services to a server that was made with the Interceptors.
func (a *API) Register(server *connect.Server) {
	greenroomv1connect.RegisterApplyServiceHandler(server, applies{a})
	greenroomv1connect.RegisterEventServiceHandler(server, events{a})
	greenroomv1connect.RegisterFleetServiceHandler(server, fleets{a})
	greenroomv1connect.RegisterHistoryServiceHandler(server, histories{a})
	greenroomv1connect.RegisterRouteServiceHandler(server, routes{a})
	greenroomv1connect.RegisterJoinServiceHandler(server, joins{a})
	greenroomv1connect.RegisterServerServiceHandler(server, servers{a})
	greenroomv1connect.RegisterSessionServiceHandler(server, sessions{a})
	greenroomv1connect.RegisterSimulateServiceHandler(server, simulations{a})
	greenroomv1connect.RegisterSignalServiceHandler(server, signals{a})
	greenroomv1connect.RegisterNodeServiceHandler(server, nodes{a})
	greenroomv1connect.RegisterRolloutServiceHandler(server, rollouts{a})
	greenroomv1connect.RegisterStageServiceHandler(server, stages{a})
	greenroomv1connect.RegisterSystemServiceHandler(server, system{a})
}
