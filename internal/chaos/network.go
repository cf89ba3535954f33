package chaos

import (
	"context"
	"fmt"
	"time"
)

// errNoAnswer is what a caller knows of a call that was not answered in time: nothing.
var errNoAnswer = fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)

// errRefusedThere: nobody listens at the other end.
var errRefusedThere = fmt.Errorf("connection refused")

// network carries messages between nodes, with the faults of the moment.
type network struct {
	w        *World
	calm     bool // no faults any more
	base     weather
	episodes []*episode
}

// weather is how likely what is for each message.
type weather struct {
	lost, twice, late float64
	lateBy            time.Duration // at most
}

// episode is a time in which an arrow is worse than usual.
type episode struct {
	from, to matcher
	weather
	cut bool // nothing arrives
}

// matcher is a node, or all of a kind.
type matcher struct {
	kind kind
	node *node // nil: all
}

func (m matcher) is(n *node) bool { return m.kind == n.kind && (m.node == nil || m.node == n) }

// fate is what becomes of one message.
type fate struct {
	lost  bool
	delay time.Duration
	again time.Duration // 0: it arrives once
}

// The time that a message takes on a good day.
const (
	minDelay = 200 * time.Microsecond
	maxDelay = 2 * time.Millisecond
	// lateDuplicate bounds how much later a message's second copy arrives.
	lateDuplicate = 6 * time.Second
)

// fate draws what becomes of a message.
func (n *network) fate(from, to *node) fate {
	r := n.w.loop.Rand
	f := fate{delay: minDelay + time.Duration(r.Uint64N(uint64(maxDelay-minDelay)))}
	if n.calm {
		return f
	}
	now := n.base
	for _, e := range n.episodes {
		if e.from.is(from) && e.to.is(to) {
			if e.cut {
				f.lost = true
			}
			now.lost, now.twice, now.late = now.lost+e.lost, now.twice+e.twice, now.late+e.late
			now.lateBy = max(now.lateBy, e.lateBy)
		}
	}
	if x := r.Float64(); f.lost || x < now.lost {
		f.lost = true
		n.troubled(from, to)
		n.w.cover(messageLost)
		return f
	}
	if now.late > 0 && r.Float64() < now.late {
		f.delay += time.Duration(r.Float64() * float64(now.lateBy))
		n.w.cover(messageLate)
		n.troubled(from, to)
	}
	if now.twice > 0 && r.Float64() < now.twice {
		f.again = time.Duration(r.Float64() * r.Float64() * float64(lateDuplicate))
		n.w.cover(messageTwice)
	}
	return f
}

// troubled notes when a router's way to the store, or back, was last bad.
func (n *network) troubled(from, to *node) {
	switch {
	case from.kind == aRouter && to.kind == aStore:
		from.trouble = n.w.loop.Now()
	case from.kind == aStore && to.kind == aRouter:
		to.trouble = n.w.loop.Now()
	}
}

// send has arrive called at the other end, once, twice or never. lost is called when it will never be: only the world knows.
func (n *network) send(from, to *node, arrive, lost func()) {
	n.post(from, to, arrive, func() {}, lost)
}

// post is send that calls doubt when the message will not arrive or may be late, so that whoever waits for an answer needs no
// timer while all is well.
func (n *network) post(from, to *node, arrive, doubt, lost func()) {
	f := n.fate(from, to)
	if f.lost {
		doubt()
		lost()
		return
	}
	if f.delay > maxDelay {
		doubt()
	}
	n.carry(to, f.delay, arrive, doubt, lost)
	if f.again > 0 {
		n.carry(to, f.delay+f.again, arrive, nothing, nothing)
	}
}

func nothing() {}

func (n *network) carry(to *node, d time.Duration, arrive, doubt, lost func()) {
	life := to.life
	n.w.loop.After(d, func() {
		switch {
		case !to.up || to.life != life:
			doubt()
			lost()
		case to.paused.After(n.w.loop.Now()):
			doubt()
			to.awake(life, arrive)
		default:
			arrive()
		}
	})
}

// call asks another node: do is called there, and then here with its answer, or with errNoAnswer after patience. do may be
// called twice, and then only its first answer counts; it may answer later than by return.
type call[T any] struct {
	from     *node
	life     int
	deadline time.Time
	then     func(T, error)
	over     bool
	watched  bool
}

// ask makes a call from one node to another.
func ask[T any](from, to *node, patience time.Duration, do func(answer func(T, error)), then func(T, error)) {
	w := from.w
	c := &call[T]{from: from, life: from.life, deadline: w.loop.Now().Add(patience), then: then}
	if !to.up && w.loop.Rand.IntN(2) == 0 {
		w.loop.After(minDelay, func() { c.end(*new(T), errRefusedThere) })
		return
	}
	answered := func(v T, err error) {
		w.net.post(to, from, func() { c.end(v, err) }, c.watch, nothing)
	}
	w.net.post(from, to, func() { do(answered) }, c.watch, nothing)
}

// watch ends the call at its deadline. It is not needed while the answer is certain to come.
func (c *call[T]) watch() {
	if c.over || c.watched {
		return
	}
	c.watched = true
	c.from.w.loop.At(c.deadline, func() { c.end(*new(T), errNoAnswer) })
}

func (c *call[T]) end(v T, err error) {
	if c.over {
		return
	}
	c.over = true
	if c.from.w.loop.Now().After(c.deadline) { // it had given up before
		v, err = *new(T), errNoAnswer
	}
	c.from.awake(c.life, func() { c.then(v, err) })
}

// wait makes a call by the running task, which is suspended until the answer is there.
func wait[T any](from, to *node, patience time.Duration, do func() (T, error)) (T, error) {
	return waitFor(from, to, patience, true, func(answer func(T, error)) { answer(do()) })
}

// waitFor is wait for what may be answered later. Whoever is not sure to answer is watched.
func waitFor[T any](from, to *node, patience time.Duration, sure bool, do func(answer func(T, error))) (T, error) {
	w := from.w
	t := w.current
	if t == nil {
		panic("chaos: " + from.name + " calls " + to.name + " outside a task")
	}
	w.breathe(from)
	var got T
	var failed error
	began := w.loop.Now()
	over := false
	ask(from, to, patience, do, func(v T, err error) {
		if !over {
			over, got, failed = true, v, err
			t.resume()
		}
	})
	if !sure {
		life := from.life
		w.loop.At(began.Add(patience), func() {
			from.awake(life, func() {
				if !over {
					over, failed = true, errNoAnswer
					t.resume()
				}
			})
		})
	}
	t.wait()
	return got, failed
}
