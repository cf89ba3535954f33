package ws

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"net"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// conn is one connection. What the room calls (room.Conn) touches only own, end's parts and out; the rest is the
// reader's.
type conn struct {
	door *Door
	net  net.Conn
	out  *room.Outbox
	own  []byte // records for this member alone, behind headRoom

	heard *room.Listener
	in    *bufio.Reader // of heard
	limit int           // of an incoming message's bytes
	idle  time.Duration // of silence ends the connection
	link  *room.Link
}

// newConn serves nc, of which in was read before.
func newConn(d *Door, nc net.Conn, in *bufio.Reader) *conn {
	c := &conn{door: d, net: nc, limit: helloBytes, out: room.NewOutbox(model.DefaultMaxMemberQueueBytes)}
	early, _ := in.Peek(in.Buffered())
	c.heard = &room.Listener{
		Conn: nc, Early: slices.Clone(early), Heard: time.Now(),
		Every: d.settings().HelloTimeout, Silence: c.silence,
	}
	c.in = bufio.NewReaderSize(c.heard, readBuffer)
	return c
}

// readBuffer is how many bytes are read at once; players' messages are small.
const readBuffer = 2 << 10

// headRoom is space for the longest unmasked frame header.
const headRoom = 10

// frame makes a binary message of b[headRoom:], in place.
func frame(b []byte) []byte { return frameOf(ws.OpBinary, b) }

func frameOf(op ws.OpCode, b []byte) []byte {
	var head [headRoom]byte
	h := appendHeader(head[:0], op, len(b)-headRoom)
	start := headRoom - len(h)
	copy(b[start:], h)
	return b[start:]
}

// appendHeader appends the header of a whole message of n bytes, unmasked.
func appendHeader(b []byte, op ws.OpCode, n int) []byte {
	first := byte(op) | 0x80
	switch {
	case n < 126:
		return append(b, first, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(n))
	}
}

// Endpoint implements room.Conn, as do the following.
func (c *conn) Endpoint() string { return cmp.Or(c.door.Name, Endpoint) }

func (c *conn) Encoder() room.Encoder { return encoder{} }

func (c *conn) Welcome(w wire.Welcome) { c.record(w) }

func (c *conn) Share(s *room.Shared, now time.Time) bool {
	c.seal()
	return c.out.Offer(s.Bytes, now)
}

func (c *conn) Grant(s *room.Shared) {
	c.seal()
	c.out.Grant(s.Bytes)
}

// Change is never called: this door changes nothing.
func (c *conn) Change(any) room.Encoder { return nil }

func (c *conn) Signal(s room.Signal)       { c.record(s.Signal) }
func (c *conn) Ack(seq uint64)             { c.record(wire.Ack{Seq: seq}) }
func (c *conn) Reject(r wire.Reject)       { c.record(r) }
func (c *conn) Resync(reason string)       { c.record(wire.Resync{Reason: reason}) }
func (c *conn) Reconnect(r wire.Reconnect) { c.record(r) }

func (c *conn) Close(code wire.CloseCode, reason string) {
	c.seal()
	c.end(code, reason)
}

func (c *conn) Flush() {
	c.seal()
	c.out.Flush()
}

func (c *conn) Idle() bool { return c.out.Idle() }

func (c *conn) Drop() int { return c.out.Drop(nil) }

func (c *conn) record(r wire.Record) {
	if c.own == nil {
		c.own = make([]byte, headRoom, 128)
	}
	c.own = r.Append(c.own)
}

// seal queues the member's own records as a message.
func (c *conn) seal() {
	if c.own != nil {
		c.out.Push(frame(c.own))
		c.own = nil
	}
}

// push queues a frame; any goroutine may.
func (c *conn) push(op ws.OpCode, payload []byte) {
	b := append(make([]byte, headRoom, headRoom+len(payload)), payload...)
	c.out.Push(frameOf(op, b))
	c.out.Flush()
}

// end queues the close frame as the last one; any goroutine may. The first call counts.
func (c *conn) end(code wire.CloseCode, reason string) {
	const maxReason = 123
	body := append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason[:min(len(reason), maxReason)]...)
	c.push(ws.OpClose, body)
	c.finish()
}

// finish lets the writer end after what is queued, within the linger time.
func (c *conn) finish() {
	c.out.Finish()
	_ = c.net.SetDeadline(time.Now().Add(or(c.door.Linger, DefaultLinger)))
}
