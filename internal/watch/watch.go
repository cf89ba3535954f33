// Package watch owns the signal that something changed, as every Watch in Greenroom gives it: coalesced, so that a slow
// reader costs nothing and never misses the last change.
package watch

import (
	"context"
	"sync"
)

// Watchers tells any number of readers that something changed. The zero value is ready.
type Watchers struct {
	mu       sync.Mutex
	channels map[chan struct{}]struct{}
}

// Watch gives a channel of capacity 1 that receives after each Notify, coalesced; it is closed when ctx ends.
func (w *Watchers) Watch(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	if w.channels == nil {
		w.channels = map[chan struct{}]struct{}{}
	}
	w.channels[ch] = struct{}{}
	w.mu.Unlock()
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.channels, ch)
		close(ch)
	})
	return ch
}

// Notify wakes every watcher. It never blocks.
func (w *Watchers) Notify() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.channels {
		select {
		case ch <- struct{}{}:
		default: // it has a signal that it has not read yet
		}
	}
}
