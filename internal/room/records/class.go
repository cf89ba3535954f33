package records

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// snapshotPart is about how many bytes of states go into one part of a snapshot.
const snapshotPart = 32 << 10

// Class is how connections carry records: one wire class, which is encoded once for all of them. It is never changed.
type Class struct {
	Name string                // connections with one name share bytes
	Head int                   // bytes that Seal needs in front of records
	Seal func(b []byte) []byte // makes what is sent of the records in b[Head:], in place
	// Apart: positions may be lost on these connections. They stand in room.Shared.Latest, as entries of the record, and not
	// among the bytes; those of a snapshot and of who comes into sight are bytes all the same.
	Apart bool
}

// Key implements room.Encoder, as do the following.
func (c *Class) Key() string { return c.Name }

// records makes room for n bytes of records.
func (c *Class) records(n int) []byte { return make([]byte, c.Head, c.Head+n) }

func (c *Class) Batch(t *room.Batch) *room.Shared {
	if !c.Apart || len(t.Positions) == 0 {
		return c.batch(t)
	}
	whole := *t
	whole.Positions = nil
	s := *c.batch(&whole) // a copy: it may be all rooms'
	for i := range t.Positions {
		s.Latest = append(s.Latest, latest(&t.Positions[i].MemberPosition))
	}
	s.Messages += len(s.Latest)
	return &s
}

func latest(p *wire.MemberPosition) room.Latest {
	return room.Latest{Member: p.Member, Bytes: p.AppendEntry(nil)}
}

// AppendTick appends the records of who came and went, of states and of events, in this order.
func AppendTick(b []byte, t *room.Batch) []byte {
	for _, p := range t.Presence {
		if p.Left {
			b = wire.Left{Member: p.Member}.Append(b)
		} else {
			b = wire.Joined{Member: p.Member, Player: p.Player}.Append(b)
		}
	}
	for i := range t.States {
		b = t.States[i].State.Append(b)
	}
	for i := range t.Events {
		b = t.Events[i].Event.Append(b)
	}
	return b
}

func (c *Class) batch(t *room.Batch) *room.Shared {
	b := c.records(64*(len(t.States)+len(t.Events)+len(t.Presence)) + 16*len(t.Positions))
	b = AppendTick(b, t)
	b = appendPositions(b, t.Positions)
	n := len(t.Presence) + len(t.States) + len(t.Events) + len(t.Positions)
	if t.Occupancy > 0 {
		b = wire.Occupancy{Members: uint64(t.Occupancy)}.Append(b)
		n++
	}
	if n == 0 {
		return c.staged(&room.Shared{}, t.Staged)
	}
	return c.staged(&room.Shared{Bytes: c.Seal(b), Messages: n}, t.Staged)
}

// staged puts what all rooms of the server share behind this room's own.
func (c *Class) staged(own *room.Shared, all []*room.Staged) *room.Shared {
	for _, s := range all {
		shared := s.Encoded(c.Name, func() *room.Shared {
			return &room.Shared{Bytes: c.Seal(s.Append(c.records(len(s.Payload) + 256))), Messages: 1}
		})
		if own.Messages == 0 && len(all) == 1 {
			return shared // mostly so, and nothing is copied
		}
		own.Bytes, own.Messages = append(own.Bytes, shared.Bytes...), own.Messages+1
	}
	return own
}

// appendPositions appends one record of all positions, if there are any.
func appendPositions(b []byte, all []room.MemberPosition) []byte {
	if len(all) == 0 {
		return b
	}
	entries := make([]byte, 0, 16*len(all))
	for i := range all {
		entries = all[i].AppendEntry(entries)
	}
	return append(wire.AppendPositionsHead(b, len(entries)), entries...)
}

// Snapshot seals each part by itself: the members in the first, then the states by about snapshotPart. One more has
// what else a late joiner is shown.
func (c *Class) Snapshot(v *room.View) *room.Shared {
	part := wire.Snapshot{First: true, Epoch: v.Epoch, Offset: v.Offset, Members: v.Members}
	var all []byte
	size := 0
	flush := func(last bool) {
		part.Last = last
		all = append(all, c.Seal(part.Append(c.records(size+256)))...)
		part.First, part.Members, part.Entries, size = false, nil, part.Entries[:0], 0
	}
	for i := range v.States {
		s := &v.States[i]
		part.Entries = append(part.Entries, wire.Entry{Key: s.Key, Owner: s.Owner, Version: s.Version, Flags: s.Flags, Value: s.Value})
		if size += len(s.Key) + len(s.Value) + 16; size >= snapshotPart && i+1 < len(v.States) {
			flush(false)
		}
	}
	flush(true)
	rest := c.batch(&room.Batch{Positions: v.Positions, Staged: v.Staged, Occupancy: v.Occupancy})
	if rest.Messages > 0 {
		all = append(all, rest.Bytes...)
	}
	return &room.Shared{Bytes: all, Messages: len(v.States) + rest.Messages}
}
