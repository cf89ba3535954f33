package records

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// ownBytes is room for a few of the short records that are for one member alone.
const ownBytes = 64

// Writer queues what the room says to one member alone, in order with what it says to all: a door's connection embeds it
// for these methods of room.Conn.
type Writer struct {
	Out   *room.Outbox
	Class *Class

	own []byte // records not sealed yet
}

// Encoder implements room.Conn, as do the following.
func (w *Writer) Encoder() room.Encoder { return w.Class }

func (w *Writer) Welcome(r wire.Welcome) { w.record(r) }

func (w *Writer) Signal(s room.Signal)       { w.record(s.Signal) }
func (w *Writer) Ack(seq uint64)             { w.record(wire.Ack{Seq: seq}) }
func (w *Writer) Reject(r wire.Reject)       { w.record(r) }
func (w *Writer) Resync(reason string)       { w.record(wire.Resync{Reason: reason}) }
func (w *Writer) Reconnect(r wire.Reconnect) { w.record(r) }

func (w *Writer) Grant(s *room.Shared) {
	w.Seal()
	w.Out.Grant(s.Bytes)
}

// Change is never called: these doors change nothing.
func (w *Writer) Change(any) room.Encoder { return nil }

func (w *Writer) Flush() {
	w.Seal()
	w.Out.Flush()
}

func (w *Writer) Idle() bool { return w.Out.Idle() }

func (w *Writer) Drop() int { return w.Out.Drop(nil) }

func (w *Writer) record(r wire.Record) {
	if w.own == nil {
		w.own = w.Class.records(ownBytes)
	}
	w.own = r.Append(w.own)
}

// Seal queues what is for the member alone so far; the room's next bytes come behind it.
func (w *Writer) Seal() {
	if w.own != nil {
		w.Out.Push(w.Class.Seal(w.own))
		w.own = nil
	}
}

// Now queues a record that is not the room's; any goroutine may.
func (w *Writer) Now(r wire.Record) {
	w.Out.Push(w.Class.Seal(r.Append(w.Class.records(ownBytes))))
	w.Out.Flush()
}
