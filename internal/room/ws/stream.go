package ws

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room"

	"github.com/gobwas/ws"
)

// Stream is a byte stream in binary WebSocket messages, as MQTT has it (MQTT 5 §6, 3.1.1 likewise): where a message or a
// frame ends means nothing, and a text message ends the connection. A write is one message, whatever the number of its
// buffers. Read is for one goroutine; after a read deadline it goes on where it was.
type Stream struct {
	net.Conn
	in      *bufio.Reader
	left    int64 // of the frame at hand
	mask    [4]byte
	at      int  // of the frame's bytes, for the mask
	inside  bool // a message that goes on in further frames
	control room.Limiter

	mu     sync.Mutex // of writes
	head   [headRoom]byte
	bufs   [][]byte
	closed bool // the close frame was written
}

const (
	streamBuffer = 512 // holds a whole control frame; longer reads go around it
	// controlPerSecond is how many frames without payload a peer may send, pings among them; twice as many at once.
	controlPerSecond = 10
)

// newStream speaks over nc, of which early was read before.
func newStream(nc net.Conn, early []byte) *Stream {
	in := io.Reader(nc)
	if len(early) > 0 {
		in = io.MultiReader(bytes.NewReader(early), nc)
	}
	return &Stream{Conn: nc, in: bufio.NewReaderSize(in, streamBuffer), control: room.NewLimiter(controlPerSecond)}
}

// NetConn is the connection under the stream.
func (s *Stream) NetConn() net.Conn { return s.Conn }

// errStream ends the reading of a stream whose peer was told why.
var errStream = errors.New("not a stream of binary messages")

// Read implements net.Conn. io.EOF: the peer closed.
func (s *Stream) Read(p []byte) (int, error) {
	for s.left == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.in.Read(p)
	ws.Cipher(p[:n], s.mask, s.at)
	s.at += n
	s.left -= int64(n)
	return n, err
}

// next takes a frame's header, and the whole frame if it is a control frame. What it has not taken when it fails stays for
// the next time.
func (s *Stream) next() error {
	h, size, err := s.header()
	switch {
	case errors.Is(err, ws.ErrHeaderLengthMSB), errors.Is(err, ws.ErrHeaderLengthUnexpected):
		return s.refuse(ws.StatusProtocolError, "a frame's length is malformed")
	case err != nil:
		return err
	case !h.Masked:
		return s.refuse(ws.StatusProtocolError, "a client's frames must be masked")
	case h.Rsv != 0:
		return s.refuse(ws.StatusProtocolError, "no extension was agreed on")
	case h.OpCode.IsControl():
		return s.controlFrame(h, size)
	case h.OpCode == ws.OpText:
		return s.refuse(ws.StatusUnsupportedData, "messages are binary")
	case (h.OpCode == ws.OpContinuation) != s.inside:
		return s.refuse(ws.StatusProtocolError, "a message's frames are out of order")
	case h.OpCode != ws.OpContinuation && h.OpCode != ws.OpBinary:
		return s.refuse(ws.StatusProtocolError, "unknown kind of frame")
	case h.Length == 0 && s.control.Take(time.Now()) == room.Flood:
		return s.refuse(ws.StatusPolicyViolation, "too many empty frames")
	}
	_, _ = s.in.Discard(size)
	s.left, s.mask, s.at, s.inside = h.Length, h.Mask, 0, !h.Fin
	return nil
}

// header looks at the next frame's header, size bytes long, and leaves it where it is.
func (s *Stream) header() (h ws.Header, size int, err error) {
	const shortest = 2
	b, err := s.in.Peek(shortest)
	if err != nil {
		return h, 0, err
	}
	size = shortest
	switch b[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if b[1]&0x80 != 0 {
		size += len(h.Mask)
	}
	if b, err = s.in.Peek(size); err != nil {
		return h, 0, err
	}
	h, err = ws.ReadHeader(bytes.NewReader(b))
	return h, size, err
}

// controlFrame answers a ping and a close; size is that of its header.
func (s *Stream) controlFrame(h ws.Header, size int) error {
	if h.Length > ws.MaxControlFramePayloadSize || !h.Fin {
		return s.refuse(ws.StatusProtocolError, "a control frame is too long or in parts")
	}
	b, err := s.in.Peek(size + int(h.Length))
	if err != nil {
		return err
	}
	payload := bytes.Clone(b[size:])
	_, _ = s.in.Discard(len(b))
	ws.Cipher(payload, h.Mask, 0)
	verdict := s.control.Take(time.Now())
	switch {
	case h.OpCode == ws.OpClose:
		_ = s.close(payload[:min(len(payload), 2)])
		return io.EOF
	case verdict == room.Flood:
		return s.refuse(ws.StatusPolicyViolation, "too many control frames")
	case h.OpCode == ws.OpPing && verdict == room.Pass:
		return s.write(ws.OpPong, payload)
	}
	return nil
}

// refuse tells the peer why the connection ends.
func (s *Stream) refuse(code ws.StatusCode, why string) error {
	_ = s.close(append(binary.BigEndian.AppendUint16(nil, uint16(code)), why...))
	return errStream
}

// Write implements net.Conn.
func (s *Stream) Write(p []byte) (int, error) {
	if err := s.write(ws.OpBinary, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteBuffers implements room.BuffersWriter: one message in one write.
func (s *Stream) WriteBuffers(bufs [][]byte) error { return s.write(ws.OpBinary, bufs...) }

func (s *Stream) write(op ws.OpCode, bufs ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	n := 0
	s.bufs = append(s.bufs[:0], nil)
	for _, b := range bufs {
		n += len(b)
		s.bufs = append(s.bufs, b)
	}
	s.bufs[0] = appendHeader(s.head[:0], op, n)
	defer clear(s.bufs)
	s.closed = op == ws.OpClose
	return room.WriteBuffers(s.Conn, s.bufs)
}

// close writes the close frame, after which nothing is written.
func (s *Stream) close(body []byte) error { return s.write(ws.OpClose, body) }

// CloseWrite says that nothing more will come.
func (s *Stream) CloseWrite() error {
	err := s.close([]byte{0x03, 0xe8}) // 1000, normal
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		return errors.Join(err, half.CloseWrite())
	}
	return err
}
