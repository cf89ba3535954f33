package records

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// scene encodes a tick's entities, each at most once in each way: one member's bytes are pieces put together.
type scene struct {
	class    *Class
	entities []room.Entity
	buf      []byte // the pieces
	pieces   []pieces
}

// pieces are where an entity's encodings stand in scene.buf; the empty span: not encoded yet.
type pieces struct {
	came, moved, changed, far span
}

type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// Scene implements room.Encoder.
func (c *Class) Scene(entities []room.Entity) room.Scene {
	return &scene{class: c, entities: entities, pieces: make([]pieces, len(entities))}
}

// For implements room.Scene: Left, then for each that came Joined, Positions and States, then Positions of who moved
// and who is far, then the States that changed.
func (c *scene) For(s *room.Sight) *room.Shared {
	const leftBytes, headBytes = 12, 13 // at most: a record Left, the head of a record Positions
	entries, whole := 0, leftBytes*len(s.Gone)
	n := len(s.Gone) + len(s.Came)
	for _, i := range s.Came {
		whole += c.came(i).len()
		n += len(c.entities[i].Owned)
	}
	for _, i := range s.Stayed {
		e := &c.entities[i]
		if e.Moved {
			entries += c.entry(i, &c.pieces[i].moved, false).len()
			n++
		}
		if len(e.Changed) > 0 {
			whole += c.changed(i).len()
			n += len(e.Changed)
		}
	}
	for _, i := range s.Far {
		entries += c.entry(i, &c.pieces[i].far, true).len()
		n++
	}
	if n == 0 {
		return nil
	}
	if c.class.Apart {
		return c.apart(s, whole, n)
	}
	b := c.class.records(whole + headBytes + entries)
	b = c.comings(b, s)
	if entries > 0 {
		b = wire.AppendPositionsHead(b, entries)
		for _, i := range s.Stayed {
			b = c.put(b, c.pieces[i].moved)
		}
		for _, i := range s.Far {
			b = c.put(b, c.pieces[i].far)
		}
	}
	for _, i := range s.Stayed {
		b = c.put(b, c.pieces[i].changed)
	}
	return &room.Shared{Bytes: c.class.Seal(b), Messages: n}
}

// comings are who left and who came.
func (c *scene) comings(b []byte, s *room.Sight) []byte {
	for _, i := range s.Gone {
		b = wire.Left{Member: c.entities[i].Member}.Append(b)
	}
	for _, i := range s.Came {
		b = c.put(b, c.pieces[i].came)
	}
	return b
}

// apart leaves the positions of who moved and who is far out of the bytes, which are whole long.
func (c *scene) apart(s *room.Sight, whole, messages int) *room.Shared {
	shared := &room.Shared{Messages: messages}
	if whole > 0 {
		b := c.comings(c.class.records(whole), s)
		for _, i := range s.Stayed {
			b = c.put(b, c.pieces[i].changed)
		}
		shared.Bytes = c.class.Seal(b)
	}
	for _, i := range s.Stayed {
		shared.Latest = c.latest(shared.Latest, i, c.pieces[i].moved)
	}
	for _, i := range s.Far {
		shared.Latest = c.latest(shared.Latest, i, c.pieces[i].far)
	}
	return shared
}

func (c *scene) latest(dst []room.Latest, i int, p span) []room.Latest {
	if p.len() == 0 {
		return dst
	}
	return append(dst, room.Latest{Member: c.entities[i].Member, Bytes: c.buf[p.from:p.to:p.to]})
}

func (c *scene) put(b []byte, s span) []byte { return append(b, c.buf[s.from:s.to]...) }

func (c *scene) came(i int) span {
	p := &c.pieces[i].came
	if p.to > 0 {
		return *p
	}
	e := &c.entities[i]
	p.from = len(c.buf)
	c.buf = wire.Joined{Member: e.Member, Player: e.Player}.Append(c.buf)
	if e.Position != nil {
		at := wire.MemberPosition{Member: e.Member, Position: *e.Position}
		c.buf = wire.Positions{Entries: []wire.MemberPosition{at}}.Append(c.buf)
	}
	for k := range e.Owned {
		c.buf = e.Owned[k].State.Append(c.buf)
	}
	p.to = len(c.buf)
	return *p
}

// entry is a position as part of a record.
func (c *scene) entry(i int, p *span, far bool) span {
	if p.to == 0 {
		e := &c.entities[i]
		p.from = len(c.buf)
		c.buf = wire.MemberPosition{Member: e.Member, Far: far, Position: *e.Position}.AppendEntry(c.buf)
		p.to = len(c.buf)
	}
	return *p
}

func (c *scene) changed(i int) span {
	p := &c.pieces[i].changed
	if p.to == 0 {
		p.from = len(c.buf)
		for k := range c.entities[i].Changed {
			c.buf = c.entities[i].Changed[k].State.Append(c.buf)
		}
		p.to = len(c.buf)
	}
	return *p
}
