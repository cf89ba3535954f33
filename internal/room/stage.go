package room

import (
	"cmp"
	"slices"
	"sync"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Staged is a message of the stage. All rooms of a server share it, and what was encoded of it for each class.
type Staged struct {
	wire.Staged

	mu      sync.Mutex
	encoded map[string]*Shared
}

// NewStaged makes a message that rooms may share; nobody may change its payload from now on.
func NewStaged(s wire.Staged) *Staged { return &Staged{Staged: s, encoded: map[string]*Shared{}} }

// Encoded answers the message's bytes for the wire class called key, which encode makes when the first room of the server
// asks for them. Any goroutine may call it; other rooms wait for the first one's encode.
func (s *Staged) Encoded(key string, encode func() *Shared) *Shared {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, ok := s.encoded[key]
	if !ok {
		made = encode()
		if s.encoded == nil {
			s.encoded = map[string]*Shared{}
		}
		s.encoded[key] = made
	}
	return made
}

// Encodings is for how many classes the message was encoded so far.
func (s *Staged) Encodings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.encoded)
}

// Alone answers the message of the stage if nothing else happened in the tick; mostly so in rooms that listen.
func (b *Batch) Alone() *Staged {
	alone := len(b.Staged) == 1 && len(b.Presence)+len(b.States)+len(b.Events)+len(b.Positions)+b.Occupancy == 0
	if !alone {
		return nil
	}
	return b.Staged[0]
}

// Stage tells every member a message of the stage with the next tick, frozen or not, and shows it to those who come
// later if it is retained. An empty retained one forgets the last of its name. It does not wait.
func (r *Room) Stage(s *Staged) error {
	return r.in.post(false, func(r *Room) {
		r.cfg.Counters.Staged.Add(1)
		r.batch.Staged = append(r.batch.Staged, s)
		r.stage.take(s)
	})
}

// stage is what a room shows to late joiners of what was staged: the last retained message of each name.
type stage map[string]*Staged

func (st stage) take(s *Staged) {
	switch {
	case !s.Retain:
	case len(s.Payload) == 0:
		delete(st, s.Name)
	default:
		st[s.Name] = s
	}
}

// shown answers them in the order they were published in; nil for none.
func (st stage) shown() []*Staged {
	if len(st) == 0 {
		return nil
	}
	all := make([]*Staged, 0, len(st))
	for _, s := range st {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Staged) int { return cmp.Compare(a.Serial, b.Serial) })
	return all
}
