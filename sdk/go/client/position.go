package client

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Position is a place in the room's units of length, with a heading.
type Position struct {
	X, Y, Z float64 // told in steps of the room, 0.01 units by default; 32,767 of them to each side of 0
	Yaw     float64 // degrees; told in 256ths of a turn
	Data    []byte  // the game's own, at most 64 bytes, such as a pose; nil: none
}

// MemberPosition is where a member was last said to stand.
type MemberPosition struct {
	Member uint64
	// Far: the member is beyond this one's sight. Its positions come seldom, and nothing else of it does.
	Far bool
	Position
}

// ErrPosition: a position is outside of what the room's positions can say.
var ErrPosition = errors.New("position cannot be told")

// placed is what the view knows of a member's place.
type placed struct {
	wire.Position
	far   bool
	heard time.Time
}

// positions are the members' places, and what is needed to read them.
type positions struct {
	step     float64       // units of length
	farEvery time.Duration // of a far member's positions
	places   map[uint64]*placed
}

// farPatience is how many far intervals of silence mean that a far member is no longer told of.
const farPatience = 3

func (p *positions) resized(w *wire.Welcome) {
	p.step, p.farEvery = float64(cmp.Or(w.PositionStep, 10_000))/1e6, w.FarEvery
}

// take takes one entry; the entry's data is copied.
func (p *positions) take(e *wire.MemberPosition, now time.Time) {
	at := p.places[e.Member]
	if at == nil {
		at = &placed{}
		if p.places == nil {
			p.places = map[uint64]*placed{}
		}
		p.places[e.Member] = at
	}
	data := append(at.Data[:0], e.Data...)
	at.Position, at.far, at.heard = e.Position, e.Far, now
	at.Data = data
}

// known answers a member's place unless it is a far one that was not told of for too long.
func (p *positions) known(member uint64, now time.Time) *placed {
	at := p.places[member]
	if at != nil && at.far && now.Sub(at.heard) > farPatience*p.farEvery {
		delete(p.places, member)
		return nil
	}
	return at
}

func (p *positions) units(at *wire.Position) Position {
	return Position{
		X: float64(at.X) * p.step, Y: float64(at.Y) * p.step, Z: float64(at.Z) * p.step,
		Yaw: float64(at.Yaw) * 360 / 256, Data: at.Data,
	}
}

// steps gives a position as the wire has it; an error wraps ErrPosition.
func (p *positions) steps(at Position) (wire.Position, error) {
	if len(at.Data) > wire.MaxPositionData {
		return wire.Position{}, fmt.Errorf("%w: it carries %d bytes, at most %d are taken", ErrPosition, len(at.Data), wire.MaxPositionData)
	}
	if math.IsNaN(at.Yaw) || math.IsInf(at.Yaw, 0) {
		return wire.Position{}, fmt.Errorf("%w: yaw is %v", ErrPosition, at.Yaw)
	}
	var axes [3]int16
	for i, units := range [3]float64{at.X, at.Y, at.Z} {
		n := math.Round(units / p.step)
		if !(n >= math.MinInt16 && n <= math.MaxInt16) {
			return wire.Position{}, fmt.Errorf("%w: %v is not between %v and %v", ErrPosition, units, math.MinInt16*p.step, math.MaxInt16*p.step)
		}
		axes[i] = int16(n)
	}
	yaw := uint8(int(math.Round(math.Mod(at.Yaw, 360) / 360 * 256)))
	return wire.Position{X: axes[0], Y: axes[1], Z: axes[2], Yaw: yaw, Data: at.Data}, nil
}

// standing is where this player stands, on its way to the room.
type standing struct {
	at     Position
	said   bool // the player has said where it stands
	due    bool // the room has not been told on this connection, or not of this place
	serial uint64
}

// take answers the record that is due, if one is.
func (s *standing) take(p *positions) (record wire.SendPosition, due bool) {
	if !s.due {
		return wire.SendPosition{}, false
	}
	s.due = false
	at, err := p.steps(s.at)
	if err != nil {
		return wire.SendPosition{}, false // another room's steps; it cannot be told here
	}
	s.serial++
	return wire.SendPosition{Serial: s.serial, Position: at}, true
}

// Move says where this player stands. Only the last one counts that was said before the connection's writer comes to it;
// it may be lost, and the next one makes up for it. After a reconnect it is said again. The data is copied. The error wraps
// ErrPosition or is ErrClosed.
func (r *Room) Move(to Position) error {
	r.mu.Lock()
	if r.status == Closed || r.leaving {
		r.mu.Unlock()
		return ErrClosed
	}
	if _, err := r.view.positions.steps(to); err != nil {
		r.mu.Unlock()
		return err
	}
	to.Data = append([]byte(nil), to.Data...) // not over the last one's, which may be on its way
	r.standing.at, r.standing.said, r.standing.due = to, true, true
	r.mu.Unlock()
	r.poke()
	return nil
}

// Position is where a member was last said to stand; false: nobody said, or it is out of sight.
func (r *Room) Position(member uint64) (MemberPosition, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.view.positions.known(member, time.Now())
	if at == nil {
		return MemberPosition{}, false
	}
	return r.view.positions.copyOf(member, at), true
}

// Positions is a copy of where the members stand, by member number; those of whom it is not known are not in it.
func (r *Room) Positions() map[uint64]MemberPosition {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.view.positions
	all := make(map[uint64]MemberPosition, len(p.places))
	now := time.Now()
	for member := range p.places {
		if at := p.known(member, now); at != nil {
			all[member] = p.copyOf(member, at)
		}
	}
	return all
}

func (p *positions) copyOf(member uint64, at *placed) MemberPosition {
	is := MemberPosition{Member: member, Far: at.far, Position: p.units(&at.Position)}
	is.Data = append([]byte(nil), is.Data...)
	return is
}

// Occupancy is how many members the room has: in a room where one is told of those in sight only, what it said last.
func (r *Room) Occupancy() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.view.interest {
		return max(r.view.occupancy, len(r.view.members))
	}
	return len(r.view.members)
}
