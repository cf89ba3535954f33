package room

import (
	"slices"

	"greenroom.dev/greenroom/internal/room/wire"
)

// In a room with an area of interest an owned state is told to those who see its owner, every other to everybody. What
// everybody is told of a tick goes out before what is told by sight.

// pendingKey names a change of this tick: kept and passing values of one key are told both.
type pendingKey struct {
	key     string
	passing bool
}

// pendingAt is where it waits: member.changed[at].
type pendingAt struct {
	m  *member
	at int
}

// audience is the member whose watchers are told a state; nil: everybody.
func (r *Room) audience(s *wire.State) *member {
	if r.interest == nil || s.Flags&wire.Owned == 0 {
		return nil
	}
	return r.seats.byID[s.Owner]
}

// tell has a change told at the end of the tick.
func (r *Room) tell(s State) {
	to := r.audience(&s.State)
	if r.interest != nil {
		r.interest.withdraw(s.Key, to, s.Flags)
	}
	if to == nil {
		r.batch.state(s)
		return
	}
	r.interest.change(to, s)
}

// takeOver is called before a kept state of another audience takes old's place: those who know old and will not be told of the
// new one are told that the key is gone.
func (r *Room) takeOver(old *entry, next *wire.State) {
	to := r.audience(next)
	if to == nil || to == r.audience(&old.State.State) {
		return
	}
	r.version++
	r.batch.state(State{QoS: old.QoS, State: wire.State{
		Owner: old.Owner, Version: r.version, Flags: wire.Retain | wire.Delete, Key: old.Key,
	}})
}

const keptFlags = wire.Retain | wire.Delete

// withdraw takes back an earlier change of the key that waits for another audience than to: it is overwritten, and would be
// told after what replaces it.
func (it *interest) withdraw(key string, to *member, flags wire.StateFlags) {
	k := pendingKey{key, flags&keptFlags == 0}
	if p, ok := it.pending[k]; ok && p.m != to {
		p.m.changed[p.at].Key = ""
		delete(it.pending, k)
	}
}

// change puts s among those of m; a later value of a key takes the earlier one's place.
func (it *interest) change(m *member, s State) {
	k := pendingKey{s.Key, s.Flags&keptFlags == 0}
	if p, ok := it.pending[k]; ok {
		m.changed[p.at] = s
		return
	}
	if len(m.changed) == 0 {
		it.changed = append(it.changed, m)
	}
	it.pending[k] = pendingAt{m, len(m.changed)}
	m.changed = append(m.changed, s)
}

// forgetChanges drops those of a member that left: nobody sees it any more.
func (it *interest) forgetChanges(m *member) {
	for i := range m.changed {
		k := pendingKey{m.changed[i].Key, m.changed[i].Flags&keptFlags == 0}
		if p, ok := it.pending[k]; ok && p.m == m {
			delete(it.pending, k)
		}
	}
	m.changed = nil
}

// settleChanges leaves out what was withdrawn.
func (it *interest) settleChanges() {
	for _, m := range it.changed {
		m.changed = slices.DeleteFunc(m.changed, func(s State) bool { return s.Key == "" })
	}
}

func (it *interest) resetChanges() {
	for _, m := range it.changed {
		clear(m.changed)
		m.changed = m.changed[:0]
	}
	clear(it.changed)
	it.changed = it.changed[:0]
	clear(it.pending)
}
