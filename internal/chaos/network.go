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
	spare    []*letter // to be used again
	errands  []*errand // likewise
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
		from.troubled(n.w.loop.Now())
	case from.kind == aStore && to.kind == aRouter:
		to.troubled(n.w.loop.Now())
	}
}

// message is what is sent from one node to another.
type message interface {
	arrive()
	doubt() // it will not arrive, or may be late: whoever waits for an answer needs no timer while all is well
	lost()  // it will never arrive: only the world knows
}

// letter is a message, or a second copy of it, on its way. Letters are used again.
type letter struct {
	net     *network
	to      *node
	life    int // of to, when it was sent
	message message
	again   bool // a second copy: it is no matter what becomes of it
}

// doubled is a message that has to know that a second copy of it is on its way: it is not used again then.
type doubled interface{ twice() }

// errand is a message of which nobody waits for an answer. One that is sent once is used again.
type errand struct {
	net       *network
	do, never func()
	doubled   bool
}

func (e *errand) arrive() { e.over()() }
func (e *errand) doubt()  {}
func (e *errand) twice()  { e.doubled = true }
func (e *errand) lost() {
	never := e.never
	e.over()
	never()
}

// over answers what the errand does at the other end, and gives the errand back.
func (e *errand) over() (do func()) {
	do = e.do
	if !e.doubled {
		e.do, e.never = nil, nil
		e.net.errands = append(e.net.errands, e)
	}
	return do
}

// send has arrive called at the other end, once, twice or never. lost is called when it will never be.
func (n *network) send(from, to *node, arrive, lost func()) {
	var e *errand
	if last := len(n.errands) - 1; last >= 0 {
		e, n.errands = n.errands[last], n.errands[:last]
	} else {
		e = &errand{net: n}
	}
	e.do, e.never = arrive, lost
	n.post(from, to, e)
}

// post sends a message.
func (n *network) post(from, to *node, m message) {
	f := n.fate(from, to)
	if f.lost {
		m.doubt()
		m.lost()
		return
	}
	if f.delay > maxDelay {
		m.doubt()
	}
	n.carry(to, f.delay, m, false)
	if f.again > 0 {
		if d, ok := m.(doubled); ok {
			d.twice()
		}
		n.carry(to, f.delay+f.again, m, true)
	}
}

func (n *network) carry(to *node, d time.Duration, m message, again bool) {
	var l *letter
	if last := len(n.spare) - 1; last >= 0 {
		l, n.spare = n.spare[last], n.spare[:last]
	} else {
		l = &letter{net: n}
	}
	l.to, l.life, l.message, l.again = to, to.life, m, again
	n.w.loop.Due(d, l)
}

// Happen implements simulate.Happening: the letter arrives.
func (l *letter) Happen() {
	to, life, m, again := l.to, l.life, l.message, l.again
	l.message = nil
	l.net.spare = append(l.net.spare, l)
	switch {
	case to.awakeNow(life):
		m.arrive()
	case to.lives(life):
		if !again {
			m.doubt()
		}
		to.awake(life, m.arrive)
	case !again:
		m.doubt()
		m.lost()
	}
}

// call asks another node: it is done there, and then its answer is told here, or errNoAnswer after patience. It may be done
// twice, and then only the answer counts that is here first.
type call[T any] struct {
	from, to *node
	life     int
	deadline time.Time
	do       func() (T, error)
	doLater  func(answer func(T, error)) // in place of do: what may answer later than by return
	then     func(T, error)
	task     *task // in place of then: it is suspended until the answer is there

	first     reply[T] // memory for what is answered first
	firstUsed bool
	answer    *reply[T] // that counts; nil while there is none
	over      bool
	told      bool
	watched   bool
	doubled   bool
}

// request is a call on its way there.
type request[T any] struct{ *call[T] }

func (r request[T]) arrive() {
	if r.doLater != nil {
		r.doLater(r.reply)
		return
	}
	r.reply(r.do())
}

func (r request[T]) doubt() { r.watch() }
func (r request[T]) twice() { r.doubled = true }
func (r request[T]) lost()  {}

// reply is an answer on its way back.
type reply[T any] struct {
	to    *call[T]
	value T
	err   error
}

func (r *reply[T]) arrive() { r.to.end(r) }
func (r *reply[T]) doubt()  { r.to.watch() }
func (r *reply[T]) twice()  { r.to.doubled = true }
func (r *reply[T]) lost()   {}

