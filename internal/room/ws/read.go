package ws

import (
	"errors"
	"fmt"
	"io"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// farewell is why the reader ends a connection, to be told to the peer.
type farewell struct {
	code   wire.CloseCode
	reason string
}

func (f *farewell) Error() string { return fmt.Sprintf("close %d: %s", f.code, f.reason) }

func protocolError(format string, args ...any) error {
	return &farewell{wire.CloseProtocol, fmt.Sprintf(format, args...)}
}

// errLeft: the client gave its seat back or closed.
var errLeft = errors.New("client left")

// serve runs the connection to its end.
func (c *conn) serve() {
	defer c.net.Close()
	written := make(chan struct{})
	go func() {
		defer close(written)
		if c.out.Run(c.net) != nil {
			c.net.Close()
			return
		}
		if half, ok := c.net.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	err := c.read()
	if c.link != nil {
		c.link.Lost()
	}
	var bye *farewell
	switch {
	case errors.As(err, &bye):
		c.end(bye.code, bye.reason)
		drain(c.net)
	case errors.Is(err, errLeft):
		c.push(ws.OpClose, []byte{0x03, 0xe8}) // 1000, normal
		c.finish()
		drain(c.net)
	case c.out.Finished(): // the room closed it
		drain(c.net)
	}
	c.out.Break()
	c.net.Close()
	<-written
}

// silence sends pings into silence until it was too long.
func (c *conn) silence(silent time.Duration) error {
	switch {
	case c.out.Finished():
		return io.EOF
	case c.link == nil:
		return &farewell{wire.CloseIdle, "no Hello came in time"}
	case silent >= c.idle:
		return &farewell{wire.CloseIdle, fmt.Sprintf("nothing was heard for %v", silent.Round(time.Second))}
	case silent >= c.heard.Every:
		c.push(ws.OpPing, nil)
	}
	return nil
}

// read takes messages until something ends the connection.
func (c *conn) read() error {
	c.heard.Look(c.heard.Heard)
	for {
		msg, err := c.message()
		if err != nil {
			return err
		}
		if c.out.Finished() {
			return io.EOF
		}
		if err := c.take(msg); err != nil {
			return err
		}
	}
}

// message reads one binary message, whole, into memory of its own. Control frames in between are answered.
func (c *conn) message() ([]byte, error) {
	var msg []byte
	started := false
	for {
		h, err := ws.ReadHeader(c.in)
		switch {
		case errors.Is(err, ws.ErrHeaderLengthMSB), errors.Is(err, ws.ErrHeaderLengthUnexpected):
			return nil, protocolError("a frame's length is malformed")
		case err != nil:
			return nil, err
		case !h.Masked:
			return nil, protocolError("a client's frames must be masked")
		case h.Rsv != 0:
			return nil, protocolError("no extension was agreed on")
		case h.OpCode.IsControl():
			if err := c.controlFrame(h); err != nil {
				return nil, err
			}
			continue
		case h.OpCode == ws.OpContinuation != started || h.OpCode != ws.OpContinuation && h.OpCode != ws.OpBinary:
			return nil, protocolError("messages are binary")
		case h.Length > int64(c.limit-len(msg)):
			return nil, &farewell{wire.CloseTooLarge, fmt.Sprintf("a message is longer than %d bytes", c.limit)}
		}
		at := len(msg)
		msg = append(msg, make([]byte, h.Length)...)
		if _, err := io.ReadFull(c.in, msg[at:]); err != nil {
			return nil, err
		}
		ws.Cipher(msg[at:], h.Mask, 0)
		if h.Fin {
			return msg, nil
		}
		started = true
	}
}

func (c *conn) controlFrame(h ws.Header) error {
	if h.Length > ws.MaxControlFramePayloadSize || !h.Fin {
		return protocolError("a control frame is too long or in parts")
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return err
	}
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpClose:
		return errLeft
	case ws.OpPing:
		return c.answer(ws.OpPong, payload)
	case ws.OpPong:
		return nil
	default:
		return protocolError("unknown control frame")
	}
}

// answer sends a frame that the client asked for, within its limits.
func (c *conn) answer(op ws.OpCode, payload []byte) error {
	if c.link == nil {
		return nil
	}
	ok, err := c.link.Allow(c.heard.Heard)
	if err != nil {
		return c.ended(err)
	}
	if ok {
		c.push(op, payload)
	}
	return nil
}

// ended says what a room's error means to the peer.
func (c *conn) ended(err error) error {
	switch {
	case errors.Is(err, room.ErrOver) && c.link != nil:
		return nil // the room says goodbye itself
	case errors.Is(err, room.ErrFlooding):
		return &farewell{wire.CloseFlooding, "far more messages than the limit, for seconds"}
	case errors.Is(err, room.ErrBusy):
		return &farewell{wire.CloseGoingAway, "the room has more to do than it can; join again later"}
	case errors.Is(err, room.ErrOver):
		return &farewell{wire.CloseGoingAway, "the room is over; join again"}
	}
	return err
}
