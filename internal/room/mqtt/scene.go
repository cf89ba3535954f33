package mqtt

import (
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// The ways in which an entity is told.
const (
	wayGone = iota
	wayCame
	wayStayed
	wayFar
	ways
)

// scene encodes a tick's entities, each at most once in each way.
type scene struct {
	class    *class
	now      time.Time
	entities []room.Entity
	pieces   [][ways]*room.Shared
}

// nothing is an entity that a class hears nothing of.
var nothing = &room.Shared{}

// Scene implements room.Encoder.
func (c *class) Scene(entities []room.Entity) room.Scene {
	return &scene{class: c, now: time.Now(), entities: entities, pieces: make([][ways]*room.Shared, len(entities))}
}

// For implements room.Scene: pieces one after the other, with their holes moved.
func (s *scene) For(sight *room.Sight) *room.Shared {
	var whole room.Shared
	size := 0
	s.each(sight, func(i, way int) { size += len(s.piece(i, way).Bytes) })
	whole.Bytes = make([]byte, 0, size)
	s.each(sight, func(i, way int) {
		p := s.piece(i, way)
		for _, h := range p.Holes {
			at := len(whole.Bytes)
			whole.Holes = append(whole.Holes, room.Hole{Start: at + h.Start, ID: at + h.ID, End: at + h.End})
		}
		whole.Bytes = append(whole.Bytes, p.Bytes...)
		whole.Messages += p.Messages
	})
	if s.class.batch {
		e := encoding{class: s.class, now: s.now, Shared: whole}
		e.records(s.records(sight))
		whole = e.Shared
	}
	if whole.Messages == 0 {
		return nil
	}
	return &whole
}

// each shows a sight's entities in the order in which they are told.
func (s *scene) each(sight *room.Sight, show func(i, way int)) {
	for way, indexes := range [ways][]int{wayGone: sight.Gone, wayCame: sight.Came, wayStayed: sight.Stayed, wayFar: sight.Far} {
		for _, i := range indexes {
			show(i, way)
		}
	}
}

// piece is what is told of an entity in a way, encoded at the first call.
func (s *scene) piece(i, way int) *room.Shared {
	p := &s.pieces[i][way]
	if *p == nil {
		e := encoding{class: s.class, now: s.now}
		s.tell(&s.entities[i], way, e.add)
		if *p = nothing; e.Messages > 0 {
			*p = &e.Shared
		}
	}
	return *p
}

// tell shows what is told of an entity in a way.
func (s *scene) tell(e *room.Entity, way int, show func(it *item)) {
	var it item
	states := e.Changed
	switch way {
	case wayGone, wayCame:
		it = presenceItem(&room.Presence{Member: e.Member, Player: e.Player, Left: way == wayGone})
		show(&it)
		states = e.Owned
	}
	switch {
	case way == wayGone:
		it = goneItem(e.Player)
		show(&it)
	case e.Position != nil && (e.Moved || way != wayStayed):
		it = positionItem(s.position(e, way))
		show(&it)
	}
	if way == wayGone || way == wayFar {
		return
	}
	for i := range states {
		it = stateItem(&states[i])
		show(&it)
	}
}

func (s *scene) position(e *room.Entity, way int) *room.MemberPosition {
	return &room.MemberPosition{
		Player: e.Player, MemberPosition: wire.MemberPosition{Member: e.Member, Far: way == wayFar, Position: *e.Position},
	}
}

// records is a sight as the records of r/{room}/batch.
func (s *scene) records(sight *room.Sight) [][]byte {
	p := parts{limit: s.class.part()}
	var at []wire.MemberPosition
	s.each(sight, func(i, way int) {
		e := &s.entities[i]
		states := e.Changed
		switch way {
		case wayGone:
			p.record(wire.Left{Member: e.Member})
			return
		case wayCame:
			p.record(wire.Joined{Member: e.Member, Player: e.Player})
			states = e.Owned
		case wayFar:
			states = nil
		}
		if e.Position != nil && (e.Moved || way != wayStayed) {
			at = append(at, s.position(e, way).MemberPosition)
		}
		for k := range states {
			p.record(states[k].State)
		}
	})
	p.positions(len(at), func(b []byte, i int) []byte { return at[i].AppendEntry(b) })
	return p.all()
}
