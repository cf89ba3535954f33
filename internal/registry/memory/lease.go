package memory

import (
	"context"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

type lease struct {
	holder string
	until  time.Time
	fence  model.Generation
}

// Acquire implements registry.Registry.
func (m *Memory) Acquire(_ context.Context, name, holder string, ttl time.Duration, now time.Time) (bool, model.Generation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.leases[name]
	if l.holder != holder {
		if now.Before(l.until) {
			return false, l.fence, nil
		}
		l.holder, l.fence = holder, m.nextGeneration()
	}
	l.until = now.Add(ttl)
	m.leases[name] = l
	return true, l.fence, nil
}
