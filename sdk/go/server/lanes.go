package server

import (
	"sync"

	"greenroom.dev/greenroom/internal/model"
)

// lanes run functions: those of one session one after the other, in the order given, those of different sessions side
// by side. The zero session is the server's own lane.
type lanes struct {
	mu      sync.Mutex
	waiting map[model.SessionRef][]func() // an entry per running lane
	running sync.WaitGroup
}

func (l *lanes) do(ref model.SessionRef, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		l.waiting = map[model.SessionRef][]func(){}
	}
	if queue, busy := l.waiting[ref]; busy {
		l.waiting[ref] = append(queue, f)
		return
	}
	l.waiting[ref] = nil
	l.running.Go(func() { l.run(ref, f) })
}

func (l *lanes) run(ref model.SessionRef, f func()) {
	for f != nil {
		f()
		f = l.next(ref)
	}
}

func (l *lanes) next(ref model.SessionRef) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.waiting[ref]
	if len(queue) == 0 {
		delete(l.waiting, ref)
		return nil
	}
	l.waiting[ref] = queue[1:]
	return queue[0]
}

// wait returns when every lane is empty.
func (l *lanes) wait() { l.running.Wait() }
