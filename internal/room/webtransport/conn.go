package webtransport

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"

	wt "github.com/quic-go/webtransport-go"
)

// plain is how all sessions get records: as they are, with positions apart. Never changed.
var plain = &records.Class{Name: Endpoint, Seal: func(b []byte) []byte { return b }, Apart: true}

// conn is one session. What the room calls (room.Conn) touches only the writer, the positions and end's parts; the client
// is for one of its two readers at a time.
type conn struct {
	records.Writer
	door    *Door
	session *wt.Session
	guest   *guest
	told    positions

	saying sync.Mutex // of client
	client records.Client

	in    *bufio.Reader // of the stream; the reader's, as is limit
	limit int           // of an incoming record's bytes

	mu     sync.Mutex // of what follows
	stream *wt.Stream
	ended  bool
	code   wire.CloseCode
	reason string
}

func newConn(d *Door, session *wt.Session) *conn {
	c := &conn{
		Writer: records.Writer{Out: room.NewOutbox(model.DefaultMaxMemberQueueBytes), Class: plain},
		door:   d, session: session, guest: &guest{leave: func() {}}, told: newPositions(), limit: records.HelloBytes,
	}
	c.client = records.Client{Gate: d.Gate, Conn: c, Admitted: c.admitted, Answer: c.Now}
	return c
}

// Endpoint implements room.Conn, as do the following and the writer's.
func (c *conn) Endpoint() string { return Endpoint }

func (c *conn) Share(s *room.Shared, now time.Time) bool {
	c.Seal()
	if len(s.Bytes) > 0 && !c.Out.Offer(s.Bytes, now) {
		return false
	}
	c.told.put(s.Latest)
	return true
}

func (c *conn) Close(code wire.CloseCode, reason string) {
	c.Seal()
	c.end(code, reason)
}

// end says why the session is closed, after what is queued; any goroutine may. The first call counts.
func (c *conn) end(code wire.CloseCode, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended, c.code, c.reason = true, code, reason
	c.Out.Finish()
	if c.stream != nil {
		_ = c.stream.SetDeadline(time.Now().Add(linger))
	}
}

// why is what the session is closed with.
func (c *conn) why() (wire.CloseCode, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code, c.reason
}

// serve runs the session to its end.
func (c *conn) serve() {
	hello, cancel := context.WithTimeout(c.session.Context(), c.door.settings().HelloTimeout)
	defer cancel()
	stream, err := c.session.AcceptStream(hello)
	if err != nil {
		_ = c.session.CloseWithError(wt.SessionErrorCode(wire.CloseIdle), "no Hello came in time")
		return
	}
	deadline, _ := hello.Deadline()
	c.open(stream, deadline)

	var helpers sync.WaitGroup
	helpers.Go(c.write)
	helpers.Go(c.readDatagrams)
	helpers.Go(func() { c.told.run(c) })
	err = c.read()
	c.saying.Lock()
	c.client.Lost()
	c.saying.Unlock()
	var bye *records.Farewell
	switch {
	case errors.As(err, &bye):
		c.end(bye.Code, bye.Reason)
	case errors.Is(err, records.ErrLeft), errors.Is(err, io.EOF):
		c.end(0, "")
	}
	if c.Out.Finished() { // let the peer take what was said last
		_, _ = io.Copy(io.Discard, stream)
	}
	c.Out.Break()
	code, reason := c.why()
	_ = c.session.CloseWithError(wt.SessionErrorCode(code), reason)
	helpers.Wait()
}

// open takes the stream of records, whose first must have come by the deadline.
func (c *conn) open(stream *wt.Stream, deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream, c.in = stream, bufio.NewReaderSize(stream, readBuffer)
	if !c.ended {
		_ = stream.SetReadDeadline(deadline)
	}
}

// readBuffer is how many bytes are read at once; players' messages are small.
const readBuffer = 2 << 10

// write sends what is queued, and that nothing follows.
func (c *conn) write() {
	if c.Out.Run(&sender{Stream: c.stream, session: c.session, traffic: c.door.Traffic}) != nil {
		_ = c.session.CloseWithError(0, "")
		return
	}
	_ = c.stream.Close()
}

// admitted takes the settings of the session's room.
func (c *conn) admitted(s model.RoomSettings) {
	c.guest.admitted.Store(true)
	c.guest.gone()
	c.Out.Limit(s.MaxMemberQueueBytes)
	c.limit = records.MessageBytes(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		_ = c.stream.SetReadDeadline(time.Time{}) // QUIC watches from here on
	}
}

// read takes records until something ends the session.
func (c *conn) read() error {
	for {
		t, body, err := c.record()
		switch {
		case c.Out.Finished():
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return records.Bye(wire.CloseIdle, "no Hello came in time")
		case err != nil:
			return err
		}
		count(c.door.Traffic, 0, len(body)+2)
		c.saying.Lock()
		err = c.client.Record(time.Now(), t, body)
		c.saying.Unlock()
		if err != nil {
			return err
		}
	}
}

// record reads one, into memory of its own.
func (c *conn) record() (wire.Type, []byte, error) {
	t, err := c.in.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(c.in)
	if err != nil {
		return 0, nil, err
	}
	if n > uint64(c.limit) {
		return 0, nil, records.Bye(wire.CloseTooLarge, fmt.Sprintf("a record is longer than %d bytes", c.limit))
	}
	body := make([]byte, n)
	_, err = io.ReadFull(c.in, body)
	return wire.Type(t), body, err
}

// readDatagrams takes positions; other records may not be lost, and are not taken from where they may.
func (c *conn) readDatagrams() {
	for {
		msg, err := c.session.ReceiveDatagram(c.session.Context())
		if err != nil {
			return
		}
		count(c.door.Traffic, 0, len(msg))
		if err := c.takeDatagram(msg); err != nil {
			var bye *records.Farewell
			if errors.As(err, &bye) {
				c.end(bye.Code, bye.Reason)
			}
			return
		}
	}
}

func (c *conn) takeDatagram(msg []byte) error {
	c.saying.Lock()
	defer c.saying.Unlock()
	for len(msg) > 0 && c.client.Joined() && !c.Out.Finished() {
		t, body, rest, err := wire.Next(msg)
		if err != nil {
			return records.Protocol("%v", err)
		}
		if msg = rest; t != wire.TypeSendPosition {
			continue
		}
		if err := c.client.Record(time.Now(), t, body); err != nil {
			return err
		}
	}
	return nil
}

// sender is the stream as room.Outbox writes to it.
type sender struct {
	*wt.Stream
	session *wt.Session
	traffic *room.Traffic
	joined  []byte
}

// LocalAddr implements net.Conn, as do the following.
func (s *sender) LocalAddr() net.Addr  { return s.session.LocalAddr() }
func (s *sender) RemoteAddr() net.Addr { return s.session.RemoteAddr() }

func (s *sender) Write(b []byte) (int, error) {
	count(s.traffic, 1, len(b))
	return s.Stream.Write(b)
}

// WriteBuffers implements room.BuffersWriter: what is written together fills packets.
func (s *sender) WriteBuffers(bufs [][]byte) error {
	s.joined = s.joined[:0]
	for _, b := range bufs {
		s.joined = append(s.joined, b...)
	}
	_, err := s.Write(s.joined)
	return err
}

// count counts n bytes: sent in some packets, received in none.
func count(t *room.Traffic, packets, n int) {
	switch {
	case t == nil:
	case packets == 0:
		t.ReceivedBytes.Add(uint64(n))
	default:
		t.SentPackets.Add(uint64(packets))
		t.SentBytes.Add(uint64(n))
	}
}
