package room

import (
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Conn is one member's connection, as its door gives it to the room. All methods are called by the room's goroutine;
// none may block. Bytes leave in the order of the calls.
type Conn interface {
	// Endpoint is the door's name in a server's endpoints, such as "ws".
	Endpoint() string
	// Encoder makes the bytes for this connection; it may be another one after Change.
	Encoder() Encoder
	// Welcome comes before everything but Close.
	Welcome(w wire.Welcome)
	// Share queues a tick's bytes. False: they do not fit, nothing was queued, the connection is too slow.
	Share(s *Shared, now time.Time) bool
	// Grant queues a snapshot or missed events, which do not count against the queue's limit.
	Grant(s *Shared)
	// Change carries out a door's own change (Link.Change) between two ticks' bytes and answers the encoder of the
	// snapshot that is then due, or nil.
	Change(change any) Encoder
	// Signal, Ack, Reject, Resync, Reconnect queue one message to this member alone.
	Signal(s Signal)
	Ack(seq uint64)
	Reject(r wire.Reject)
	Resync(reason string)
	Reconnect(r wire.Reconnect)
	// Close says why, after what is queued, and ends the connection.
	Close(code wire.CloseCode, reason string)
	// Flush ends the calls of a tick: the writer may go.
	Flush()
	// Idle tells whether everything was written.
	Idle() bool
	// Drop forgets the queued bytes of Share that no writer has taken yet, and tells how many they were.
	Drop() int
}

// Encoder turns what happened into one door's bytes, once for all connections whose encoders have an equal Key.
type Encoder interface {
	Key() string
	// Batch encodes a tick; nil: nothing in it is for this class.
	Batch(b *Batch) *Shared
	// Snapshot encodes the room as it is; nil likewise.
	Snapshot(v *View) *Shared
}

// Shared is what an encoder made. It is never changed after.
type Shared struct {
	Bytes    []byte // whole frames or packets
	Messages int    // how many deliveries that is
	Holes    []Hole // parts to be filled in for each member; nil: none
}

// Hole is a packet within Shared.Bytes whose two-byte identifier each connection fills in on a copy of its own.
type Hole struct{ Start, ID, End int }

// Batch is what happened in one tick, for everybody.
type Batch struct {
	Presence []Presence
	States   []State // the last value of each key
	Events   []Event // in order of their offsets
}

// Presence is a member that came or went.
type Presence struct {
	Member uint64
	Player string
	Left   bool
}

// State is a change of a key, or a kept value.
type State struct {
	wire.State
	QoS byte // asked for by the sender: 0 at most once, 1 at least once
}

// Event is one event.
type Event struct {
	wire.Event
	QoS byte
}

// Signal is a signal to one member.
type Signal struct {
	wire.Signal
	FromPlayer string
	QoS        byte
}

// View is the room as it is between two ticks.
type View struct {
	Epoch   uint64
	Offset  uint64
	Members []wire.Member // by number
	States  []State       // by key
}

// batch collects a Batch; a key's later value takes the earlier one's place.
type batch struct {
	Batch
	at map[string]int // key → index in States
}

func newBatch() batch { return batch{at: map[string]int{}} }

func (b *batch) empty() bool {
	return len(b.Presence) == 0 && len(b.States) == 0 && len(b.Events) == 0
}

// state adds a change. A passing value and a kept one of the same key are both told, in order.
func (b *batch) state(s State) {
	const kept = wire.Retain | wire.Delete
	if i, ok := b.at[s.Key]; ok && (b.States[i].Flags&kept == 0) == (s.Flags&kept == 0) {
		b.States[i] = s
		return
	}
	b.at[s.Key] = len(b.States)
	b.States = append(b.States, s)
}

func (b *batch) reset() {
	clear(b.Presence)
	clear(b.States)
	clear(b.Events)
	b.Presence, b.States, b.Events = b.Presence[:0], b.States[:0], b.Events[:0]
	clear(b.at)
}
