package room

import (
	"bytes"
	"math"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// sendPosition puts a position into the room. It may be lost, so what is refused is counted and not answered.
func (l *Link) sendPosition(now time.Time, m *Message) error {
	counted, data := l.room.cfg.Counters, m.Position.Data
	verdict := l.take(now, &l.messages, 1)
	if verdict == Pass {
		verdict = l.take(now, &l.bytes, len(data))
	}
	switch {
	case verdict == Flood:
		return ErrFlooding
	case verdict == Refuse, len(data) > wire.MaxPositionData:
		counted.PositionsRefused.Add(1)
		return nil
	case m.Seq <= l.serial:
		counted.PositionsLate.Add(1)
		return nil
	}
	l.serial = m.Seq
	return l.room.in.putPosition(l, *m)
}

// standing is where a member stands.
type standing struct {
	wire.Position
	declared bool // else it has not said
	moved    bool // in this tick; it stands in Room.moved
	first    bool // it moved from not having said
}

// position tells it as Entity does: nil if the member has not said.
func (s *standing) position() *wire.Position {
	if !s.declared {
		return nil
	}
	return &s.Position
}

// place takes a member's position.
func (r *Room) place(m *member, p wire.Position) {
	r.cfg.Counters.Positions.Add(1)
	if m.at.declared && m.at.Equal(p) {
		return
	}
	p.Data = bytes.Clone(p.Data) // it may be a small part of what was read
	m.at.Position, m.at.first, m.at.declared = p, m.at.first || !m.at.declared, true
	if !m.at.moved {
		m.at.moved = true
		r.moved = append(r.moved, m)
	}
}

// tellPositions puts those that changed into the batch.
func (r *Room) tellPositions() {
	for _, m := range r.moved {
		if !m.gone {
			r.batch.Positions = append(r.batch.Positions, m.shownAt())
		}
	}
}

// shownAt is where the member, who has said so, stands.
func (m *member) shownAt() MemberPosition {
	return MemberPosition{MemberPosition: wire.MemberPosition{Member: m.id, Position: m.at.Position}, Player: m.player}
}

// positionStep is a setting in units as Welcome has it, in millionths of one.
func positionStep(units float64) uint64 { return uint64(math.Round(units * 1e6)) }
