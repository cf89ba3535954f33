// Package dgram owns the protocol of the UDP door as docs/WIRE.md draws it: the handshake that proves a player's address
// and token, the sealed datagrams, and what is inside them: a reliable stream of records, positions of which only the
// newest is worth sending, acknowledgements, and the way to a peer whose address changes. It is pure: it has no socket, no
// clock and no goroutine, and both ends, the room server's and the player's, are the same Endpoint.
package dgram

import (
	"encoding/binary"
	"errors"
	"time"
)

// MaxDatagram is the longest datagram in bytes: what any path takes without fragments (IPv6's 1,280 less its headers).
// Requests and Responses are padded to it, so that whoever answers them sends less than it got.
const MaxDatagram = 1200

// Kind is a datagram's first byte: the protocol's version 1 in the upper half.
type Kind byte

// The kinds of datagram.
const (
	KindRequest   Kind = 0x11
	KindChallenge Kind = 0x12
	KindResponse  Kind = 0x13
	KindAccept    Kind = 0x14
	KindRefuse    Kind = 0x15
	KindData      Kind = 0x16
)

// headerBytes of a Data datagram: kind 1 · connection id 8 · packet number 8.
const headerBytes = 1 + 8 + 8

// tagBytes is what AES-256-GCM adds.
const tagBytes = 16

// Why a datagram is not taken.
var (
	// ErrMalformed: it is none of this protocol's.
	ErrMalformed = errors.New("datagram is malformed")
	// ErrForged: it was not sealed by the peer, or changed on the way.
	ErrForged = errors.New("datagram's seal is not right")
	// ErrReplay: it came before, or is too old to tell.
	ErrReplay = errors.New("datagram came before")
	// ErrProtocol: the peer sealed what it must not send.
	ErrProtocol = errors.New("peer broke the protocol")
)

// Bounds and times that both ends keep to.
const (
	// ServerWindow and PlayerWindow bound the stream bytes that a room server and a player send beyond what is
	// acknowledged, and so what the other end holds out of order.
	ServerWindow = 256 << 10
	PlayerWindow = 64 << 10
	// ServerAckDelay and PlayerAckDelay are the longest that each keeps an acknowledgement back, so that it may go
	// along with something else: the server's with a tick's datagram.
	ServerAckDelay = 55 * time.Millisecond
	PlayerAckDelay = 60 * time.Millisecond
	// LatestAckDelay is PlayerAckDelay where nothing but positions came: the next ones make up for those that were lost, and
	// what the player says of itself meanwhile takes the acknowledgement along.
	LatestAckDelay = 150 * time.Millisecond
)

// KindOf tells what b says it is; false: nothing of this protocol.
func KindOf(b []byte) (Kind, bool) {
	if len(b) == 0 || b[0] < byte(KindRequest) || b[0] > byte(KindData) {
		return 0, false
	}
	return Kind(b[0]), true
}

// ConnectionOf reads the connection id of a Data datagram; false: it is none.
func ConnectionOf(b []byte) (id uint64, ok bool) {
	if len(b) < headerBytes+tagBytes || Kind(b[0]) != KindData {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b[1:]), true
}
