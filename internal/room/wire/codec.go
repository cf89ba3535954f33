package wire

import (
	"encoding/binary"
	"unicode/utf8"
)

// begin starts a record: its type and room for a one-byte length. finish must follow.
func begin(b []byte, t Type) ([]byte, int) {
	b = append(b, byte(t), 0)
	return b, len(b)
}

// finish fills in the length of the body that starts at start, moving the body when the length needs more than a byte.
func finish(b []byte, start int) []byte {
	n := len(b) - start
	if n < 0x80 {
		b[start-1] = byte(n)
		return b
	}
	var length [binary.MaxVarintLen64]byte
	extra := binary.PutUvarint(length[:], uint64(n)) - 1
	b = append(b, length[:extra]...)
	copy(b[start+extra:], b[start:start+n])
	copy(b[start-1:], length[:extra+1])
	return b
}

// AppendUvarint appends v as unsigned LEB128.
func AppendUvarint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

// AppendBytes appends p's length and p.
func AppendBytes[T string | []byte](b []byte, p T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(p))), p...)
}

// Next splits the first record off b. Unknown types are the caller's to skip. b must not be empty.
func Next(b []byte) (t Type, body, rest []byte, err error) {
	d := Decoder{b: b}
	t = Type(d.Byte())
	body = d.Bytes(MaxRecordBytes)
	return t, body, d.b, d.err
}

// Decoder reads fields off untrusted bytes. After the first error it answers zero values; Err tells that error.
type Decoder struct {
	b   []byte
	err error
}

// NewDecoder reads b, which it does not change.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Err is the first error, or nil.
func (d *Decoder) Err() error { return d.err }

// Rest is how many bytes are left.
func (d *Decoder) Rest() int { return len(d.b) }

func (d *Decoder) fail(err error) {
	if d.err == nil {
		d.err, d.b = err, nil
	}
}

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	if len(d.b) == 0 {
		d.fail(ErrShort)
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

// Uvarint reads an unsigned LEB128 number.
func (d *Decoder) Uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	switch {
	case n > 0:
		d.b = d.b[n:]
		return v
	case n == 0:
		d.fail(ErrShort)
	default:
		d.fail(ErrUvarint)
	}
	return 0
}

// Bytes reads a length of at most limit and that many bytes, which stay the input's.
func (d *Decoder) Bytes(limit int) []byte {
	n := d.Uvarint()
	switch {
	case d.err != nil:
		return nil
	case n > uint64(limit):
		d.fail(ErrTooLong)
		return nil
	case n > uint64(len(d.b)):
		d.fail(ErrShort)
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

// String reads a UTF-8 string of at most limit bytes.
func (d *Decoder) String(limit int) string {
	v := d.Bytes(limit)
	if !utf8.Valid(v) {
		d.fail(ErrNotUTF8)
		return ""
	}
	return string(v)
}

// Count reads the length of a list whose entries take at least least bytes each, so that a short input cannot ask for
// a long list.
func (d *Decoder) Count(least int) int {
	n := d.Uvarint()
	if n > uint64(len(d.b)/least) {
		d.fail(ErrTooMany)
		return 0
	}
	return int(n)
}
