package room

import (
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// A room's state on its way to another server or into a copy:
//
//	version 1 byte (2) · epoch uvarint · offset uvarint · last version uvarint · last member uvarint ·
//	n members · n × (member uvarint · player string · last seq uvarint) ·
//	n states · n × (key string · owner uvarint · version uvarint · flags 1 byte · QoS 1 byte ·
//	                ms left + 1 uvarint (0: for ever) · value bytes · [properties bytes]) ·
//	n events · n × (from uvarint · name string · QoS 1 byte · payload bytes · [properties bytes]), the last one's offset
//	                being the room's ·
//	where members stand, as a record Positions (8D) · what the room's logic gave, bytes
//
// A QoS with 128 added says that properties follow. Members and states stand in ascending order. A periodic copy holds no events. Version 1 had no positions and no
// logic.
const freezeVersion = 2

// Freeze stops the room at the end of its next tick and then calls done with its state, by the room's goroutine. A frozen
// room holds what comes in, within MaxInboxMessages and MaxInboxBytes, and acknowledges nothing; Resume goes on with
// it, Close drops it.
func (r *Room) Freeze(done func(state []byte)) error {
	return r.in.control(func(r *Room) { r.freezing = append(r.freezing, done) })
}

// Resume takes Freeze back; a Freeze that was not reached yet is forgotten.
func (r *Room) Resume() error {
	return r.in.control(func(r *Room) { r.frozen, r.freezing = false, nil })
}

func (r *Room) freezeNow() {
	if len(r.freezing) == 0 {
		return
	}
	r.frozen = true
	state := r.encode(true)
	if len(state) > MaxFrozenBytes {
		state = r.encode(false) // who resumes from an older offset will know
	}
	for _, done := range r.freezing {
		done(state)
	}
	r.freezing = nil
}

func (r *Room) encode(withEvents bool) []byte {
	b := make([]byte, 0, 256+r.states.bytes+64*r.seats.len())
	b = append(b, freezeVersion)
	b = wire.AppendUvarint(b, r.epoch)
	b = wire.AppendUvarint(b, r.offset)
	b = wire.AppendUvarint(b, r.version)
	b = wire.AppendUvarint(b, r.seats.last)
	b = wire.AppendUvarint(b, uint64(r.seats.len()))
	for _, m := range r.seats.all {
		b = wire.AppendBytes(wire.AppendUvarint(b, m.id), m.player)
		b = wire.AppendUvarint(b, m.lastSeq)
	}
	b = wire.AppendUvarint(b, uint64(len(r.states.byKey)))
	for _, e := range r.states.sorted() {
		b = wire.AppendBytes(b, e.Key)
		b = wire.AppendUvarint(b, e.Owner)
		b = wire.AppendUvarint(b, e.Version)
		b = append(b, byte(e.Flags), sealedQoS(e.QoS, e.Props))
		var left uint64
		if !e.Expires.IsZero() {
			left = uint64(max(0, e.Expires.Sub(r.now)/time.Millisecond)) + 1
		}
		b = wire.AppendUvarint(b, left)
		b = appendProps(wire.AppendBytes(b, e.Value), e.Props)
	}
	events := r.ring.events
	if !withEvents {
		events = nil
	}
	b = wire.AppendUvarint(b, uint64(len(events)))
	for i := range events {
		e := &events[i]
		b = wire.AppendUvarint(b, e.From)
		b = wire.AppendBytes(b, e.Name)
		b = wire.AppendBytes(append(b, sealedQoS(e.QoS, e.Props)), e.Payload)
		b = appendProps(b, e.Props)
	}
	var at wire.Positions
	for _, m := range r.seats.all {
		if m.at.declared {
			at.Entries = append(at.Entries, wire.MemberPosition{Member: m.id, Position: m.at.Position})
		}
	}
	return wire.AppendBytes(at.Append(b), r.game.state())
}

const withProps = 0x80

func sealedQoS(qos byte, props []byte) byte {
	if len(props) > 0 {
		return qos | withProps
	}
	return qos
}

func appendProps(b, props []byte) []byte {
	if len(props) == 0 {
		return b
	}
	return wire.AppendBytes(b, props)
}

// readProps reads what follows a sealed QoS and its payload.
func readProps(d *wire.Decoder, sealed byte) (qos byte, props []byte) {
	if sealed&withProps != 0 {
		props = d.Bytes(wire.MaxRecordBytes)
	}
	return sealed &^ withProps, props
}

var errOrder = errors.New("entries are not in order")

// Restore makes a room from an earlier one's state; the slice must not change after. complete: nothing happened since it was
// made; else the room has cfg.Epoch and no events to resume from. now is when its states' times to live go on.
func Restore(cfg Config, state []byte, complete bool, now time.Time) (*Room, error) {
	r := New(cfg)
	d := wire.NewDecoder(state)
	v := d.Byte()
	if v == 0 || v > freezeVersion {
		return nil, fmt.Errorf("restore %s: state is of version %d, this server knows %d", cfg.Session, v, freezeVersion)
	}
	epoch := d.Uvarint()
	if complete {
		r.epoch = epoch
	}
	r.offset, r.version, r.seats.last = d.Uvarint(), d.Uvarint(), d.Uvarint()
	err := errors.Join(r.restoreMembers(d), r.restoreStates(d, now), r.restoreEvents(d, complete), d.Err())
	if err != nil {
		return nil, fmt.Errorf("restore %s: %w", cfg.Session, err)
	}
	rest := state[len(state)-d.Rest():]
	var logic []byte
	if v > 1 {
		if rest, err = r.restorePositions(rest); err != nil {
			return nil, fmt.Errorf("restore %s: positions: %w", cfg.Session, err)
		}
		d = wire.NewDecoder(rest)
		if logic = d.Bytes(MaxLogicBytes); d.Err() != nil {
			return nil, fmt.Errorf("restore %s: logic: %w", cfg.Session, d.Err())
		}
		rest = rest[len(rest)-d.Rest():]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("restore %s: %d bytes too many", cfg.Session, len(rest))
	}
	if err := r.game.restore(logic, now); err != nil {
		return nil, fmt.Errorf("restore %s: logic: %w", cfg.Session, err)
	}
	return r, nil
}

func (r *Room) restorePositions(b []byte) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, wire.ErrShort
	}
	t, body, rest, err := wire.Next(b)
	if err != nil {
		return nil, err
	}
	at, err := wire.DecodePositions(body)
	if err != nil {
		return nil, err
	}
	for _, e := range at.Entries {
		m := r.seats.byID[e.Member]
		if t != wire.TypePositions || m == nil {
			return nil, errOrder
		}
		m.at = standing{Position: e.Position, declared: true}
		if r.interest != nil {
			r.interest.move([]*member{m})
		}
	}
	return rest, nil
}

