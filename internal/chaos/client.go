package chaos

import (
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/ticket"
)

// What a client waits.
const (
	joinPatience = 9 * time.Second // for the answer of a join; a route's longest wait is 6 s
	doorPatience = 3 * time.Second // for a server's answer
	sameTries    = 3               // of one place after a lost connection
	firstPause   = 150 * time.Millisecond
	maxPause     = 2 * time.Second
	maxStay      = 30 * time.Second
	maxAway      = 8 * time.Second
	lateUntil    = 25 * time.Second // of the world: who comes late then comes before its end
)

// phase is what a client is doing.
type phase uint8

const (
	away    phase = iota // it comes later, or not any more
	joining              // it waits for the answer of a join
	walking              // it is at a server's door, or pauses before
	inside
)

// client is a virtual player with a client like sdk/go/client.
type client struct {
	w    *World
	node *node
	id   model.PlayerID

	party  []model.PlayerID // itself alone
	route  model.RouteName
	key    model.SessionKey
	phase  phase
	turn   *uint64 // raised by every step: what comes for an earlier one is too late
	visits int
	joins  int // since it was last inside
	tries  int // of the same place
	since  time.Time
	ghost  bool // it is silent from now on
	leaves time.Time

	request string // the id of the join that was not answered
	queued  *queued
	asked   *gateway
	ticket  *ticket.Claims
	server  *server
	conn    uint64 // its connection; 0: none
	room    *room
}

// step begins something new.
func (c *client) step(p phase) uint64 {
	*c.turn++
	c.phase = p
	if p == away || p == inside {
		c.since = time.Time{}
	} else if c.since.IsZero() {
		c.since = c.w.loop.Now()
	}
	return *c.turn
}

// later has do called unless the client does something else by then.
func (c *client) later(d time.Duration, do func(*client)) {
	c.w.set(d, alarm{client: c, turn: *c.turn, now: c.turn, step: do})
}

// come begins a visit.
func (c *client) come() {
	w := c.w
	c.visits++
	if c.visits > 1 {
		w.cover(clientCameBack)
	}
	if c.key == "" || w.loop.Rand.IntN(3) == 0 {
		c.route, c.key = w.somewhere()
	}
	c.leaves = w.loop.Now().Add(w.between(3*time.Second, maxStay))
	c.joins = 0
	c.join()
}

// join asks one of the routers for a seat.
func (c *client) join() {
	w := c.w
	c.step(joining)
	c.joins++
	if c.request == "" {
		w.requests++
		c.request = numbered("r", w.requests)
	}
	g := w.routers[w.loop.Rand.IntN(len(w.routers))]
	c.asked, c.queued = g, nil
	if !g.node.up {
		c.later(5*time.Millisecond, (*client).unanswered)
		return
	}
	w.net.post(c.node, g.node, &join{
		client: c, turn: *c.turn, gateway: g,
		req: router.Request{Route: c.route, Key: c.key, Players: c.party, RequestID: c.request},
	})
	c.later(joinPatience, (*client).unanswered)
}

// unanswered is a join of which nothing was heard: the same again, or the client gives up for now.
func (c *client) unanswered() {
	w := c.w
	if q := c.queued; q != nil && c.asked.node.up {
		g := c.asked
		w.net.send(c.node, g.node, func() { g.cancel(q) }, func() {})
	}
	if !w.net.calm && w.loop.Rand.IntN(3) == 0 {
		c.goAway()
		return
	}
	w.cover(requestRepeated)
	c.step(joining)
	c.later(c.pause(), (*client).join)
}

func (c *client) pause() time.Duration {
	p := min(firstPause<<min(c.joins, 6), maxPause)
	return p/2 + time.Duration(c.w.loop.Rand.Int64N(int64(p/2)))
}

// answered takes a router's answer.
func (c *client) answered(p router.Placement, err error) {
	w := c.w
	full, isFull := errors.AsType[*router.FullError](err)
	switch {
	case err == nil:
		c.request = ""
		c.tries = 0
		c.ticket, c.server = signer{w}.read(p.Tickets[0].Ticket), w.machines.servers[p.Server]
		if w.ghosts > 0 && !w.net.calm && w.loop.Rand.Float64() < w.ghosts/2 { // it never comes for its seat
			w.cover(seatNeverClaimed)
			c.goAway()
			return
		}
		if w.ghosts > 0 && w.loop.Now().Before(begins.Add(lateUntil)) && w.loop.Rand.IntN(200) == 0 { // it comes when its ticket has expired
			c.walk(model.TicketTTL + 2*maxSkew)
			return
		}
		c.walk(0)
	case isFull:
		w.rules.toldFull(c, full)
		c.request = ""
		c.key = "" // it goes elsewhere
		c.goAway()
	case errors.Is(err, router.ErrNoRoute), errors.Is(err, registry.ErrConflict), errors.Is(err, registry.ErrTooLarge):
		c.request = ""
		c.step(joining)
		c.later(c.pause(), (*client).join)
	default: // the router does not know what became of it
		c.step(joining)
		c.later(c.pause(), (*client).join)
	}
}

