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

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/store"
)

// Router seats players.
type Router interface {
	// Join seats a party, waiting its turn while no open server has room. Errors are registry's, wrapped; ErrNotFound
	// is "no such route". An error that has a method RetryAfter() time.Duration says when to try again.
	Join(ctx context.Context, join Join) (Seated, error)
	// Leave gives a seat back, or removes a connected player. registry.ErrNotFound.
	Leave(ctx context.Context, session model.SessionRef, player model.PlayerID) error
	// Waiting is how many joins stand in a route's queue.
	Waiting(route model.RouteName) int
}

// Join is the input of Router.Join.
type Join struct {
	Route     model.RouteName
	Key       model.SessionKey // "": any session
	Players   []model.PlayerID
	RequestID string
	MaxWait   *time.Duration // nil: the route's
}

// Seated is the answer of Router.Join.
type Seated struct {
	Session   model.SessionRef
	Fleet     model.FleetName
	Server    model.ServerID
	Endpoints []model.Endpoint
	Tickets   []Ticket // in the order of Join.Players
	Created   bool
}

// Ticket is one player's.
type Ticket struct {
	Player    model.PlayerID
	Ticket    string
	ExpiresAt time.Time
}

// Keeper carries out what operators ask of servers.
type Keeper interface {
	// Drain begins a drain, or changes the times of one; the policy is whole. registry's errors.
	Drain(ctx context.Context, server model.ServerID, policy model.DrainPolicy, reason string) (model.Server, error)
	// Undrain takes a drain back. registry.ErrConflict once the server is empty.
	Undrain(ctx context.Context, server model.ServerID) (model.Server, error)
	// Explain tells the last plan for a fleet; false while there is none yet.
	Explain(fleet model.FleetName) (*greenroomv1.ExplainFleetResponse, bool)
}

// Ender ends sessions: in the registry, and on their server so that players are told to stop.
type Ender interface {
	End(ctx context.Context, session model.SessionRef, gen model.Generation, reason string) error
}

// Provider is what is asked of the engines; a provider.Provider is one.
type Provider interface {
	Logs(ctx context.Context, id model.ServerID, tail int, follow bool, w io.Writer) error
	Check(spec model.FleetSpec) error
}

// Registry is what is read of the live facts; a registry.Registry is one.
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
	Ender    Ender
	Provider Provider
	Census   *observe.Census
	Metrics  *observe.Metrics
	Rules    *rules.Checker
	Version  Version
	Now      func() time.Time
	Logger   *slog.Logger
}

// API is the handlers and their interceptors. It is safe for concurrent use and has no goroutine of its own.
type API struct {
	cfg    Config
	log    *slog.Logger
	tokens tokenCache
	logins logins
}

// New makes an API.
func New(cfg Config) *API {
	return &API{
		cfg: cfg, log: cfg.Logger,
		tokens: tokenCache{known: map[[32]byte]cachedToken{}},
		logins: logins{codes: map[[32]byte]login{}},
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
	greenroomv1connect.RegisterFleetServiceHandler(server, fleets{a})
	greenroomv1connect.RegisterRouteServiceHandler(server, routes{a})
	greenroomv1connect.RegisterJoinServiceHandler(server, joins{a})
	greenroomv1connect.RegisterServerServiceHandler(server, servers{a})
	greenroomv1connect.RegisterSessionServiceHandler(server, sessions{a})
	greenroomv1connect.RegisterSystemServiceHandler(server, system{a})
}
