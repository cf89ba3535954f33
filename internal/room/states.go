package room

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// states are the kept values by key.
type states struct {
	byKey   map[string]*entry
	owned   map[uint64][]*entry // by owner: those with flag Owned, by key
	bytes   int
	soonest time.Time // no entry expires before; zero: none does
}

type entry struct{ State }

func newStates() states { return states{byKey: map[string]*entry{}, owned: map[uint64][]*entry{}} }

func entryBytes(s *State) int { return len(s.Key) + len(s.Value) + len(s.Props) + EntryOverhead }

// growth is by how many bytes keeping next makes the whole larger.
func (s *states) growth(next *State) int {
	n := entryBytes(next)
	if e := s.byKey[next.Key]; e != nil {
		n -= entryBytes(&e.State)
	}
	return n
}

// set keeps e in place of the key's earlier entry.
func (s *states) set(e entry) {
	s.bytes += s.growth(&e.State)
	old := s.byKey[e.Key]
	if old != nil && old.Owner == e.Owner && (old.Flags^e.Flags)&wire.Owned == 0 {
		*old = e
	} else {
		s.unlist(old)
		kept := new(entry)
		*kept = e
		s.byKey[e.Key] = kept
		s.list(kept)
	}
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
	s.unlist(e)
}

// list puts an owned entry among its owner's.
func (s *states) list(e *entry) {
	if e.Flags&wire.Owned == 0 {
		return
	}
	all := s.owned[e.Owner]
	i, _ := slices.BinarySearchFunc(all, e.Key, byKey)
	s.owned[e.Owner] = slices.Insert(all, i, e)
}

// unlist takes it out.
func (s *states) unlist(e *entry) {
	if e == nil || e.Flags&wire.Owned == 0 {
		return
	}
	all := s.owned[e.Owner]
	i, _ := slices.BinarySearchFunc(all, e.Key, byKey)
	if all = slices.Delete(all, i, i+1); len(all) > 0 {
		s.owned[e.Owner] = all
	} else {
		delete(s.owned, e.Owner)
	}
}

func byKey(e *entry, key string) int { return strings.Compare(e.Key, key) }

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
