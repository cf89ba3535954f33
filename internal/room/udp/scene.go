package udp

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// scene encodes a tick's entities, each at most once in each way: one member's bytes are pieces put together. Coming into
// sight is part of the stream with the position and all; moves in sight and afar are worth sending only until the next.
type scene struct {
	entities []room.Entity
	buf      []byte // the pieces, and members' bytes made of them
	pieces   []pieces
	latest   []room.Latest // members' positions
}

// pieces are an entity's encodings; nil: not encoded yet.
type pieces struct{ came, moved, changed, far []byte }

// Scene implements room.Encoder.
func (encoder) Scene(entities []room.Entity) room.Scene {
	return &scene{entities: entities, pieces: make([]pieces, len(entities))}
}

// slab is how much is allocated at once for what members get. Bytes handed out are never moved.
const slab = 32 << 10

// space answers room for n more bytes behind what was handed out.
func (c *scene) space(n int) []byte {
	if cap(c.buf)-len(c.buf) < n {
		c.buf = make([]byte, 0, max(n, slab))
	}
	return c.buf[len(c.buf):]
}

// keep hands out what was appended to space.
func (c *scene) keep(b []byte) []byte {
	if cap(c.buf)-len(c.buf) >= len(b) {
		c.buf = c.buf[:len(c.buf)+len(b)]
	}
	return b[:len(b):len(b)]
}

// For implements room.Scene: Left, then for each that came Joined, Positions and States, then the States that changed.
func (c *scene) For(s *room.Sight) *room.Shared {
	const leftBytes = 12 // at most
	size, moves := leftBytes*len(s.Gone), len(s.Far)
	n := len(s.Gone) + len(s.Came) + len(s.Far)
	for _, i := range s.Came {
		size += len(c.came(i))
		n += len(c.entities[i].Owned)
	}
	for _, i := range s.Stayed {
		e := &c.entities[i]
		if e.Moved {
			moves++
			n++
		}
		if len(e.Changed) > 0 {
			size += len(c.changed(i))
			n += len(e.Changed)
		}
	}
	if n == 0 {
		return nil
	}
	return &room.Shared{Bytes: c.records(s, size), Latest: c.moves(s, moves), Messages: n}
}

func (c *scene) records(s *room.Sight, size int) []byte {
	if size == 0 {
		return nil
	}
	b := c.space(size)
	for _, i := range s.Gone {
		b = wire.Left{Member: c.entities[i].Member}.Append(b)
	}
	for _, i := range s.Came {
		b = append(b, c.pieces[i].came...)
	}
	for _, i := range s.Stayed {
		if len(c.entities[i].Changed) > 0 {
			b = append(b, c.pieces[i].changed...)
		}
	}
	return c.keep(b)
}

func (c *scene) moves(s *room.Sight, n int) []room.Latest {
	if n == 0 {
		return nil
	}
	if cap(c.latest)-len(c.latest) < n {
		c.latest = make([]room.Latest, 0, max(n, slab/32))
	}
	at := len(c.latest)
	for _, i := range s.Stayed {
		if e := &c.entities[i]; e.Moved {
			c.latest = append(c.latest, room.Latest{Member: e.Member, Bytes: c.entry(i, &c.pieces[i].moved, false)})
		}
	}
	for _, i := range s.Far {
		c.latest = append(c.latest, room.Latest{Member: c.entities[i].Member, Bytes: c.entry(i, &c.pieces[i].far, true)})
	}
	return c.latest[at:len(c.latest):len(c.latest)]
}

func (c *scene) came(i int) []byte {
	p := &c.pieces[i].came
	if *p != nil {
		return *p
	}
	e := &c.entities[i]
	b := wire.Joined{Member: e.Member, Player: e.Player}.Append(c.space(256))
	if e.Position != nil {
		at := wire.MemberPosition{Member: e.Member, Position: *e.Position}
		b = wire.Positions{Entries: []wire.MemberPosition{at}}.Append(b)
	}
	for k := range e.Owned {
		b = e.Owned[k].State.Append(b)
	}
	*p = c.keep(b)
	return *p
}

// entry is a position as part of a record.
func (c *scene) entry(i int, p *[]byte, far bool) []byte {
	if *p == nil {
		e := &c.entities[i]
		*p = c.keep(wire.MemberPosition{Member: e.Member, Far: far, Position: *e.Position}.AppendEntry(c.space(96)))
	}
	return *p
}

func (c *scene) changed(i int) []byte {
	p := &c.pieces[i].changed
	if *p == nil {
		b := c.space(256)
		for k := range c.entities[i].Changed {
			b = c.entities[i].Changed[k].State.Append(b)
		}
		*p = c.keep(b)
	}
	return *p
}
