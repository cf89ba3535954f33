package client

import "greenroom.dev/greenroom/internal/room/wire"

// Stats counts what a room went through since it was entered.
type Stats struct {
	Reconnects uint64 // connections after the first
	Recovered  uint64 // of these: those after which no event was missed
	Resyncs    uint64 // snapshots in mid-connection, because this client read too slowly
	Missed     uint64 // events that the room said this client missed
	Gaps       uint64 // events that are missing though the room never said so: 0 in a sound room
	Duplicates uint64 // events that came twice: 0 in a sound room
}

// entry is one kept state.
type entry struct {
	owner, version uint64
	owned          bool // it goes with its owner
	value          []byte
}

// view is the client's copy of a room: who is in it, the state it keeps, and how far its events have been seen.
type view struct {
	entries   map[string]*entry
	members   map[uint64]string
	stats     Stats
	member    uint64
	epoch     uint64
	offset    uint64
	seen      bool    // (epoch, offset) are those of a room this client has seen: a Hello may ask to resume there
	recovered bool    // between a Welcome that said so and its Snapshot
	lost      *uint64 // events that the last snapshot said were missed, 0 for unknown; nil: none

	positions positions
	interest  bool // members come into sight and leave it
	occupancy int  // of a room with interest; 0: it has not said

	nextEntries map[string]*entry // of a snapshot in parts
	nextMembers map[uint64]string
}

func (v *view) welcome(w wire.Welcome) {
	if v.seen {
		v.stats.Reconnects++
		if w.Recovered {
			v.stats.Recovered++
		}
	}
	v.recovered = w.Recovered && v.seen && w.Epoch == v.epoch
	v.nextEntries = nil
	v.member = w.Member
	v.interest, v.occupancy = w.Interest, 0
	v.positions.resized(&w)
}

// snapshot takes one part; with the last it replaces the view and returns what that changed.
func (v *view) snapshot(s *wire.Snapshot) (changes []StateChange, done bool) {
	if s.First || v.nextEntries == nil {
		v.nextEntries, v.nextMembers = map[string]*entry{}, map[uint64]string{}
	}
	for _, m := range s.Members {
		v.nextMembers[m.Member] = m.Player
	}
	for _, e := range s.Entries {
		v.nextEntries[e.Key] = &entry{owner: e.Owner, version: e.Version, owned: e.Flags&wire.Owned != 0, value: append([]byte(nil), e.Value...)}
	}
	if !s.Last {
		return nil, false
	}
	v.start(s.Epoch, s.Offset)
	clear(v.positions.places)
	changes = v.compare(v.nextEntries)
	v.entries, v.members = v.nextEntries, v.nextMembers
	v.nextEntries, v.nextMembers = nil, nil
	return changes, true
}

// start: a recovered client's missed events follow the snapshot, so its own stands; else the snapshot's is the start.
func (v *view) start(epoch, offset uint64) {
	resuming := v.recovered
	v.recovered, v.lost = false, nil
	if resuming {
		return
	}
	switch {
	case v.seen && epoch != v.epoch:
		v.lost = new(uint64)
	case v.seen && offset > v.offset:
		missed := offset - v.offset
		v.stats.Missed += missed
		v.lost = &missed
	}
	v.epoch, v.offset, v.seen = epoch, offset, true
}

func (v *view) compare(next map[string]*entry) []StateChange {
	var changes []StateChange
	for key, e := range v.entries {
		if next[key] == nil {
			changes = append(changes, StateChange{Key: key, Owner: e.owner, Version: e.version, Deleted: true, Mine: e.owner == v.member, Past: true})
		}
	}
	for key, e := range next {
		if old := v.entries[key]; old != nil && old.version == e.version && string(old.value) == string(e.value) {
			continue
		}
		changes = append(changes, StateChange{Key: key, Owner: e.owner, Version: e.version, Value: e.value, Mine: e.owner == v.member, Past: true})
	}
	return changes
}

// apply takes a State record.
func (v *view) apply(s *wire.State) StateChange {
	change := StateChange{Key: s.Key, Owner: s.Owner, Version: s.Version, Value: s.Value, Mine: s.Owner == v.member}
	switch {
	case s.Flags&wire.Delete != 0:
		delete(v.entries, s.Key)
		change.Deleted = true
	case s.Flags&wire.Retain != 0:
		e := v.entries[s.Key]
		if e == nil {
			e = &entry{}
			v.entries[s.Key] = e
		}
		e.owner, e.version, e.owned = s.Owner, s.Version, s.Flags&wire.Owned != 0
		e.value = append(e.value[:0], s.Value...)
	}
	return change
}

// event tells whether an event is new, and counts what is missing before it.
func (v *view) event(offset uint64) bool {
	if offset <= v.offset {
		v.stats.Duplicates++
		return false
	}
	v.stats.Gaps += offset - v.offset - 1
	v.offset = offset
	return true
}

// left takes a member away. In a room with an area of interest what it owns goes with it; elsewhere the room says so itself.
func (v *view) left(member uint64) (player string, changes []StateChange) {
	player = v.members[member]
	delete(v.members, member)
	delete(v.positions.places, member)
	if !v.interest {
		return player, nil
	}
	for key, e := range v.entries {
		if e.owner == member && e.owned {
			delete(v.entries, key)
			changes = append(changes, StateChange{Key: key, Owner: e.owner, Version: e.version, Deleted: true, Mine: e.owner == v.member})
		}
	}
	return player, changes
}
