package udp

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"
)

// snapshotPart is about how many bytes of states go into one part of a snapshot.
const snapshotPart = 32 << 10

// encoder makes what all UDP members share: records for the stream, and positions, of which only the newest is sent.
type encoder struct{}

// Key implements room.Encoder, as do the following.
func (encoder) Key() string { return Endpoint }

func (encoder) Batch(t *room.Batch) *room.Shared {
	s := &room.Shared{
		Bytes:    appendRecords(nil, t),
		Latest:   latest(t.Positions),
		Messages: len(t.Presence) + len(t.States) + len(t.Events) + len(t.Positions) + len(t.Staged),
	}
	if t.Occupancy > 0 {
		s.Messages++
	}
	if s.Messages == 0 {
		return nil
	}
	return s
}

// appendRecords appends all of a tick but the positions.
func appendRecords(b []byte, t *room.Batch) []byte {
	b = records.AppendTick(b, t)
	if t.Occupancy > 0 {
		b = wire.Occupancy{Members: uint64(t.Occupancy)}.Append(b)
	}
	for _, s := range t.Staged {
		b = append(b, s.Encoded(Endpoint, func() *room.Shared {
			return &room.Shared{Bytes: s.Append(nil), Messages: 1}
		}).Bytes...)
	}
	return b
}

// latest encodes positions side by side, which package dgram copies at once.
func latest(all []room.MemberPosition) []room.Latest {
	if len(all) == 0 {
		return nil
	}
	entries := make([]room.Latest, len(all))
	buf := make([]byte, 0, 16*len(all))
	for i := range all {
		at := len(buf)
		buf = all[i].AppendEntry(buf)
		entries[i] = room.Latest{Member: all[i].Member, Bytes: buf[at:]}
	}
	return entries
}

// Snapshot is part of the stream as a whole, positions too: what the ticks tell of them afterwards is newer.
func (encoder) Snapshot(v *room.View) *room.Shared {
	part := wire.Snapshot{First: true, Epoch: v.Epoch, Offset: v.Offset, Members: v.Members}
	var b []byte
	size := 0
	for i := range v.States {
		s := &v.States[i]
		part.Entries = append(part.Entries, wire.Entry{Key: s.Key, Owner: s.Owner, Version: s.Version, Flags: s.Flags, Value: s.Value})
		if size += len(s.Key) + len(s.Value) + 16; size >= snapshotPart && i+1 < len(v.States) {
			b = part.Append(b)
			part.First, part.Members, part.Entries, size = false, nil, part.Entries[:0], 0
		}
	}
	part.Last = true
	b = part.Append(b)
	b = appendPositions(b, v.Positions)
	b = appendRecords(b, &room.Batch{Staged: v.Staged, Occupancy: v.Occupancy})
	return &room.Shared{Bytes: b, Messages: len(v.States) + len(v.Positions) + len(v.Staged)}
}

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
