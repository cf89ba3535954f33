package room

import (
	"time"

	core "greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Session names a room: players join it by its route and key.
type Session struct{ Route, Key string }

// MemberID is a member's number in its room, given once and never again. 0 is the room itself.
type MemberID uint64

// Member is a player in a room.
type Member struct {
	ID     MemberID
	Player string
	Away   bool // its connection is lost; its seat is kept for the fleet's resume window
	Placed bool // it has a Position
	// Position is where it stands.
	Position Position
}

func (r *Room) member(m *core.MemberInfo) Member {
	out := Member{ID: MemberID(m.ID), Player: m.Player, Away: m.Away, Placed: m.Placed}
	if m.Placed {
		out.Position = positionOf(m.Position, r.step())
	}
	return out
}

// State is a key's value.
type State struct {
	Key     string
	Value   []byte
	Kept    bool          // for late joiners; else it passes by and leaves the kept value as it was
	Owned   bool          // deleted when Owner leaves
	Deleted bool          // the key goes; Value is empty
	Owner   MemberID      // who set it; 0: the room
	TTL     time.Duration // until the room deletes it; 0: never. Of a kept state as Room answers it: 0
	Version uint64        // of a kept state; rises with every change in the room
}

func stateOf(s *core.State) State {
	return State{
		Key: s.Key, Value: s.Value, Kept: s.Flags&wire.Retain != 0, Owned: s.Flags&wire.Owned != 0,
		Owner: MemberID(s.Owner), Version: s.Version,
	}
}

func (s *State) flags() wire.StateFlags {
	var f wire.StateFlags
	if s.Kept {
		f |= wire.Retain
	}
	if s.Owned && s.Owner != 0 {
		f |= wire.Owned
	}
	if s.Deleted {
		f |= wire.Delete
	}
	return f
}

// Event is something told to everybody.
type Event struct {
	Name    string
	Payload []byte
}

// Signal is something told to some members.
type Signal struct {
	Name    string
	Payload []byte
	To      []MemberID // MQTT clients name one player; it is here by its number, or missing if it is not in the room
}
