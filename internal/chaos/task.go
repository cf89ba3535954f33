package chaos

import (
	"fmt"
	"iter"
	"runtime/debug"
	"time"
)

// task is something that a node does in which it waits for others: real code that calls a registry or a store and gets its
// answer by return. It is a coroutine, so that the loop can go on while it waits, and everything stays in one thread in an
// order that the seed alone decides (docs/decisions/0026-chaos.md).
type task struct {
	thread *thread
	node   *node
	what   string
	began  time.Time
	do     func()
	dead   bool
	ended  bool
}

// thread is a coroutine that does one task after another, so that its stack has to grow once only.
type thread struct {
	task  task // that it does, or did
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
}

// killed is what a task whose node died is unwound by.
type killed struct{}

// run begins a task of a node now. It returns when the task waits for the first time, or is over. It may be called by a task
// of the same node or another.
func (n *node) run(what string, do func()) {
	h := n.w.idle()
	h.task = task{node: n, what: what, began: n.w.loop.Now(), do: do, thread: h}
	t := &h.task
	n.tasks = append(n.tasks, t)
	t.resume()
}

// idle gives a thread that has nothing to do.
func (w *World) idle() *thread {
	if last := len(w.threads) - 1; last >= 0 {
		h := w.threads[last]
		w.threads = w.threads[:last]
		return h
	}
	h := &thread{}
	h.next, h.stop = iter.Pull(func(yield func(struct{}) bool) {
		h.yield = yield
		for again := true; again; again = yield(struct{}{}) {
			h.task.perform()
		}
	})
	return h
}

// perform does what there is to do, or as much of it as the node lives for.
func (t *task) perform() {
	defer func() {
		t.ended = true
		switch p := recover().(type) {
		case nil, killed:
		default:
			panic(fmt.Sprintf("%s of %s: %v\n%s", t.what, t.node.name, p, debug.Stack()))
		}
	}()
	t.do()
}

// resume lets the task go on until it waits again, or is over.
func (t *task) resume() {
	if t.dead || t.ended {
		return
	}
	w := t.node.w
	before := w.current
	w.current = t
	t.thread.next()
	w.current = before
	if t.ended {
		t.do = nil
		w.threads = append(w.threads, t.thread)
		t.node.forget(t)
	}
}

// wait suspends the task until resume is called.
func (t *task) wait() {
	if t.dead || !t.thread.yield(struct{}{}) {
		panic(killed{})
	}
}

// kill ends a task where it waits. One that runs ends itself where it would wait next.
func (t *task) kill() {
	t.dead = true
	if t != t.node.w.current {
		t.thread.stop()
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

// sleep suspends the running task of the node for a while.
func (n *node) sleep(d time.Duration) {
	t := n.w.current
	n.after(d, t.resume)
	t.wait()
}
