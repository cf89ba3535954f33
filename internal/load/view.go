package load

import (
	"sync"

	"greenroom.dev/greenroom/internal/room/wire"
)

// View is what a member of a greenroom.v1 room knows of the others by what it was told. Reading it takes Look.
type View struct {
	mu      sync.Mutex
	me      uint64
	members map[uint64]string
	near    map[uint64]wire.Position
	far     map[uint64]wire.Position
}

// Seen is a View at one moment.
type Seen struct {
	Me      uint64 // the member's own number
	Members map[uint64]string
	Near    map[uint64]wire.Position // those told as near, itself included
	Far     map[uint64]wire.Position
}

// Look answers copies.
func (v *View) Look() Seen {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := Seen{Me: v.me, Members: map[uint64]string{}, Near: map[uint64]wire.Position{}, Far: map[uint64]wire.Position{}}
	for member, player := range v.members {
		s.Members[member] = player
	}
	for member, p := range v.near {
		s.Near[member] = p
	}
	for member, p := range v.far {
		s.Far[member] = p
	}
	return s
}

func (v *View) record(t wire.Type, body []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch t {
	case wire.TypeWelcome:
		w, err := wire.DecodeWelcome(body)
		v.me = w.Member
		return err
	case wire.TypeSnapshot:
		s, err := wire.DecodeSnapshot(body)
		if s.First {
			v.members, v.near, v.far = map[uint64]string{}, map[uint64]wire.Position{}, map[uint64]wire.Position{}
		}
		for _, m := range s.Members {
			v.members[m.Member] = m.Player
		}
		return err
	case wire.TypeJoined:
		j, err := wire.DecodeJoined(body)
		v.members[j.Member] = j.Player
		return err
	case wire.TypeLeft:
		l, err := wire.DecodeLeft(body)
		delete(v.members, l.Member)
		delete(v.near, l.Member)
		return err
	case wire.TypePositions:
		p, err := wire.DecodePositions(body)
		for _, e := range p.Entries {
			v.moved(e)
		}
		return err
	}
	return nil
}

func (v *View) moved(e wire.MemberPosition) {
	e.Data = nil // it is not ours to keep
	if e.Far {
		v.far[e.Member] = e.Position
		return
	}
	v.near[e.Member] = e.Position
	delete(v.far, e.Member)
}
