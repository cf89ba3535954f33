package dgram

import (
	"encoding/binary"
	"fmt"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Records cuts a stream into the records it holds.
type Records struct {
	Limit int // bytes of one record's body
	// Taken is how many bytes of the stream the records given so far had, the one being given included.
	Taken uint64

	partial []byte
}

// Add takes the stream's next bytes and gives each record that is whole now; type and body are good during the call. It
// ends with give's first error, or one that says how a record is malformed.
func (r *Records) Add(b []byte, give func(t wire.Type, body []byte) error) error {
	if len(r.partial) > 0 {
		r.partial = append(r.partial, b...)
		b = r.partial
	}
	for {
		size, err := r.whole(b)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		t, body, _, err := wire.Next(b[:size])
		if err != nil {
			return err
		}
		r.Taken += uint64(size)
		if err := give(t, body); err != nil {
			return err
		}
		b = b[size:]
	}
	if len(b) == 0 {
		r.partial = nil
	} else {
		r.partial = append(r.partial[:0], b...)
	}
	return nil
}

// whole is the first record's length with its head; 0: it is not all there.
func (r *Records) whole(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, nil
	}
	n, head := binary.Uvarint(b[1:])
	switch {
	case head < 0 || head == 0 && len(b) > binary.MaxVarintLen64:
		return 0, wire.ErrUvarint
	case head == 0:
		return 0, nil
	case n > uint64(r.Limit):
		return 0, fmt.Errorf("%w: a record of %d bytes, at most %d are taken", wire.ErrTooLong, n, r.Limit)
	case len(b) < 1+head+int(n):
		return 0, nil
	}
	return 1 + head + int(n), nil
}
