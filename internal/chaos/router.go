package chaos

import (
	"context"
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/store"
)

// lookEvery is the least time between two looks of a router at its queues. The real one looks after router.Pace.
const lookEvery = 200 * time.Millisecond

// gateway is a node with a router.
type gateway struct {
	w       *World
	node    *node
	number  int
	router  *router.Router
	specs   *store.SpecCache // nil until it was read once
	stale   bool             // the specs changed since they were last read
	reading bool
	held    bool
	heldBy  *warden // whose recovery ends the hold
	waiting []*queued
	looking bool   // a look at the queues is under way
	due     bool   // and another is asked for
	looks   func() // look, as it is called later; likewise serve
	serves  func()
	first   registry.Reservation // of a planted bug
}

// begin starts a router with nothing in its memory.
func (g *gateway) begin() {
	g.node.born()
	w := g.w
	g.specs, g.stale, g.reading, g.waiting, g.looking, g.due = nil, false, false, nil, false, false
	g.router = router.New(router.Config{
		Registry: faultyJoins{facts{g.node, w.registry}, g}, Signer: signer{w}, Now: g.node.now, NewKey: w.sessionKey, Routes: g.route,
	})
	g.held = !w.has(NoHold)
	if g.held {
		g.router.Hold()
		g.unhold()
	}
	g.node.run("read the specs", g.read)
	if g.looks == nil {
		g.looks, g.serves = g.look, g.serve
	}
	g.node.every(router.Patience, g.looks)
}

// read reads the specs for the first time, until it succeeds; from then on they are read after every change.
func (g *gateway) read() {
	for g.specs == nil {
		if specs, err := store.NewSpecCache(background, specs{from: g.node, at: g.w.disk}); err == nil {
			g.specs = specs
			break
		}
		g.node.sleep(tellAgain)
	}
	g.w.disk.watch(g.node, g.specsChanged)
	g.specsChanged()
}

// specsChanged is what store.SpecCache.Run does after a change.
func (g *gateway) specsChanged() {
	if g.w.has(DeafRouter) && g.number == 0 && g.specs.Specs().Revision > 0 {
		return
	}
	g.stale = true
	if g.reading {
		return
	}
	g.reading = true
	g.node.run("read the specs", func() {
		for g.stale {
			g.stale = false
			if err := g.specs.Refresh(background); err != nil {
				g.w.cover(refreshFailed)
				g.stale = true
				g.node.sleep(store.RefreshAgain)
			}
		}
		g.reading = false
	})
}

func (g *gateway) route(name model.RouteName) (model.Route, bool) {
	if g.specs == nil {
		return model.Route{}, false
	}
	return g.specs.Route(name)
}

// unhold ends the hold once the keeper beside has found its servers again, as internal/app does.
func (g *gateway) unhold() {
	g.node.after(50*time.Millisecond, func() {
		if g.heldBy.node.up && g.heldBy.keeper.Recovering() || !g.heldBy.node.up && g.w.loop.Now().Sub(g.w.registry.bornAt) < 8*time.Second {
			g.unhold()
			return
		}
		g.held = false
		g.router.Unhold()
		g.w.rules.unheld()
		g.look()
	})
}

// expire is the end of a join's patience. While the router asks the registry for the joins that wait, giving one up waits for
// that to end: here as there.
func (g *gateway) expire(q *queued) {
	switch {
	case q.over:
	case g.looking:
		q.end = func() { g.expire(q) }
	default:
		if err := q.waiting.GiveUp(nil); err != nil {
			q.over = true
			g.w.cover(joinExpired)
			q.answer(router.Placement{}, err)
			return
		}
		g.take(q)
	}
}

// cancel is a client who is not there any more.
func (g *gateway) cancel(q *queued) {
	switch {
	case q.over:
	case q.waiting == nil:
		q.over = true
	case g.looking:
		q.end = func() { g.cancel(q) }
	default:
		q.over = true
		_ = q.waiting.GiveUp(context.Canceled)
		g.w.cover(clientGaveUp)
	}
}

// take passes an answer on.
func (g *gateway) take(q *queued) {
	if q.over {
		return
	}
	if p, ok, err := q.waiting.Answer(); ok {
		q.over = true
		q.answer(p, err)
	}
}

func (g *gateway) lookSoon() {
	if g.due {
		return
	}
	g.due = true
	g.node.after(lookEvery, g.looks)
}

// look has the router look at its queues once, as its Run does.
func (g *gateway) look() {
	g.due = false
	if g.looking || len(g.waiting) == 0 || g.w.has(ForgottenQueue) && g.number == 0 {
		return
	}
	g.looking = true
	g.node.run("look at the queues", g.serves)
}

func (g *gateway) serve() {
	g.router.Tick(background)
	g.looking = false
	left := g.waiting[:0]
	all := g.waiting
	g.waiting = nil
	for _, q := range all {
		g.take(q)
		if end := q.end; end != nil {
			q.end = nil
			end()
		}
		if !q.over {
			left = append(left, q)
		}
	}
	clear(all[len(left):])
	g.waiting = append(left, g.waiting...)
}

// faultyJoins is the registry as a router reaches it.
type faultyJoins struct {
	facts
	gateway *gateway
}

// Reserve implements registry.Joins.
func (f faultyJoins) Reserve(_ context.Context, req registry.Reserve) (registry.Reservation, error) {
	g := f.gateway
	if g.w.has(RememberedServer) && g.first.Server != "" && len(req.Fleets) > 0 && g.number == 0 && g.first.Session.Route == req.Route {
		res := g.first
		res.Seats = []model.Seat{{ID: res.Seats[0].ID, Player: req.Players[0], State: model.SeatReserved, ExpiresAt: req.ExpiresAt}}
		g.w.rules.reserved(f.from, g.w.loop.Now(), &req, &res)
		return res, nil
	}
	res, err := f.reserve(&req)
	if err == nil && g.first.Server == "" {
		g.first = res
	}
	if errors.Is(err, errNoAnswer) {
		g.w.cover(reserveAnswerLost)
	}
	return res, err
}

// sessionKey makes up the key of a session that is asked for without one.
func (w *World) sessionKey() model.SessionKey {
	w.keys++
	return model.SessionKey(numbered("any", w.keys))
}
