package wire

import (
	"bytes"
	"encoding/binary"
)

// PositionsVersion is the version of the compact encoding of positions, the first byte of a Positions body.
const PositionsVersion = 1

// MaxPositionData bounds what travels with a position, in bytes.
const MaxPositionData = 64

// positionBytes is the length of a Position without its data.
const positionBytes = 7

// Position is where a member stands, in steps of the room (Welcome.PositionStep units each).
//
//	x 2 bytes · y 2 bytes · z 2 bytes, signed, little endian · yaw 1 byte, 256ths of a turn
type Position struct {
	X, Y, Z int16
	Yaw     uint8
	Data    []byte // the game's own, at most MaxPositionData bytes, such as a pose; nil: none
}

// Equal tells whether both say the same.
func (p Position) Equal(q Position) bool {
	return p.X == q.X && p.Y == q.Y && p.Z == q.Z && p.Yaw == q.Yaw && bytes.Equal(p.Data, q.Data)
}

func (p Position) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(p.X))
	b = binary.LittleEndian.AppendUint16(b, uint16(p.Y))
	b = binary.LittleEndian.AppendUint16(b, uint16(p.Z))
	return append(b, p.Yaw)
}

// position reads a Position without its data.
func (d *Decoder) position() Position {
	if len(d.b) < positionBytes {
		d.fail(ErrShort)
		return Position{}
	}
	b := d.b
	d.b = b[positionBytes:]
	u16 := binary.LittleEndian.Uint16
	return Position{X: int16(u16(b)), Y: int16(u16(b[2:])), Z: int16(u16(b[4:])), Yaw: b[6]}
}

// SendPosition (07) says where the client's member stands now. It has no seq, is not acknowledged and may be lost; the
// next one makes up for it. One whose serial is not above the last is dropped.
//
//	serial uvarint · position 7 bytes · data bytes
type SendPosition struct {
	Serial uint64 // rises over the connection
	Position
}

// Append encodes the record onto b.
func (r SendPosition) Append(b []byte) []byte {
	b, at := begin(b, TypeSendPosition)
	b = r.append(AppendUvarint(b, r.Serial))
	return finish(AppendBytes(b, r.Data), at)
}

// DecodeSendPosition decodes a Position's body of the client.
func DecodeSendPosition(body []byte) (SendPosition, error) {
	d := Decoder{b: body}
	r := SendPosition{Serial: d.Uvarint(), Position: d.position()}
	if data := d.Bytes(MaxPositionData); len(data) > 0 {
		r.Data = data
	}
	return r, d.err
}

// CorrectSignal is the name of the signal from the room (member 0) that tells a member where it stands, after the room's game
// refused or changed its position, or moved it. Its payload is Correction's.
const CorrectSignal = "sys/position"

// Correction is the payload of a CorrectSignal: the body of a SendPosition, or nothing.
type Correction struct {
	Serial uint64    // of the position that was refused or changed; 0: the game moved the member by itself
	At     *Position // where the member stands now; nil: nowhere yet
}

// Append encodes the payload onto b.
func (c Correction) Append(b []byte) []byte {
	if c.At == nil {
		return b
	}
	return AppendBytes(c.At.append(AppendUvarint(b, c.Serial)), c.At.Data)
}

// DecodeCorrection decodes the payload.
func DecodeCorrection(payload []byte) (Correction, error) {
	if len(payload) == 0 {
		return Correction{}, nil
	}
	r, err := DecodeSendPosition(payload)
	return Correction{Serial: r.Serial, At: &r.Position}, err
}

// MemberPosition is one entry of Positions.
//
//	head uvarint (member × 4 + flags: 1 data follows, 2 far) · position 7 bytes · [data bytes, if flag 1]
type MemberPosition struct {
	Member uint64 // below 2^62
	Far    bool   // told for the far ring: another one follows only after the room's far interval
	Position
}

// AppendEntry encodes the entry alone, to be put behind AppendPositionsHead.
func (p MemberPosition) AppendEntry(b []byte) []byte {
	head := p.Member<<2 | uint64(flag(len(p.Data) > 0, 1)|flag(p.Far, 2))
	b = p.append(AppendUvarint(b, head))
	if len(p.Data) > 0 {
		b = AppendBytes(b, p.Data)
	}
	return b
}

// Latest is a member's newest entry, encoded, worth sending only until there is a newer one.
type Latest struct {
	Member uint64
	Bytes  []byte // AppendEntry's
}

// AppendPositionsHead begins a Positions record whose entries take n bytes together and follow right behind.
func AppendPositionsHead(b []byte, n int) []byte {
	b = AppendUvarint(append(b, byte(TypePositions)), uint64(n+1))
	return append(b, PositionsVersion)
}

// Positions (8D) tells where members stand now; those who do not stand in it stand where they stood.
//
//	version 1 byte (1) · entries up to the end of the body
type Positions struct{ Entries []MemberPosition }

// Append encodes the record onto b.
func (r Positions) Append(b []byte) []byte {
	b, at := begin(b, TypePositions)
	b = append(b, PositionsVersion)
	for _, e := range r.Entries {
		b = e.AppendEntry(b)
	}
	return finish(b, at)
}

// DecodePositions decodes a Positions' body.
func DecodePositions(body []byte) (Positions, error) {
	d := Decoder{b: body}
	if d.Byte() != PositionsVersion {
		d.fail(ErrVersion)
	}
	var r Positions
	for d.err == nil && len(d.b) > 0 {
		head := d.Uvarint()
		e := MemberPosition{Member: head >> 2, Far: head&2 != 0, Position: d.position()}
		if head&1 != 0 {
			if data := d.Bytes(MaxPositionData); len(data) > 0 {
				e.Data = data
			}
		}
		r.Entries = append(r.Entries, e)
	}
	return r, d.err
}

// Occupancy (8E) tells how many members the room has, in rooms whose members do not see everybody.
//
//	members uvarint
type Occupancy struct{ Members uint64 }

// Append encodes the record onto b.
func (r Occupancy) Append(b []byte) []byte { return appendNumber(b, TypeOccupancy, r.Members) }

// DecodeOccupancy decodes an Occupancy's body.
func DecodeOccupancy(body []byte) (Occupancy, error) {
	d := Decoder{b: body}
	return Occupancy{Members: d.Uvarint()}, d.err
}

// Staged (8F) is a message of the stage: the same bytes in every room of a space.
//
//	serial uvarint · flags 1 byte (1: the last one of its name is shown to late joiners) · name string · payload bytes
type Staged struct {
	Serial  uint64 // rises over the stage's messages; a gap says that some were lost
	Retain  bool
	Name    string
	Payload []byte
}

// Append encodes the record onto b.
func (r Staged) Append(b []byte) []byte {
	b, at := begin(b, TypeStaged)
	b = append(AppendUvarint(b, r.Serial), flag(r.Retain, 1))
	b = AppendBytes(b, r.Name)
	return finish(AppendBytes(b, r.Payload), at)
}

// DecodeStaged decodes a Staged's body.
func DecodeStaged(body []byte) (Staged, error) {
	d := Decoder{b: body}
	r := Staged{Serial: d.Uvarint(), Retain: d.Byte()&1 != 0, Name: d.String(MaxName), Payload: d.Bytes(len(body))}
	return r, d.err
}