// goAway ends a visit; another may follow.
func (c *client) goAway() {
	c.step(away)
	c.request, c.conn, c.room = "", 0, nil
	if !c.w.closing {
		c.later(c.w.between(500*time.Millisecond, maxAway)+c.w.asleep(), (*client).come)
	}
}

// walk goes to the server's door after a while.
func (c *client) walk(after time.Duration) {
	c.step(walking)
	c.later(after+c.w.between(5*time.Millisecond, 100*time.Millisecond), (*client).knock)
}

// knock shows the ticket at the door.
func (c *client) knock() {
	w := c.w
	s := c.server
	c.step(walking)
	if s == nil || !s.node.up {
		c.later(10*time.Millisecond, (*client).turnedAway)
		return
	}
	w.conns++
	w.net.post(c.node, s.node, &knock{client: c, turn: *c.turn, server: s, conn: w.conns, ticket: c.ticket})
	c.later(doorPatience, (*client).turnedAway)
}

// admitted takes the door's answer.
func (c *client) admitted(a answer, r *room, conn uint64) {
	w := c.w
	switch a {
	case entered, resumed:
		if a == resumed {
			w.cover(seatResumed)
		}
		c.step(inside)
		c.conn, c.room, c.joins, c.tries = conn, r, 0, 0
		c.stay()
		if !r.holds(c, conn) { // the connection was closed before the answer was there
			c.later(c.pause(), func(c *client) { c.cut(conn) })
		}
	case notReady:
		w.cover(doorNotReady)
		c.turnedAway()
	default:
		c.again()
	}
}

// turnedAway tries the same place again for a while.
func (c *client) turnedAway() {
	if c.tries++; c.tries > sameTries {
		c.again()
		return
	}
	c.walk(c.pause())
}

// again joins anew.
func (c *client) again() {
	c.conn, c.room, c.request = 0, nil, ""
	c.step(joining)
	c.later(c.pause(), (*client).join)
}

// stay is the visit itself.
func (c *client) stay() {
	left := max(10*time.Millisecond, c.leaves.Sub(c.w.loop.Now()))
	c.later(left, func(c *client) {
		if c.leavesNow() {
			c.leave()
		}
	})
}

// leavesNow tells whether the visit is over. Those who are there when all is to come to rest stay.
func (c *client) leavesNow() bool { return !c.w.closing }

// leave goes, in one of the ways in which players do.
func (c *client) leave() {
	w := c.w
	s, conn, ref := c.server, c.conn, c.ticket.Session
	switch x := w.loop.Rand.Float64(); {
	case !w.net.calm && x < w.ghosts: // it is silent, and nobody is told
		w.cover(ghostAppeared)
		c.ghost = true
		s.lostConn(c, conn, idleAfter)
		c.step(away)
		c.conn, c.room = 0, nil
		c.later(idleAfter+resumeWindow+c.w.between(0, maxAway), func(c *client) {
			c.ghost = false
			c.goAway()
		})
		return
	case x < 0.85:
		w.net.post(c.node, s.node, &goodbye{client: c, server: s, conn: conn})
	default: // its back end takes it out
		g := w.routers[w.loop.Rand.IntN(len(w.routers))]
		w.net.send(c.node, g.node, func() {
			g.node.run("leave", func() {
				w.cover(leftByRouter)
				seat, err := g.router.Leave(background, ref, c.id)
				if err != nil {
					return
				}
				x, err := wait(g.node, w.registry.node, registryPatience, func() (model.Session, error) {
					return w.registry.GetSession(background, ref)
				})
				if err == nil && x.Server != "" {
					w.hub.release(x.Server, ref, seat.ID)
				}
			})
		}, func() {})
		if w.loop.Rand.IntN(2) == 0 {
			w.net.post(c.node, s.node, &goodbye{client: c, server: s, conn: conn})
		} else {
			s.lostConn(c, conn, idleAfter)
		}
	}
	c.goAway()
}

// closed is the end of the session where the client is: sent is whether it is to go on elsewhere, with or without a ticket.
func (c *client) closed(sent bool, t *handover.PlayerTicket) {
	w := c.w
	c.conn, c.room = 0, nil
	switch {
	case !sent:
		w.cover(clientCut)
		c.goAway()
	case t == nil:
		c.again()
	default:
		w.cover(clientRedirected)
		c.tries = 0
		c.ticket = signer{w}.read(t.Ticket)
		c.server = w.machines.servers[c.ticket.Server]
		c.walk(0)
	}
}

// cut is a connection that broke.
func (c *client) cut(conn uint64) {
	if c.conn != conn || c.phase != inside {
		return
	}
	c.w.cover(connectionBroke)
	s := c.server
	c.conn, c.room = 0, nil
	if s.node.up {
		s.lostConn(c, conn, c.w.between(0, idleAfter))
	}
	c.tries = 0
	c.turnedAway()
}