// ask makes a call from one node to another.
func ask[T any](from, to *node, patience time.Duration, do func() (T, error), then func(T, error)) {
	c := &call[T]{from: from, to: to, do: do, then: then}
	c.begin(patience)
}

func (c *call[T]) begin(patience time.Duration) {
	w := c.from.w
	c.life, c.deadline = c.from.life, w.loop.Now().Add(patience)
	if !c.to.up && w.loop.Rand.IntN(2) == 0 {
		w.loop.After(minDelay, func() { c.fail(errRefusedThere) })
		return
	}
	w.net.post(c.from, c.to, request[T]{c})
}

// reply sends an answer.
func (c *call[T]) reply(v T, err error) {
	r := &c.first
	if c.firstUsed {
		r = &reply[T]{}
	}
	c.firstUsed = true
	r.to, r.value, r.err = c, v, err
	c.from.w.net.post(c.to, c.from, r)
}

// watch ends the call at its deadline. It is not needed while the answer is certain to come.
func (c *call[T]) watch() {
	if c.over || c.watched {
		return
	}
	c.watched = true
	c.from.w.loop.At(c.deadline, func() { c.fail(errNoAnswer) })
}

func (c *call[T]) fail(err error) { c.end(&reply[T]{err: err}) }

func (c *call[T]) end(r *reply[T]) {
	if c.over {
		return
	}
	c.over = true
	if c.from.w.loop.Now().After(c.deadline) { // it had given up before
		r = &reply[T]{err: errNoAnswer}
	}
	c.answer = r
	if c.from.awakeNow(c.life) {
		c.tell()
		return
	}
	c.from.awake(c.life, c.tell)
}

// settled tells whether nothing of a call that was answered is on its way any more, nor anything that ends it later: it may be
// used for another.
func (c *call[T]) settled() bool { return c.told && !c.watched && !c.doubled }

// renew makes a call that settled ready for another of the same.
func (c *call[T]) renew() { *c = call[T]{from: c.from, to: c.to, do: c.do, then: c.then} }

// tell tells the answer to whoever asked.
func (c *call[T]) tell() {
	switch {
	case c.told:
	case c.task == nil:
		c.told = true
		c.then(c.answer.value, c.answer.err)
	default:
		c.told = true
		c.task.resume()
	}
}

// wait makes a call by the running task, which is suspended until the answer is there.
func wait[T any](from, to *node, patience time.Duration, do func() (T, error)) (T, error) {
	c := &call[T]{from: from, to: to, do: do}
	return c.wait(patience, true)
}

// calls makes calls of one kind by tasks, which are used again: every tick of a keeper makes a dozen.
type calls[T any] struct{ spare []*call[T] }

// wait is wait.
func (k *calls[T]) wait(from, to *node, patience time.Duration, do func() (T, error)) (T, error) {
	var c *call[T]
	if last := len(k.spare) - 1; last >= 0 {
		c, k.spare = k.spare[last], k.spare[:last]
	} else {
		c = &call[T]{}
	}
	c.from, c.to, c.do = from, to, do
	v, err := c.wait(patience, true)
	if c.settled() {
		*c = call[T]{}
		k.spare = append(k.spare, c)
	}
	return v, err
}

// waitFor is wait for what may be answered later. Whoever is not sure to answer is watched.
func waitFor[T any](from, to *node, patience time.Duration, sure bool, do func(answer func(T, error))) (T, error) {
	c := &call[T]{from: from, to: to, doLater: do}
	return c.wait(patience, sure)
}

func (c *call[T]) wait(patience time.Duration, sure bool) (T, error) {
	w := c.from.w
	c.task = w.current
	if c.task == nil {
		panic("chaos: " + c.from.name + " calls " + c.to.name + " outside a task")
	}
	w.breathe(c.from)
	c.begin(patience)
	if !sure {
		w.loop.At(c.deadline, func() { c.from.awake(c.life, c.giveUp) })
	}
	c.task.wait()
	return c.answer.value, c.answer.err
}

// giveUp tells that there is no answer, whatever is still on its way.
func (c *call[T]) giveUp() {
	if !c.told {
		c.answer = &reply[T]{err: errNoAnswer}
		c.tell()
	}
}
