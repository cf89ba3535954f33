package mqtt

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// The topic r/{room}/batch carries the records of greenroom.v1 of a tick, back to back, in one PUBLISH of QoS 0, or in
// several where one would be longer than maxPart or than the client takes. It is sent to who subscribes to it by its very
// name; no wildcard reaches it.

const (
	maxPart      = 256 << 10 // bytes of records in one PUBLISH
	snapshotPart = 32 << 10  // about how many bytes of states go into one part of a snapshot
	entryBytes   = 16        // about how long an entry of Positions is
)

// part is how many bytes of records the class takes in one PUBLISH.
func (c *class) part() int {
	if c.maxPacket == 0 {
		return maxPart
	}
	overhead := 16 + len(c.prefix) + len(topicBatch)
	for i := range c.filters {
		if c.filters[i].topic == c.prefix+topicBatch {
			overhead += 1 + varintSize(c.filters[i].id)
		}
	}
	return max(1, min(maxPart, c.maxPacket-overhead))
}

// parts are payloads of whole records.
type parts struct {
	limit int
	done  [][]byte
	b     []byte
}

// record appends one record, to a new part if it would make the last one too long.
func (p *parts) record(r wire.Record) { p.whole(r.Append(p.b), len(p.b)) }

// whole takes b, which is p.b and one or more records from start on.
func (p *parts) whole(b []byte, start int) {
	if start > 0 && len(b) > p.limit {
		p.done = append(p.done, b[:start:start])
		b = append([]byte(nil), b[start:]...)
	}
	p.b = b
}

// positions appends records of entries.
func (p *parts) positions(n int, entry func(b []byte, i int) []byte) {
	var entries []byte
	flush := func() {
		if len(entries) > 0 {
			p.whole(append(wire.AppendPositionsHead(p.b, len(entries)), entries...), len(p.b))
		}
		entries = entries[:0]
	}
	for i := range n {
		entries = entry(entries, i)
		if len(entries)+2*entryBytes+wire.MaxPositionData > p.limit {
			flush()
		}
	}
	flush()
}

func (p *parts) all() [][]byte {
	if len(p.b) > 0 {
		p.done = append(p.done, p.b)
	}
	return p.done
}

func batchRecords(t *room.Batch, limit int) [][]byte {
	p := parts{limit: limit}
	p.batch(t)
	return p.all()
}

func (p *parts) batch(t *room.Batch) {
	for _, one := range t.Presence {
		if one.Left {
			p.record(wire.Left{Member: one.Member})
		} else {
			p.record(wire.Joined{Member: one.Member, Player: one.Player})
		}
	}
	for i := range t.States {
		p.record(t.States[i].State)
	}
	for i := range t.Events {
		p.record(t.Events[i].Event)
	}
	p.positions(len(t.Positions), func(b []byte, i int) []byte { return t.Positions[i].AppendEntry(b) })
	for _, s := range t.Staged {
		p.record(s.Staged)
	}
	if t.Occupancy > 0 {
		p.record(wire.Occupancy{Members: uint64(t.Occupancy)})
	}
}

// snapshotRecords is the room in Snapshot records, and what follows them.
func snapshotRecords(v *room.View, limit int) [][]byte {
	p := parts{limit: limit}
	s := wire.Snapshot{First: true, Epoch: v.Epoch, Offset: v.Offset, Members: v.Members}
	size := 0
	for i := range v.States {
		st := &v.States[i]
		entry := wire.Entry{Key: st.Key, Owner: st.Owner, Version: st.Version, Flags: st.Flags, Value: st.Value}
		n := len(st.Key) + len(st.Value) + 32
		if size > 0 && size+n > min(snapshotPart, limit) {
			p.record(s)
			s.First, s.Members, s.Entries, size = false, nil, nil, 0
		}
		s.Entries = append(s.Entries, entry)
		size += n
	}
	s.Last = true
	p.record(s)
	p.batch(&room.Batch{Positions: v.Positions, Staged: v.Staged, Occupancy: v.Occupancy})
	return p.all()
}

// records puts parts of records in.
func (e *encoding) records(all [][]byte) {
	it := item{class: topicBatch, retain: e.class.retained}
	e.topic = it.topic(e.topic[:0], e.class.prefix)
	g := grant{asSent: true}
	for i := range e.class.filters {
		if f := &e.class.filters[i]; f.topic == string(e.topic) && f.id != 0 {
			g.ids = append(g.ids, f.id)
		}
	}
	for _, part := range all {
		it.payload = part
		e.put(&it, g)
	}
}
