package chaos

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// task is something that a node does in which it waits for others: real code that calls a registry or a store and gets its
// answer by return. It is a coroutine, so that the loop can go on while it waits, and everything stays in one thread in an
// order that the seed alone decides (docs/decisions/0026-chaos.md).
type task struct {
	node  *node
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	dead  bool
}

// killed is what a task whose node died is unwound by.
type killed struct{}

// run begins a task of a node now. It returns when the task waits for the first time, or is over. It may be called by a task
// of the same node or another.
func (n *node) run(what string, do func()) {
	t := &task{node: n}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		defer func() {
			switch p := recover().(type) {
			case nil, killed:
			default:
				panic(fmt.Sprintf("%s of %s: %v\n%s", what, n.name, p, debug.Stack()))
			}
		}()
		do()
	})
	n.tasks = append(n.tasks, t)
	t.resume()
}

// resume lets the task go on until it waits again, or is over.
func (t *task) resume() {
	if t.dead {
		return
	}
	w := t.node.w
	before := w.current
	w.current = t
	_, more := t.next()
	w.current = before
	if !more && !t.dead {
		t.dead = true
		t.node.forget(t)
	}
}

// wait suspends the task until resume is called.
func (t *task) wait() {
	if t.dead || !t.yield(struct{}{}) {
		panic(killed{})
	}
}

// kill ends a task where it waits.
func (t *task) kill() {
	t.dead = true
	if t != t.node.w.current { // else it ends itself at its next wait
		t.stop()
	}
}

func (n *node) forget(t *task) {
	for i, other := range n.tasks {
		if other == t {
			last := len(n.tasks) - 1
			n.tasks[i] = n.tasks[last]
			n.tasks[last] = nil
			n.tasks = n.tasks[:last]
			return
		}
	}
}