func (r *Room) restoreMembers(d *wire.Decoder) error {
	last := uint64(0)
	for range d.Count(3) {
		m := &member{id: d.Uvarint(), player: d.String(wire.MaxPlayer), lastSeq: d.Uvarint()}
		if d.Err() != nil {
			return nil
		}
		if m.id <= last || m.id > r.seats.last || r.seats.byPlayer[m.player] != nil {
			return errOrder
		}
		last = m.id
		r.seats.add(m)
		if r.interest != nil {
			r.interest.enter(m)
		}
	}
	return nil
}

func (r *Room) restoreStates(d *wire.Decoder, now time.Time) error {
	last := ""
	for range d.Count(7) {
		e := entry{State: State{State: wire.State{
			Key: d.String(wire.MaxName), Owner: d.Uvarint(), Version: d.Uvarint(), Flags: wire.StateFlags(d.Byte()),
		}}}
		qos := d.Byte()
		left := d.Uvarint()
		e.Value = d.Bytes(wire.MaxRecordBytes)
		e.QoS, e.Props = readProps(d, qos)
		if d.Err() != nil {
			return nil
		}
		if e.Key <= last || !wire.ValidName(e.Key) || e.Version > r.version || e.QoS > 2 || e.Flags&^wire.Owned != wire.Retain {
			return errOrder
		}
		last = e.Key
		if e.Flags&wire.Owned != 0 && r.seats.byID[e.Owner] == nil {
			continue // it would have gone with its owner
		}
		if left > 0 {
			e.Expires = now.Add(time.Duration(min(left-1, uint64(wire.MaxTTL/time.Millisecond))) * time.Millisecond)
		}
		r.states.set(e)
	}
	return nil
}

func (r *Room) restoreEvents(d *wire.Decoder, keep bool) error {
	n := d.Count(4)
	if uint64(n) > r.offset {
		return errOrder
	}
	for i := range n {
		e := Event{Event: wire.Event{Offset: r.offset - uint64(n-1-i), From: d.Uvarint(), Name: d.String(wire.MaxName)}}
		qos := d.Byte()
		e.Payload = d.Bytes(wire.MaxRecordBytes)
		e.QoS, e.Props = readProps(d, qos)
		if d.Err() != nil {
			return nil
		}
		if e.QoS > 2 || !wire.ValidName(e.Name) {
			return errOrder
		}
		if keep {
			r.ring.push(e)
		}
	}
	return nil
}
