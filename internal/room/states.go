package room

import (
	"cmp"
	"slices"
	"time"
)

// states are the kept values by key.
type states struct {
	byKey   map[string]*entry
	bytes   int
	soonest time.Time // no entry expires before; zero: none does
}

type entry struct {
	State
	expires time.Time // zero: never
}

func newStates() states { return states{byKey: map[string]*entry{}} }

func entryBytes(key string, value []byte) int { return len(key) + len(value) + EntryOverhead }

// growth is by how many bytes setting key to value makes the whole larger.
func (s *states) growth(key string, value []byte) int {
	n := entryBytes(key, value)
	if e := s.byKey[key]; e != nil {
		n -= entryBytes(key, e.Value)
	}
	return n
}

func (s *states) set(e *entry) {
	s.remove(e.Key)
	s.byKey[e.Key] = e
	s.bytes += entryBytes(e.Key, e.Value)
	if !e.expires.IsZero() {
		s.soonest = earlier(e.expires, s.soonest)
	}
}

func (s *states) remove(key string) {
	e := s.byKey[key]
	if e == nil {
		return
	}
	delete(s.byKey, key)
	s.bytes -= entryBytes(key, e.Value)
}

// expired lists the keys whose time is over, sorted. The caller removes them.
func (s *states) expired(now time.Time) []string {
	if s.soonest.IsZero() || now.Before(s.soonest) {
		return nil
	}
	var keys []string
	s.soonest = time.Time{}
	for key, e := range s.byKey {
		switch {
		case e.expires.IsZero():
		case now.Before(e.expires):
			s.soonest = earlier(e.expires, s.soonest)
		default:
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// sorted lists the entries by key.
func (s *states) sorted() []*entry {
	all := make([]*entry, 0, len(s.byKey))
	for _, e := range s.byKey {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
