package chaos

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
)

// registryPatience is how long a call of the registry is waited for.
const registryPatience = 2 * time.Second

// facts is the registry as a node of the network reaches it: every verb is a message there and one back.
type facts struct {
	from *node
	at   *authority
}

var _ registry.Registry = facts{}

func reach[T any](f facts, do func() (T, error)) (T, error) {
	return wait(f.from, f.at.node, registryPatience, do)
}

func (f facts) only(do func() error) error {
	_, err := reach(f, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// asking is a router's call for a seat: every look at a queue makes one for each join in it, so they are used again.
type asking struct {
	call[registry.Reservation]
	at   *authority
	sent time.Time
	req  registry.Reserve
}

func (a *asking) reserve() (registry.Reservation, error) { return a.at.reserve(a.from, a.sent, &a.req) }

// Reserve implements registry.Joins.
func (f facts) Reserve(_ context.Context, req registry.Reserve) (registry.Reservation, error) {
	return f.reserve(&req)
}

func (f facts) reserve(req *registry.Reserve) (registry.Reservation, error) {
	var a *asking
	if last := len(f.at.askings) - 1; last >= 0 {
		a, f.at.askings = f.at.askings[last], f.at.askings[:last]
	} else {
		a = &asking{at: f.at}
		a.to, a.do = f.at.node, a.reserve
	}
	a.from, a.sent, a.req = f.from, f.from.w.loop.Now(), *req
	res, err := a.wait(registryPatience, true)
	if a.settled() {
		a.renew()
		a.req = registry.Reserve{}
		f.at.askings = append(f.at.askings, a)
	}
	return res, err
}

// leavePatience outlasts every delay: see Leave.
const leavePatience = 30 * time.Second

// Leave implements registry.Joins. It names a player and no seat, so a doubled one would take the player's next seat: it is
// sent once.
func (f facts) Leave(ctx context.Context, session model.SessionRef, player model.PlayerID, now time.Time) (model.Seat, error) {
	sent := false
	return wait(f.from, f.at.node, leavePatience, func() (model.Seat, error) {
		if sent {
			return model.Seat{}, registry.ErrNotFound
		}
		sent = true
		return f.at.Leave(ctx, session, player, now)
	})
}

// AddServer implements registry.Servers.
func (f facts) AddServer(ctx context.Context, s model.Server) (model.Server, error) {
	if f.at.w.has(UntriedTemplate) && s.FleetRevision > 1 {
		s.State, s.ReportedAt = model.ServerReady, s.CreatedAt
	}
	if f.at.w.has(TakenForHeard) && s.Reason == "found again" {
		s.ReportedAt = s.CreatedAt
	}
	return reach(f, func() (model.Server, error) { return f.at.AddServer(ctx, s) })
}

// SetState implements registry.Servers.
func (f facts) SetState(_ context.Context, id model.ServerID, gen model.Generation, c registry.StateChange) (model.Server, error) {
	asked := f.from.w.current.began
	return reach(f, func() (model.Server, error) { return f.at.setState(f.from, asked, id, gen, c) })
}

// RemoveServer implements registry.Servers.
func (f facts) RemoveServer(_ context.Context, id model.ServerID, gen model.Generation) error {
	return f.only(func() error { return f.at.removeServer(id, gen) })
}

// Greet implements registry.Servers; only the hub's streams bring hellos.
func (f facts) Greet(context.Context, registry.Hello) (registry.Greeting, error) {
	panic("chaos: greet")
}

// Report implements registry.Servers; only the hub's streams bring reports.
func (f facts) Report(context.Context, registry.Report) error { panic("chaos: report") }

// Unlink implements registry.Servers; only the hub's streams end.
func (f facts) Unlink(context.Context, model.ServerID, uint64, time.Time) error {
	panic("chaos: unlink")
}

// Annotate implements registry.Servers.
func (f facts) Annotate(ctx context.Context, id model.ServerID, labels, annotations map[string]string) error {
	return f.only(func() error { return f.at.Annotate(ctx, id, labels, annotations) })
}

// Attach implements registry.Servers.
func (f facts) Attach(ctx context.Context, id model.ServerID, a registry.Attachment) error {
	return f.only(func() error { return f.at.Attach(ctx, id, a) })
}

// Avoid implements registry.Servers.
func (f facts) Avoid(ctx context.Context, id model.ServerID, gen model.Generation, avoided bool) error {
	return f.only(func() error { return f.at.Avoid(ctx, id, gen, avoided) })
}

// GetServer implements registry.Servers.
func (f facts) GetServer(ctx context.Context, id model.ServerID) (model.Server, error) {
	return reach(f, func() (model.Server, error) { return f.at.GetServer(ctx, id) })
}

// ListServers implements registry.Servers.
func (f facts) ListServers(ctx context.Context, fleet model.FleetName) ([]model.Server, error) {
	return reach(f, func() ([]model.Server, error) { return f.at.ListServers(ctx, fleet) })
}

// AppendServers implements registry.Servers.
func (f facts) AppendServers(ctx context.Context, to []model.Server, fleet model.FleetName) ([]model.Server, error) {
	return f.at.lists.wait(f.from, f.at.node, registryPatience, func() ([]model.Server, error) {
		mine := to
		to = nil // a doubled request writes elsewhere
		return f.at.AppendServers(ctx, mine, fleet)
	})
}

// GetSession implements registry.Sessions.
func (f facts) GetSession(ctx context.Context, ref model.SessionRef) (model.Session, error) {
	return reach(f, func() (model.Session, error) { return f.at.GetSession(ctx, ref) })
}

// ListSessions implements registry.Sessions.
func (f facts) ListSessions(ctx context.Context, filter registry.SessionFilter) ([]model.Session, error) {
	return reach(f, func() ([]model.Session, error) { return f.at.ListSessions(ctx, filter) })
}

// BeginMove implements registry.Sessions.
func (f facts) BeginMove(_ context.Context, ref model.SessionRef, gen model.Generation, now time.Time) (model.Generation, error) {
	return reach(f, func() (model.Generation, error) { return f.at.beginMove(ref, gen, now) })
}

// CommitMove implements registry.Sessions.
func (f facts) CommitMove(_ context.Context, move registry.Move) (registry.Reservation, error) {
	return reach(f, func() (registry.Reservation, error) { return f.at.commitMove(move) })
}

// FinishMove implements registry.Sessions.
func (f facts) FinishMove(_ context.Context, ref model.SessionRef, gen model.Generation, now time.Time) error {
	return f.only(func() error { return f.at.finishMove(ref, gen, now) })
}

// SentOn implements registry.Sessions.
func (f facts) SentOn(ctx context.Context, ref model.SessionRef, from model.ServerID, gen model.Generation, now time.Time) error {
	return f.only(func() error { return f.at.SentOn(ctx, ref, from, gen, now) })
}

// AbortMove implements registry.Sessions.
func (f facts) AbortMove(_ context.Context, ref model.SessionRef, gen, move model.Generation, now time.Time) error {
	return f.only(func() error { return f.at.abortMove(ref, gen, move, now) })
}

// EndSession implements registry.Sessions.
func (f facts) EndSession(_ context.Context, ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error {
	return f.only(func() error { return f.at.endSession(ref, gen, serverGen, now) })
}

// Orphan implements registry.Sessions.
func (f facts) Orphan(ctx context.Context, id model.ServerID, now time.Time) ([]model.Session, error) {
	return reach(f, func() ([]model.Session, error) { return f.at.orphan(id, now) })
}

// Expire implements registry.Sessions.
func (f facts) Expire(ctx context.Context, now time.Time) (int, error) {
	return reach(f, func() (int, error) { return f.at.Expire(ctx, now) })
}

// Tally implements registry.Registry.
func (f facts) Tally(ctx context.Context) (registry.Tally, error) {
	return reach(f, func() (registry.Tally, error) { return f.at.Tally(ctx) })
}

// Begun implements registry.Registry.
func (f facts) Begun(ctx context.Context, fleet model.FleetName) (uint64, error) {
	return f.at.begun.wait(f.from, f.at.node, registryPatience, func() (uint64, error) { return f.at.Begun(ctx, fleet) })
}

// Count implements registry.Registry.
func (f facts) Count(ctx context.Context) (registry.Count, error) {
	return reach(f, func() (registry.Count, error) { return f.at.Count(ctx) })
}

// Watch implements registry.Registry; routers and keepers are woken by the world.
func (f facts) Watch(context.Context) <-chan struct{} { return nil }

// Acquire implements registry.Registry.
func (f facts) Acquire(_ context.Context, name, holder string, ttl time.Duration, now time.Time) (bool, model.Generation, error) {
	l, err := f.at.acquires.wait(f.from, f.at.node, registryPatience, func() (lease, error) {
		held, fence, err := f.at.acquire(name, holder, ttl, now)
		return lease{held, fence}, err
	})
	return l.held, l.fence, err
}

// lease is what is answered to who asks for one.
type lease struct {
	held  bool
	fence model.Generation
}

// authority is the node that has the registry. What its memory does is checked here, where it takes effect.
type authority struct {
	*memory.Memory
	w        *World
	node     *node
	changes  <-chan struct{}
	cancel   context.CancelFunc
	askings  []*asking // to be used again
	lists    calls[[]model.Server]
	acquires calls[lease]
	begun    calls[uint64]
	leases   map[string]granted
	// answered has the ids of joins that were answered.
	answered map[string]bool
	bornAt   time.Time
}

// granted is a lease as it was given last.
type granted struct {
	holder string
	until  time.Time // by the holder's clock
}

// heard is the newest that the registry took of a server in one of its lives; stream 0: neither a hello nor anything after it.
type heard struct {
	life           int
	stream, serial uint64
}

// heardOf is what this registry heard of a server.
func (a *authority) heardOf(s *server) *heard {
	if s.heard.life != a.node.life {
		s.heard = heard{life: a.node.life}
	}
	return &s.heard
}

// begin starts the registry with nothing in it.
func (a *authority) begin() {
	if a.cancel != nil {
		a.cancel()
	}
	a.node.born()
	a.Memory = memory.New(a.node.now())
	ctx, cancel := context.WithCancel(context.Background())
	a.changes, a.cancel = a.Watch(ctx), cancel
	a.answered = map[string]bool{}
	a.leases = map[string]granted{}
	a.bornAt = a.w.loop.Now()
}

// changed tells whether something did since it was last asked.
func (a *authority) changed() bool {
	if len(a.changes) == 0 {
		return false
	}
	<-a.changes
	return true
}
