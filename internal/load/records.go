package load

import (
	"encoding/binary"

	"greenroom.dev/greenroom/internal/room/wire"
)

// said is what a member of greenroom.v1 says in an update.
type said struct {
	seq     uint64
	updates int
	records []byte
	data    [4]byte
}

func (s *said) begin() {
	s.updates++
	s.records = s.records[:0]
}

func (s *said) state(key string, body Body, stamp int64) {
	s.seq++
	var value [2048]byte
	state := wire.SetState{Seq: s.seq, Flags: wire.Retain | wire.Owned, Key: key, Value: body.Append(value[:0], stamp)}
	s.records = state.Append(s.records)
}

// position is good until the next.
func (s *said) position(at wire.Position, stamped bool, stamp int64) wire.SendPosition {
	if stamped {
		binary.LittleEndian.PutUint32(s.data[:], uint32(stamp/1000))
		at.Data = s.data[:]
	}
	return wire.SendPosition{Serial: uint64(s.updates), Position: at}
}

// event tells one after so many updates; 0: never.
func (s *said) event(every int) {
	if every > 0 && s.updates%every == 0 {
		s.seq++
		s.records = wire.SendEvent{Seq: s.seq, Name: "wave"}.Append(s.records)
	}
}

// heard is how far a member has heard a room's events; 0: not at all.
type heard uint64

// record counts states and positions, and looks for gaps in the events.
func (h *heard) record(t wire.Type, body []byte, own Body, view *View, s *Sink) error {
	if view != nil {
		if err := view.record(t, body); err != nil {
			return err
		}
	}
	switch t {
	case wire.TypeState:
		if s.Deliver() && own != nil {
			state, err := wire.DecodeState(body)
			if err != nil {
				return err
			}
			if sent, ok := own.Stamp(state.Value); ok {
				s.Stamp(sent)
			}
		}
	case wire.TypePositions:
		return positions(body, s)
	case wire.TypeEvent:
		h.event(body, s)
	case wire.TypeResync:
		*h = 0
		s.Resync()
	case wire.TypeReject:
		s.Reject()
	}
	return nil
}

// event: the first one after entering, or after the room said that some are lost, tells nothing.
func (h *heard) event(body []byte, s *Sink) {
	offset, n := binary.Uvarint(body)
	if n > 0 && *h != 0 && offset != uint64(*h)+1 {
		s.Gap(max(offset-uint64(*h), 2) - 1)
	}
	*h = heard(offset)
}

// positions walks over record 8D's entries. Only stamped members' have data, and all of those are measured.
func positions(body []byte, s *Sink) error {
	const fixed = 7
	if len(body) == 0 || body[0] != wire.PositionsVersion {
		return wire.ErrVersion
	}
	for b := body[1:]; len(b) > 0; {
		head, n := binary.Uvarint(b)
		if n <= 0 || len(b) < n+fixed {
			return wire.ErrShort
		}
		b = b[n+fixed:]
		s.Deliver()
		if head&1 == 0 {
			continue
		}
		if len(b) == 0 || len(b) <= int(b[0]) { // at most 64, so its length is one byte
			return wire.ErrShort
		}
		if b[0] == 4 {
			s.Stamp32(binary.LittleEndian.Uint32(b[1:]))
		}
		b = b[1+int(b[0]):]
	}
	return nil
}
