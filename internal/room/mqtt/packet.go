package mqtt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// The control packet types, in a packet's first four bits (MQTT 5 §2.1.2).
const (
	typeConnect     = 1
	typeConnack     = 2
	typePublish     = 3
	typePuback      = 4
	typePubrec      = 5
	typePubrel      = 6
	typePubcomp     = 7
	typeSubscribe   = 8
	typeSuback      = 9
	typeUnsubscribe = 10
	typeUnsuback    = 11
	typePingreq     = 12
	typePingresp    = 13
	typeDisconnect  = 14
	typeAuth        = 15
)

// The protocol levels of CONNECT.
const (
	level311 = 4
	level5   = 5
)

// Reason codes of MQTT 5 (§2.4) that this door gives.
const (
	reasonSuccess        = 0x00
	reasonWithWill       = 0x04
	reasonNoSubscribers  = 0x10
	reasonNotExisted     = 0x11
	reasonMalformed      = 0x81
	reasonProtocol       = 0x82
	reasonImplementation = 0x83
	reasonBadUser        = 0x86
	reasonNotAuthorised  = 0x87
	reasonShuttingDown   = 0x8b
	reasonBadMethod      = 0x8c
	reasonKeepAlive      = 0x8d
	reasonTakenOver      = 0x8e
	reasonBadFilter      = 0x8f
	reasonBadTopic       = 0x90
	reasonNoIdentifier   = 0x92
	reasonReceiveMax     = 0x93
	reasonBadAlias       = 0x94
	reasonTooLarge       = 0x95
	reasonRateTooHigh    = 0x96
	reasonQuota          = 0x97
	reasonAdministrative = 0x98
	reasonBadPayload     = 0x99
	reasonUseAnother     = 0x9c
	reasonMoved          = 0x9d
)

// header is a packet's fixed header.
type header struct {
	kind  byte
	flags byte
	size  int // of what follows
}

var (
	errMalformed = errors.New("malformed packet")
	errBreach    = errors.New("protocol error")
	errTooLarge  = errors.New("packet too large")
)

func malformed(what string) error { return fmt.Errorf("%w: %s", errMalformed, what) }

func breach(what string) error { return fmt.Errorf("%w: %s", errBreach, what) }

// readHeader reads a fixed header; a packet longer than limit is errTooLarge.
func readHeader(r io.ByteReader, limit int) (header, error) {
	first, err := r.ReadByte()
	if err != nil {
		return header{}, err
	}
	h := header{kind: first >> 4, flags: first & 15}
	for shift := 0; ; shift += 7 {
		if shift > 21 {
			return header{}, malformed("remaining length of more than four bytes")
		}
		b, err := r.ReadByte()
		if err != nil {
			return header{}, err
		}
		h.size |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			break
		}
	}
	if 1+varintSize(h.size)+h.size > limit {
		return header{}, errTooLarge
	}
	if h.kind != typePublish && h.flags != wantFlags(h.kind) {
		return header{}, malformed("reserved flags")
	}
	return h, nil
}

func wantFlags(kind byte) byte {
	switch kind {
	case typePubrel, typeSubscribe, typeUnsubscribe:
		return 2
	}
	return 0
}

// reader takes fields off a packet's body; after the first error it answers zero values.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err, r.b = malformed(what), nil
	}
}

// breach is fail for what is well-formed and against the rules.
func (r *reader) breach(what string) {
	if r.err == nil {
		r.err, r.b = breach(what), nil
	}
}

func (r *reader) u8() byte {
	if len(r.b) < 1 {
		r.fail("too short")
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) u16() uint16 {
	if len(r.b) < 2 {
		r.fail("too short")
		return 0
	}
	v := binary.BigEndian.Uint16(r.b)
	r.b = r.b[2:]
	return v
}

func (r *reader) u32() uint32 {
	if len(r.b) < 4 {
		r.fail("too short")
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) varint() int {
	v := 0
	for shift := 0; shift <= 21; shift += 7 {
		b := r.u8()
		v |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			return v
		}
	}
	r.fail("a variable byte integer of more than four bytes")
	return 0
}

// take splits n bytes off.
func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail("too short")
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) binary() []byte { return r.take(int(r.u16())) }

// text reads a UTF-8 string, without U+0000 (§1.5.4).
func (r *reader) text() string {
	v := r.binary()
	for _, c := range v {
		if c == 0 {
			r.fail("a string with U+0000")
			return ""
		}
	}
	if !utf8.Valid(v) {
		r.fail("a string that is not UTF-8")
		return ""
	}
	return string(v)
}

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func appendVarint(b []byte, v int) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func varintSize(v int) int {
	switch {
	case v < 1<<7:
		return 1
	case v < 1<<14:
		return 2
	case v < 1<<21:
		return 3
	}
	return 4
}
