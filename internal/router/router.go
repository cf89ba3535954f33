// Package router owns the join: a route's fleets in the order of the key, a seat from the registry, its ticket, and the
// fair queue in which joins wait while no open server has room. No provider is ever on this path (rule I5).
package router

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/ticket"
)

// ReservationGrace is how much longer a seat is reserved than its ticket opens it. It covers the time until the server's
// report of the claim arrives and what the clocks of the two machines differ by: a seat must not be given to another
// player when the ticket was used in its last second.
const ReservationGrace = 5 * time.Second

// Registry is what the router needs of registry.Registry.
type Registry interface {
	registry.Joins
	Watch(ctx context.Context) <-chan struct{}
}

// Signer writes tickets and connect tokens; *ticket.Signer is the real one.
type Signer interface {
	Sign(c ticket.Claims) string
	Seal(c ticket.Claims) string
}

// Config is what New needs. Every field but Region, NewKey and Now has to be set.
type Config struct {
	Registry Registry
	// Routes answers a route with its defaults filled in. Called with every join: answer from memory.
	Routes func(model.RouteName) (model.Route, bool)
	// Region answers where a fleet's servers are; "" for nowhere in particular. Called with every join that says how far
	// regions are: answer from memory. nil: nobody's are anywhere.
	Region func(model.FleetName) model.RegionName
	Signer Signer
	Now    func() time.Time        // nil: time.Now
	NewKey func() model.SessionKey // makes up keys of new sessions; nil: 80 random bits
}

// Router joins players. Safe for concurrent use.
type Router struct {
	cfg  Config
	wake chan struct{} // capacity 1: the queues need another look

	mu     sync.Mutex
	held   bool
	queues map[model.RouteName]*queue

	tick struct { // memory of one tick for the next
		routes []model.RouteName
		line   []*Waiting
	}
}

// New makes a router. Waiting joins are served only while Run runs.
func New(cfg Config) *Router {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewKey == nil {
		cfg.NewKey = randomKey
	}
	return &Router{cfg: cfg, wake: make(chan struct{}, 1), queues: map[model.RouteName]*queue{}}
}

// Request is one join.
type Request struct {
	Route     model.RouteName
	Key       model.SessionKey // "": a seat in any session
	Players   []model.PlayerID // 1 to model.MaxParty, all different
	RequestID string           // "": a repeat is another join
	MaxWait   *time.Duration   // nil: the route's, which also bounds it; 0: do not wait
	// Latencies are how far the party is from regions, round trip. A new session goes to the nearest with room; empty: no
	// matter. Not to be changed while the join waits.
	Latencies map[model.RegionName]time.Duration
}

// Placement is where a party goes.
type Placement struct {
	Session    model.SessionRef
	Generation model.Generation
	Fleet      model.FleetName
	Server     model.ServerID
	Endpoints  []model.Endpoint // shared: not to be changed
	Tickets    []Ticket         // in the order of Request.Players
	Created    bool
	Waited     time.Duration // in the route's queue; 0: seated at once
}

// Ticket is one player's way in.
type Ticket struct {
	Player       model.PlayerID
	Ticket       string
	ConnectToken string // the same seat, for model.EndpointUDP; "" if the server has none
	Seat         model.SeatID
	ExpiresAt    time.Time // of the ticket, if it is not used
}

// Errors besides those of registry.Reserve.
var (
	// ErrNoRoute: there is no route of that name.
	ErrNoRoute = errors.New("no such route")
	// ErrHeld: servers from before a restart have not all been found again, and the session may be on one of them.
	ErrHeld = errors.New("servers are being found again after a restart")
)

// FullError says that a join waited as long as it may and got no seat, or that too many wait already. It wraps the
// reason: registry.ErrFull, registry.ErrSessionFull, registry.ErrMoving or ErrHeld.
type FullError struct {
	Route      model.RouteName
	Reason     error
	Waited     time.Duration
	RetryAfter time.Duration // a proposal that grows with the queue
}

// Error tells what happened and what to do.
func (e *FullError) Error() string {
	return fmt.Sprintf("join %s: %v after waiting %v; retry after %v", e.Route, e.Reason, e.Waited.Round(time.Millisecond), e.RetryAfter)
}

// Unwrap gives the reason.
func (e *FullError) Unwrap() error { return e.Reason }

// Join seats a party. It answers at once while there is room: else it waits in the route's queue until ctx, the
// request's or the route's longest wait ends. Errors: ErrNoRoute, *FullError, ctx's, and those of registry.Reserve that
// waiting does not help.
func (r *Router) Join(ctx context.Context, req Request) (Placement, error) {
	p, waiting, err := r.Offer(ctx, req)
	if waiting != nil {
		return r.await(ctx, waiting)
	}
	return p, err
}

