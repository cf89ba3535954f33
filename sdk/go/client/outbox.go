package client

import (
	"bytes"
	"errors"
	"slices"

	"greenroom.dev/greenroom/internal/room/wire"
)

// What may wait for the room's acknowledgement; beyond them sending fails with ErrFull.
const (
	maxWaiting      = 1024    // messages
	maxWaitingBytes = 1 << 20 // of keys, names, values and payloads
)

// ErrFull: too much waits for the room's acknowledgement. Wait, and send again.
var ErrFull = errors.New("the room has not acknowledged 1,024 messages or 1 MiB")

// message is one of State, Event and Signal on its way.
type message struct {
	kind  wire.Type
	state wire.SetState // of TypeSetState
	name  string        // of the others
	to    []uint64      // of TypeSendSignal
	body  []byte        // of the others
	seq   uint64
}

func (m *message) size() int {
	return len(m.state.Key) + len(m.state.Value) + len(m.name) + len(m.body)
}

func (m *message) appendTo(b []byte) []byte {
	switch m.kind {
	case wire.TypeSetState:
		m.state.Seq = m.seq
		return m.state.Append(b)
	case wire.TypeSendEvent:
		return wire.SendEvent{Seq: m.seq, Name: m.name, Payload: m.body}.Append(b)
	default:
		return wire.SendSignal{Seq: m.seq, To: m.to, Name: m.name, Payload: m.body}.Append(b)
	}
}

// own is the player's last word on a retained key.
type own struct {
	message *message
	version uint64 // the newest the room has echoed of this player's, 0 if none; the last word's own is that or newer
}

// outbox holds what the room has not acknowledged, in order of seq, and what the player wants kept. The room takes each
// seq once, so what is sent again after a reconnect is taken once.
type outbox struct {
	waiting []*message
	unsent  int // waiting[unsent:] has not been sent on this connection
	bytes   int
	seq     uint64
	own     map[string]*own
}

// add numbers a message. A state that replaces one which was never sent takes its place. bounded: may fail with ErrFull.
func (o *outbox) add(m *message, bounded bool) (uint64, error) {
	at, grow := -1, m.size()
	if m.kind == wire.TypeSetState {
		at = o.replaceable(&m.state)
	}
	if at >= 0 {
		grow -= o.waiting[at].size()
	}
	if bounded && (o.bytes+grow > maxWaitingBytes || at < 0 && len(o.waiting) >= maxWaiting) {
		return 0, ErrFull
	}
	o.bytes += grow
	if m.kind == wire.TypeSetState {
		o.remember(m)
	}
	if at >= 0 {
		m.seq = o.waiting[at].seq
		o.waiting[at] = m
		return m.seq, nil
	}
	o.seq++
	m.seq = o.seq
	o.waiting = append(o.waiting, m)
	return m.seq, nil
}

// take appends to b the records that are to be sent now.
func (o *outbox) take(b []byte) []byte {
	for _, m := range o.waiting[o.unsent:] {
		b = m.appendTo(b)
	}
	o.unsent = len(o.waiting)
	return b
}

// acked takes Ack and Welcome's last seq.
func (o *outbox) acked(seq uint64) {
	n := 0
	for n < len(o.waiting) && o.waiting[n].seq <= seq {
		o.bytes -= o.waiting[n].size()
		n++
	}
	o.waiting = slices.Delete(o.waiting, 0, n)
	o.unsent = max(0, o.unsent-n)
}

// resumed takes Welcome's last seq: what the room took is gone; the rest follows from there and is sent again.
func (o *outbox) resumed(lastSeq uint64, first bool) {
	if !first {
		o.acked(lastSeq)
	}
	o.seq = lastSeq
	for _, m := range o.waiting {
		o.seq++
		m.seq = o.seq
	}
	o.unsent = 0
}

// rejected forgets a state that the room did not take.
func (o *outbox) rejected(seq uint64) {
	for key, mine := range o.own {
		if mine.message.seq == seq {
			delete(o.own, key)
		}
	}
}

// echoed takes what the room says of a key: that is the last word, unless one of ours is still on its way.
func (o *outbox) echoed(change *StateChange) {
	kept, ok := o.own[change.Key]
	switch {
	case !ok:
	case change.Mine && !change.Deleted:
		kept.version = change.Version
	case !o.isWaiting(change.Key):
		delete(o.own, change.Key)
	}
}

// restore sends again what a new snapshot lacks of the player's own state, or has older. Somebody else's newer value stands.
func (o *outbox) restore(entries map[string]*entry, member uint64) {
	for key, mine := range o.own {
		if o.isWaiting(key) {
			continue
		}
		there := entries[key]
		switch {
		case there != nil && bytes.Equal(there.value, mine.message.state.Value):
			mine.version = there.version
		case there != nil && there.owner != member && mine.version != 0 && there.version > mine.version:
			delete(o.own, key)
		default:
			again := &message{kind: wire.TypeSetState, state: mine.message.state}
			_, _ = o.add(again, false) // unbounded: cannot fail
		}
	}
}

func (o *outbox) remember(m *message) {
	if m.state.Flags&(wire.Retain|wire.Delete|wire.Check) != wire.Retain {
		delete(o.own, m.state.Key)
		return
	}
	if o.own == nil {
		o.own = map[string]*own{}
	}
	if kept := o.own[m.state.Key]; kept != nil {
		kept.message = m
		return
	}
	o.own[m.state.Key] = &own{message: m}
}

// replaceable finds the message, not yet sent, that a new state of the same key makes needless; -1: none.
func (o *outbox) replaceable(s *wire.SetState) int {
	for i := len(o.waiting) - 1; i >= o.unsent; i-- {
		m := o.waiting[i]
		if m.kind == wire.TypeSetState && m.state.Key == s.Key {
			if (m.state.Flags|s.Flags)&wire.Check != 0 {
				return -1
			}
			return i
		}
	}
	return -1
}

func (o *outbox) isWaiting(key string) bool {
	return slices.ContainsFunc(o.waiting, func(m *message) bool {
		return m.kind == wire.TypeSetState && m.state.Key == key
	})
}
