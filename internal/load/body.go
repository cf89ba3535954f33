package load

import "encoding/binary"

// Body makes the payload of updates. Append is called by one goroutine, Stamp by another.
type Body interface {
	Append(b []byte, stamp int64) []byte
	// Stamp reads the stamp out of anybody's payload.
	Stamp(payload []byte) (stamp int64, ok bool)
}

// Padded is a payload of so many bytes, 8 at least: the stamp, and nothing.
type Padded int

// Append implements Body, as does Stamp.
func (size Padded) Append(b []byte, stamp int64) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(stamp))
	return append(b, make([]byte, max(0, int(size)-8))...)
}

// Stamp reads the first 8 bytes.
func (Padded) Stamp(payload []byte) (int64, bool) {
	if len(payload) < 8 {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(payload)), true
}
