package room

import (
	"sync"

	"greenroom.dev/greenroom/internal/model"
)

// Present are the connections within a door, until it closes. The zero value is open and empty. Any goroutine may use it.
type Present[C comparable] struct {
	mu     sync.Mutex
	conns  map[C]struct{}
	closed bool
	wait   sync.WaitGroup
}

// Enter takes a connection in; Leave must follow. False: the door is closed.
func (p *Present[C]) Enter(c C) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.conns == nil {
		p.conns = map[C]struct{}{}
	}
	p.conns[c] = struct{}{}
	p.wait.Add(1)
	return true
}

// Leave lets go of a connection.
func (p *Present[C]) Leave(c C) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	p.wait.Done()
}

// Len tells how many there are.
func (p *Present[C]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// Close lets nobody in any more, shows each connection to dismiss, which must not block, and waits until all have left.
func (p *Present[C]) Close(dismiss func(C)) {
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		dismiss(c)
	}
	p.mu.Unlock()
	p.wait.Wait()
}

// SettingsOf are a door's settings before a room is known: what now says, or the defaults if it is nil.
func SettingsOf(now func() model.RoomSettings) model.RoomSettings {
	if now == nil {
		return model.RoomSettings{}.WithDefaults()
	}
	return now().WithDefaults()
}
