package client

import (
	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/wire"
)

// sights brings the positions of datagrams, which come in any order, in line with the stream of records: what comes out is
// in an order in which a WebSocket could have told it. It is pure.
type sights struct {
	read    uint64 // of the stream
	floor   uint64 // the last snapshot: what was told before is of no use
	packet  uint64 // the highest that brought positions
	members map[uint64]*sight
	waiting int // members with a later position
	sweptAt uint64
}

// sight is what is known of one member's positions.
type sight struct {
	near   bool   // the stream said that it is there
	since  uint64 // how far the stream was when it last said something of the member
	packet uint64 // of the newest position
	later  *told  // it was told after what was read of the stream; nil: none
}

// told is a position of a datagram.
type told struct {
	packet, after uint64
	wire.MemberPosition
}

// record takes a record of the stream, which ends at end.
func (s *sights) record(t wire.Type, body []byte, end uint64) error {
	s.read = end
	switch t {
	case wire.TypeJoined:
		joined, err := wire.DecodeJoined(body)
		s.say(joined.Member, true)
		return err
	case wire.TypeLeft:
		left, err := wire.DecodeLeft(body)
		s.say(left.Member, false)
		return err
	case wire.TypePositions:
		all, err := wire.DecodePositions(body)
		for _, e := range all.Entries {
			s.say(e.Member, !e.Far)
		}
		return err
	case wire.TypeSnapshot:
		part, err := wire.DecodeSnapshot(body)
		if part.First {
			for member := range s.members {
				s.say(member, false)
			}
		}
		for _, m := range part.Members {
			s.say(m.Member, true)
		}
		s.floor = end
		return err
	}
	return nil
}

func (s *sights) of(member uint64) *sight {
	m := s.members[member]
	if m == nil {
		if s.members == nil {
			s.members = map[uint64]*sight{}
		}
		m = &sight{}
		s.members[member] = m
	}
	return m
}

func (s *sights) say(member uint64, near bool) {
	m := s.of(member)
	m.near, m.since = near, s.read
}

// positions takes a datagram's, and appends a record of those that are good now.
func (s *sights) positions(b []byte, packet, after uint64, body []byte) ([]byte, error) {
	all, err := wire.DecodePositions(body)
	if err != nil {
		return b, err
	}
	s.packet = max(s.packet, packet)
	s.sweep()
	good := all.Entries[:0]
	for _, e := range all.Entries {
		if s.take(&told{packet, after, e}) {
			good = append(good, e)
		}
	}
	return appendPositions(b, good), nil
}

func appendPositions(b []byte, entries []wire.MemberPosition) []byte {
	if len(entries) == 0 {
		return b
	}
	return wire.Positions{Entries: entries}.Append(b)
}

// take tells whether the position is good now. One that is ahead of the stream is kept, too, until that is as far: what the
// stream says up to there does not stand above it.
func (s *sights) take(p *told) bool {
	m := s.of(p.Member)
	if p.packet < m.packet || p.after < m.since || p.after < s.floor {
		return false
	}
	m.packet = p.packet
	if p.after > s.read {
		ahead := *p
		ahead.Data = append([]byte(nil), p.Data...)
		if m.later == nil {
			s.waiting++
		}
		m.later = &ahead
	} else if m.later != nil {
		m.later = nil
		s.waiting--
	}
	return p.Far != m.near // else of a sight that is over, or has not begun
}

// caughtUp appends what waited for the stream and is good now.
func (s *sights) caughtUp(b []byte) []byte {
	if s.waiting == 0 {
		return b
	}
	var good []wire.MemberPosition
	for _, m := range s.members {
		if p := m.later; p != nil && p.after <= s.read {
			if s.take(p) {
				good = append(good, p.MemberPosition)
			}
			if m.later != nil {
				m.later = nil
				s.waiting--
			}
		}
	}
	return appendPositions(b, good)
}

// sweep forgets members out of sight of whom no position can come any more that is older than what made them so.
func (s *sights) sweep() {
	if s.packet < s.sweptAt+dgram.ReplayWindow {
		return
	}
	s.sweptAt = s.packet
	for member, m := range s.members {
		if !m.near && m.later == nil && m.packet+2*dgram.ReplayWindow < s.packet {
			delete(s.members, member)
		}
	}
}
