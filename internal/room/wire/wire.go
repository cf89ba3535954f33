// Package wire owns the bytes that a room and its WebSocket clients say to each other: the records of subprotocol
// greenroom.v1 as docs/WIRE.md draws them, and the close codes. It holds no connection and keeps no state.
//
// Every record has an Append method (encode onto a slice) and a Decode function. A decoded record's byte slices point
// into its input; its strings are copies. Decoders never panic and allocate no more than a small multiple of their input.
package wire

import "errors"

// Subprotocol is the WebSocket subprotocol's name.
const Subprotocol = "greenroom.v1"

// Version is the protocol version in Hello and Welcome.
const Version = 1

// Bounds of what a record may hold, in bytes or entries.
const (
	MaxName        = 128     // a state's key, an event's or a signal's name
	MaxPlayer      = 128     // a player's id, a route's name, a session's key
	MaxTicket      = 4096    // a ticket
	MaxSentence    = 1024    // a reason, a url
	MaxTargets     = 256     // members of one signal
	MaxRecordBytes = 8 << 20 // one record's body
)

// Type is a record's first byte.
type Type byte

// The record types. Those of the client are below 0x80, those of the room above.
const (
	TypeHello        Type = 0x01
	TypeSetState     Type = 0x02
	TypeSendEvent    Type = 0x03
	TypeSendSignal   Type = 0x04
	TypeLeave        Type = 0x05
	TypePing         Type = 0x06
	TypeSendPosition Type = 0x07

	TypeWelcome   Type = 0x81
	TypeSnapshot  Type = 0x82
	TypeState     Type = 0x83
	TypeEvent     Type = 0x84
	TypeSignal    Type = 0x85
	TypeJoined    Type = 0x86
	TypeLeft      Type = 0x87
	TypeAck       Type = 0x88
	TypeReconnect Type = 0x89
	TypeResync    Type = 0x8A
	TypePong      Type = 0x8B
	TypeReject    Type = 0x8C
	TypePositions Type = 0x8D
	TypeOccupancy Type = 0x8E
	TypeStaged    Type = 0x8F
)

// StateFlags say what is done with a state.
type StateFlags byte

// The flags of a state.
const (
	Retain StateFlags = 1 // kept for late joiners
	Owned  StateFlags = 2 // deleted when the owner's seat is released
	Delete StateFlags = 4 // the value is empty and the key goes
	Check  StateFlags = 8 // from a client: taken only at the expected version
)

// RejectCode says why a message was not taken.
type RejectCode uint64

// The reject codes.
const (
	RejectTooLarge RejectCode = 1
	RejectTooMany  RejectCode = 2
	RejectVersion  RejectCode = 3
	RejectFull     RejectCode = 4
	RejectBadName  RejectCode = 5
	RejectNoMember RejectCode = 6
	RejectRefused  RejectCode = 7 // by the room's game
)

// What is wrong with undecodable bytes.
var (
	ErrShort    = errors.New("record ends too early")
	ErrUvarint  = errors.New("number is longer than 10 bytes or above 64 bits")
	ErrTooLong  = errors.New("field is longer than allowed")
	ErrVersion  = errors.New("protocol version is not 1")
	ErrTooMany  = errors.New("list is longer than allowed")
	ErrNotUTF8  = errors.New("string is not UTF-8")
	ErrBadFlags = errors.New("flags contradict each other")
)
