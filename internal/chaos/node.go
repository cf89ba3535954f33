package chaos

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// kind is what a node is; faults are drawn by the kinds at the two ends of an arrow.
type kind uint8

const (
	aRegistry kind = iota
	aStore
	aProvider
	aHub
	aRouter
	aKeeper
	aServer
	aClient
	kinds
)

var kindNames = [kinds]string{"registry", "store", "provider", "hub", "router", "keeper", "server", "client"}

// node is a process: it has a clock of its own, it can be stopped for a while, and it dies with all that it remembers.
type node struct {
	w       *World
	kind    kind
	name    string
	up      bool
	life    int           // raised by every start: what was sent to an earlier life does not arrive
	skew    time.Duration // of its clock
	paused  time.Time     // it does nothing before
	trouble time.Time     // when it last had trouble to reach the store, or to do anything
	tasks   []*task       // that wait for an answer
}

func (w *World) newNode(k kind, name string) *node { return &node{w: w, kind: k, name: name} }

// now is the node's own clock.
func (n *node) now() time.Time { return n.w.loop.Now().Add(n.skew) }

// born begins a life.
func (n *node) born() {
	n.up = true
	n.life++
	n.paused = time.Time{}
}

// die ends it: what it was doing is never finished, as its memory is gone.
func (n *node) die() {
	n.up = false
	tasks := n.tasks
	n.tasks = nil
	for _, t := range tasks {
		t.kill()
	}
}

// after has do called when d has passed, if the node lives still then, and later while it is paused.
func (n *node) after(d time.Duration, do func()) { n.w.set(d, alarm{node: n, life: n.life, do: do}) }

// awake calls do unless that life is over: now, or once the node is not paused any more.
func (n *node) awake(life int, do func()) {
	switch {
	case n.awakeNow(life):
		do()
	case n.lives(life):
		n.w.loop.At(n.paused, func() { n.awake(life, do) })
	}
}

// lives tells whether that life is not over.
func (n *node) lives(life int) bool { return n.up && n.life == life }

// awakeNow tells whether the node lives that life and is not paused.
func (n *node) awakeNow(life int) bool { return n.lives(life) && !n.paused.After(n.w.loop.Now()) }

// every has do called again and again for as long as the node lives.
func (n *node) every(d time.Duration, do func()) {
	n.w.loop.Due(d, &habit{n, n.life, d, do})
}

// habit is something that a node does again and again.
type habit struct {
	node  *node
	life  int
	every time.Duration
	do    func()
}

// Happen implements simulate.Happening: it is time again.
func (h *habit) Happen() {
	if h.node.awakeNow(h.life) {
		h.again()
		return
	}
	h.node.awake(h.life, h.again)
}

func (h *habit) again() {
	h.do()
	h.node.w.loop.Due(h.every, h)
}

// troubled notes that the node has trouble until a time: one that lies ahead of it stays.
func (n *node) troubled(until time.Time) { n.trouble = model.Later(n.trouble, until) }
