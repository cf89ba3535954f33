package chaos

import (
	"context"
	"strconv"
	"time"

	"greenroom.dev/greenroom/internal/router"
)

// join is a client's request for a seat on its way to a router.
type join struct {
	client  *client
	turn    uint64 // of the client's
	gateway *gateway
	req     router.Request
	first   queued // memory for what comes of it there
	came    bool
}

func (j *join) doubt() {}
func (j *join) lost()  {}
func (j *join) arrive() {
	q := &j.first
	if j.came {
		q = &queued{}
	}
	j.came = true
	q.join, q.since = j, j.gateway.w.loop.Now()
	j.gateway.node.run("join", q.offer)
	if *j.client.turn == j.turn {
		j.client.queued = q
	}
}

// queued is a join in a router, where it may wait, and then its answer on its way to the client; nobody may be there any more.
type queued struct {
	join    *join
	since   time.Time
	waiting *router.Waiting
	over    bool
	end     func() // what came to end it while the router asked the registry for it; nil: nothing

	placement router.Placement
	err       error
}

// offer has the router seat the client, or take it into a queue.
func (q *queued) offer() {
	g := q.join.gateway
	if g.held {
		g.w.cover(joinMetHold)
	}
	p, waiting, err := g.router.Offer(background, q.join.req)
	if waiting == nil || q.over {
		if waiting != nil {
			_ = waiting.GiveUp(context.Canceled)
		}
		q.answer(p, err)
		return
	}
	q.waiting = waiting
	g.waiting = append(g.waiting, q)
	g.w.cover(joinWaited)
	if !g.w.has(ForgottenQueue) {
		g.node.after(waiting.Deadline().Sub(g.node.now()), func() { g.expire(q) })
	}
	g.lookSoon()
}

// answer sends the router's answer.
func (q *queued) answer(p router.Placement, err error) {
	g := q.join.gateway
	q.placement, q.err = p, err
	if err == nil && g.w.changing(rollouts) {
		g.w.seated(p.Fleet, g.w.loop.Now().Sub(q.since))
	}
	g.w.net.post(g.node, q.join.client.node, q)
}

func (q *queued) doubt() {}
func (q *queued) lost() {
	if q.err == nil {
		q.join.gateway.w.cover(placementLost)
	}
}

func (q *queued) arrive() {
	if c := q.join.client; *c.turn == q.join.turn {
		c.answered(q.placement, q.err)
	}
}

// numbered is a name with a number behind it.
func numbered(name string, n uint64) string {
	var room [24]byte
	return string(strconv.AppendUint(append(room[:0], name...), n, 10))
}