// Offer is Join without its waiting: it seats a party at once, or puts it into the route's queue and answers what waits
// there, or refuses it. It does not block, nor does it start anything. ctx is the join's for as long as it waits.
func (r *Router) Offer(ctx context.Context, req Request) (Placement, *Waiting, error) {
	route, ok := r.cfg.Routes(req.Route)
	if !ok {
		return Placement{}, nil, fmt.Errorf("%s: %w", req.Route, ErrNoRoute)
	}
	if err := ctx.Err(); err != nil {
		return Placement{}, nil, err
	}
	reason := r.queued(req.Route)
	var res registry.Reservation
	var err error
	switch {
	case reason == nil:
		res, err = r.reserve(ctx, &req, &route, nil, true)
	case req.Key != "" || req.RequestID != "":
		// A seat in a session that is there, or an answer already given, takes nothing from those who wait.
		res, err = r.reserve(ctx, &req, &route, nil, false)
	default:
		err = reason
	}
	switch {
	case err == nil:
		return r.placement(res), nil, nil
	case !waits(err):
		return Placement{}, nil, err
	case reason != nil && !errors.Is(err, registry.ErrMoving) && !errors.Is(err, registry.ErrSessionFull):
		err = reason
	}
	waiting, err := r.wait(ctx, req, route, err)
	return Placement{}, waiting, err
}

// Leave gives a player's seat back; see registry.Joins.
func (r *Router) Leave(ctx context.Context, session model.SessionRef, player model.PlayerID) (model.Seat, error) {
	return r.cfg.Registry.Leave(ctx, session, player, r.cfg.Now())
}

// Hold keeps joins that need a new session, or one that nobody is in, and those without a key, waiting: after a restart of the control
// plane, a session may live on a server that has not greeted yet, and must not be made a second time (rule I1).
func (r *Router) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = true
}

// Unhold ends a Hold; the joins that waited go first, in the order of their arrival.
func (r *Router) Unhold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = false
	r.awake()
}

// waits tells whether waiting may help.
func waits(err error) bool {
	return errors.Is(err, registry.ErrFull) || errors.Is(err, registry.ErrMoving) || errors.Is(err, ErrHeld)
}

// reserve asks the registry; without fresh only for a session that is there. Fleets are the route's in the order in which the
// join's key tries them, where that is known.
func (r *Router) reserve(ctx context.Context, req *Request, route *model.Route, fleets []model.FleetName, fresh bool) (registry.Reservation, error) {
	now := r.cfg.Now()
	ask := registry.Reserve{
		Route: req.Route, Key: req.Key, Players: req.Players, RequestID: req.RequestID,
		Now: now, ExpiresAt: now.Add(model.TicketTTL + ReservationGrace),
	}
	if fresh {
		key := req.Key
		if key == "" {
			ask.NewKey = r.cfg.NewKey()
			key = ask.NewKey
		}
		switch {
		case fleets == nil:
			ask.Fleets = place.Order(string(key), route.Fleets)
		case len(req.Latencies) > 0:
			ask.Fleets = slices.Clone(fleets) // which is put in another order
		default:
			ask.Fleets = fleets
		}
		if len(req.Latencies) > 0 && r.cfg.Region != nil {
			ask.Fleets = place.Nearest(ask.Fleets, r.cfg.Region, req.Latencies, route.RegionSlack)
		}
	}
	return r.cfg.Registry.Reserve(ctx, ask)
}

// placement signs the tickets.
func (r *Router) placement(res registry.Reservation) Placement {
	p := Placement{
		Session: res.Session, Generation: res.Generation, Fleet: res.Fleet, Server: res.Server, Endpoints: res.Endpoints,
		Tickets: make([]Ticket, len(res.Seats)), Created: res.Created,
	}
	seal := model.TakesConnectTokens(res.Endpoints)
	claims := ticket.Claims{Server: res.Server, Session: res.Session, Generation: res.Generation, Capacity: res.SessionCapacity}
	for i, s := range res.Seats {
		claims.Player, claims.Seat = s.Player, s.ID
		claims.ExpiresAt = s.ExpiresAt.Add(-ReservationGrace)
		if s.State == model.SeatClaimed {
			claims.ExpiresAt = r.cfg.Now().Add(model.TicketTTL)
		}
		p.Tickets[i] = Ticket{Player: s.Player, Ticket: r.cfg.Signer.Sign(claims), Seat: s.ID, ExpiresAt: claims.ExpiresAt}
		if seal {
			p.Tickets[i].ConnectToken = r.cfg.Signer.Seal(claims)
		}
	}
	return p
}
