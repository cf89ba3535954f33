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

type entry struct{ State }

func newStates() states { return states{byKey: map[string]*entry{}} }

func entryBytes(s *State) int { return len(s.Key) + len(s.Value) + len(s.Props) + EntryOverhead }

// growth is by how many bytes keeping next makes the whole larger.
func (s *states) growth(next *State) int {
	n := entryBytes(next)
	if e := s.byKey[next.Key]; e != nil {
		n -= entryBytes(&e.State)
	}
	return n
}

func (s *states) set(e *entry) {
	s.remove(e.Key)
	s.byKey[e.Key] = e
	s.bytes += entryBytes(&e.State)
	if !e.Expires.IsZero() {
		s.soonest = earlier(e.Expires, s.soonest)
	}
}

func (s *states) remove(key string) {
	e := s.byKey[key]
	if e == nil {
		return
	}
	delete(s.byKey, key)
	s.bytes -= entryBytes(&e.State)
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
		case e.Expires.IsZero():
		case now.Before(e.Expires):
			s.soonest = earlier(e.Expires, s.soonest)
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
