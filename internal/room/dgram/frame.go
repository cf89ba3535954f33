package dgram

import "encoding/binary"

// frameKind is a frame's first byte.
type frameKind byte

// What a Data datagram's sealed part holds, back to back.
//
//	00  padding: nothing else
//	01  ack: highest packet number uvarint · µs since it came uvarint · n 1 byte (0–32) · n bytes: bit i of them says that
//	    packet highest-1-i came, lowest bit first
//	02  stream: offset uvarint · length uvarint · bytes of the stream of records
//	03  latest: after uvarint · length uvarint · body; good for the stream as it is up to offset "after"
//	04  ping: asks for an ack
//	05  path challenge: 8 bytes
//	06  path response: the same 8 bytes
//	07  close: code uvarint · end offset of the stream uvarint · length uvarint · reason
const (
	framePadding frameKind = iota
	frameAck
	frameStream
	frameLatest
	framePing
	framePathChallenge
	framePathResponse
	frameClose
)

const (
	// maxAckBytes bounds an ack's bits.
	maxAckBytes = 32

	maxAckFrame    = 1 + 10 + 10 + 1 + maxAckBytes
	challengeFrame = 1 + 8
)

// frame is one decoded frame; its bytes stay the input's.
type frame struct {
	kind  frameKind
	n     uint64 // ack: highest; stream: offset; latest: after; path: the 8 bytes; close: code
	m     uint64 // ack: µs; close: end offset
	bytes []byte
}

// nextFrame takes the first frame off b; false: it is malformed.
func nextFrame(b []byte) (f frame, rest []byte, ok bool) {
	f.kind, b = frameKind(b[0]), b[1:]
	ok = true
	switch f.kind {
	case framePadding:
		for len(b) > 0 && b[0] == 0 {
			b = b[1:]
		}
	case framePing:
	case frameAck:
		f.n, b, ok = uvarint(b, ok)
		f.m, b, ok = uvarint(b, ok)
		if !ok || len(b) == 0 || b[0] > maxAckBytes || int(b[0]) > len(b)-1 || f.n == 0 {
			return frame{}, nil, false
		}
		f.bytes, b = b[1:1+b[0]], b[1+b[0]:]
	case frameStream, frameLatest:
		f.n, b, ok = uvarint(b, ok)
		f.bytes, b, ok = counted(b, ok)
	case framePathChallenge, framePathResponse:
		if len(b) < 8 {
			return frame{}, nil, false
		}
		f.n, b = binary.LittleEndian.Uint64(b), b[8:]
	case frameClose:
		f.n, b, ok = uvarint(b, ok)
		f.m, b, ok = uvarint(b, ok)
		f.bytes, b, ok = counted(b, ok)
		ok = ok && f.n <= 0xFFFF && len(f.bytes) <= MaxReason
	default:
		return frame{}, nil, false
	}
	if !ok || f.kind == frameStream && f.n+uint64(len(f.bytes)) < f.n {
		return frame{}, nil, false
	}
	return f, b, true
}

// asking is how soon a datagram is to be acknowledged.
type asking byte

const (
	asksNothing asking = iota
	asksLater          // it holds positions
	asksSoon
)

// asks tells how soon a datagram with this frame is to be acknowledged.
func (k frameKind) asks() asking {
	switch k {
	case framePadding, frameAck:
		return asksNothing
	case frameLatest:
		return asksLater
	}
	return asksSoon
}

func uvarint(b []byte, ok bool) (uint64, []byte, bool) {
	if !ok {
		return 0, nil, false
	}
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}

func counted(b []byte, ok bool) (p, rest []byte, _ bool) {
	n, b, ok := uvarint(b, ok)
	if !ok || n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}

// sizeUvarint is how many bytes v takes.
func sizeUvarint(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}
