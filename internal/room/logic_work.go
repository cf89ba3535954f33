package room

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Bounds of what a logic has done beside its room.
const (
	MaxLogicWorks  = 64              // at a time
	WorksOutliving = 5 * time.Second // the context of works that outlive the room ends after
)

// ErrWorks: MaxLogicWorks are under way.
var ErrWorks = errors.New("too much is being done beside the room")

// works are what a logic has done on goroutines of their own, such as asking a database.
type works struct {
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	count   int           // under way; the room's
	held    []func(*Room) // results that wait for a frozen room
}

func newWorks() works {
	ctx, cancel := context.WithCancel(context.Background())
	return works{ctx: ctx, cancel: cancel}
}

// Go runs work beside the room and then calls what it answers (nil: nothing) as a call of the logic. Works may outlive the room
// by WorksOutliving, when their context ends and nothing is called any more; Run waits for them. The results of works that
// are under way in a hand-over are lost.
func (a *Authority) Go(work func(ctx context.Context) (then func())) error {
	r := a.room()
	switch {
	case r == nil:
		return ErrOutside
	case a.host.works.count >= MaxLogicWorks:
		return ErrWorks
	}
	w := &a.host.works
	w.count++
	w.running.Go(func() {
		done := w.do(work)
		_ = r.in.control(done) // a room that is over wants no result
	})
	return nil
}

// do answers what the room's goroutine does with work's result.
func (w *works) do(work func(context.Context) func()) (done func(*Room)) {
	defer func() {
		if p := recover(); p != nil {
			fault := Fault{In: "work", What: fmt.Sprint(p), Stack: string(debug.Stack())}
			done = func(r *Room) {
				r.game.works.count--
				r.game.fault(fault)
				r.game.panicked()
			}
		}
	}()
	then := work(w.ctx)
	return func(r *Room) { r.game.worked(then) }
}

// worked takes a work's result.
func (h *host) worked(then func()) {
	if h.room.frozen {
		h.works.held = append(h.works.held, func(r *Room) { r.game.worked(then) })
		return
	}
	h.works.count--
	if then != nil {
		h.call("work", then)
		h.settle()
	}
}

// unhold takes the results that came while the room was frozen.
func (h *host) unhold() {
	held := h.works.held
	h.works.held = nil
	for _, done := range held {
		done(h.room)
	}
}

// WaitWorks returns when nothing is being done beside the room.
func (r *Room) WaitWorks() {
	if r.game != nil {
		r.game.works.running.Wait()
	}
}

// rest waits for what outlives the room.
func (h *host) rest() {
	if h == nil {
		return
	}
	timer := time.AfterFunc(WorksOutliving, h.works.cancel)
	h.works.running.Wait()
	timer.Stop()
	h.works.cancel()
}
