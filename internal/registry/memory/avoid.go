package memory

import (
	"context"

	"greenroom.dev/greenroom/internal/model"
)

// ladders are two: what is on avoided servers is found only when nothing else is.
type ladders[T interface{ spot() *spot }] struct{ first, last ladder[T] }

func (l *ladders[T]) of(avoided bool) *ladder[T] {
	if avoided {
		return &l.last
	}
	return &l.first
}

func (l *ladders[T]) from(rank int) (x T, ok bool) {
	if x, ok = l.first.from(rank); ok {
		return x, true
	}
	return l.last.from(rank)
}

func (l *ladders[T]) find(rest int, good func(T) bool) (x T, ok bool) {
	if x, ok = l.first.find(rest, good); ok {
		return x, true
	}
	return l.last.find(rest, good)
}

// Avoid implements registry.Servers.
func (m *Memory) Avoid(_ context.Context, id model.ServerID, gen model.Generation, avoided bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.serverAt(id, gen)
	if err != nil || s.Avoided == avoided {
		return err
	}
	s.fleet.open.of(s.Avoided).put(s, 0)
	s.Avoided = avoided
	for _, x := range s.sessions {
		x.on.put(x, 0)
		x.on = s.fleet.ladder(x.ref.Route, avoided)
	}
	m.touch(s)
	return nil
}
