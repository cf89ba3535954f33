package client

import (
	"errors"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// ErrClosed: the room is over; Err says why.
var ErrClosed = errors.New("the room is closed")

// SetState sets a key's value for everybody. flags are Retain and Owned, or 0. The value is copied. It returns the
// message's seq at this time, ErrFull or ErrClosed; whether the room takes it comes by Handler.Reject.
func (r *Room) SetState(key string, value []byte, flags wire.StateFlags) (seq uint64, err error) {
	return r.SetStateFor(key, value, flags, 0)
}

// SetStateFor is SetState for a key that the room deletes after ttl, in whole milliseconds; 0: never.
func (r *Room) SetStateFor(key string, value []byte, flags wire.StateFlags, ttl time.Duration) (seq uint64, err error) {
	state := wire.SetState{Flags: flags & (Retain | Owned), TTL: ttl, Key: key, Value: append([]byte(nil), value...)}
	return r.send(&message{kind: wire.TypeSetState, state: state})
}

// SwapState is SetState if the key is at version; 0: if there is no such key.
func (r *Room) SwapState(key string, value []byte, flags wire.StateFlags, version uint64) (seq uint64, err error) {
	state := wire.SetState{Flags: flags&(Retain|Owned) | wire.Check, Expect: version, Key: key, Value: append([]byte(nil), value...)}
	return r.send(&message{kind: wire.TypeSetState, state: state})
}

// DeleteState deletes a key for everybody.
func (r *Room) DeleteState(key string) (seq uint64, err error) {
	return r.send(&message{kind: wire.TypeSetState, state: wire.SetState{Flags: Retain | wire.Delete, Key: key}})
}

// SendEvent tells everybody, in order and once. The payload is copied.
func (r *Room) SendEvent(name string, payload []byte) (seq uint64, err error) {
	return r.send(&message{kind: wire.TypeSendEvent, name: name, body: append([]byte(nil), payload...)})
}

// SendSignal tells these members alone, at most 256. The payload is copied.
func (r *Room) SendSignal(to []uint64, name string, payload []byte) (seq uint64, err error) {
	return r.send(&message{
		kind: wire.TypeSendSignal, to: append([]uint64(nil), to...), name: name, body: append([]byte(nil), payload...),
	})
}

func (r *Room) send(m *message) (uint64, error) {
	r.mu.Lock()
	if r.status == Closed || r.leaving {
		r.mu.Unlock()
		return 0, ErrClosed
	}
	seq, err := r.outbox.add(m, true)
	r.mu.Unlock()
	if err == nil {
		r.poke()
	}
	return seq, err
}
