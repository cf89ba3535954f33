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
	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// conn is one connection. What the room calls (room.Conn) touches only the writer and end's parts; the rest is the
// reader's.
type conn struct {
	records.Writer
	door *Door
	net  net.Conn
	out  *room.Outbox // the writer's

	client records.Client
	heard  *room.Listener
	in     *bufio.Reader // of heard
	limit  int           // of an incoming message's bytes
	idle   time.Duration // of silence ends the connection
}

// newConn serves nc, of which in was read before.
func newConn(d *Door, nc net.Conn, in *bufio.Reader) *conn {
	out := room.NewOutbox(model.DefaultMaxMemberQueueBytes)
	c := &conn{
		Writer: records.Writer{Out: out, Class: frames},
		door:   d, net: nc, out: out, limit: records.HelloBytes,
	}
	c.client = records.Client{Gate: d.Gate, Conn: c, Admitted: c.admitted, Answer: c.Now}
	early, _ := in.Peek(in.Buffered())
	c.heard = &room.Listener{
		Conn: nc, Early: slices.Clone(early), Heard: time.Now(),
		Every: d.settings().HelloTimeout, Silence: c.silence,
	}
	c.in = bufio.NewReaderSize(c.heard, readBuffer)
	return c
}

// admitted takes the settings of the connection's room.
func (c *conn) admitted(s model.RoomSettings) {
	room.Admitted(c.net)
	c.out.Limit(s.MaxMemberQueueBytes)
	c.out.Age(s.MaxMemberQueueAge)
	c.limit = records.MessageBytes(s)
	c.idle = s.IdleTimeout
	c.heard.Every = c.idle / pings
}

// readBuffer is how many bytes are read at once, and what an idle connection holds for it. Players' messages are small; what is
// longer is read into its own memory directly.
const readBuffer = 512

// frames are how all WebSocket members get records. Never changed.
var frames = &records.Class{Name: Endpoint, Head: headRoom, Seal: frame}

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

func (c *conn) Share(s *room.Shared, now time.Time) bool {
	c.Seal()
	return c.out.Offer(s.Bytes, now)
}

func (c *conn) Close(code wire.CloseCode, reason string) {
	c.Seal()
	c.end(code, reason)
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
	_ = c.net.SetDeadline(time.Now().Add(cmp.Or(c.door.Linger, DefaultLinger)))
}
