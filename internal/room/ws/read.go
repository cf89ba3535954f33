package ws

import (
	"errors"
	"fmt"
	"io"
	"time"

	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

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
	c.client.Lost()
	var bye *records.Farewell
	switch {
	case errors.As(err, &bye):
		c.end(bye.Code, bye.Reason)
		drain(c.net)
	case errors.Is(err, records.ErrLeft):
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
	case !c.client.Joined():
		return records.Bye(wire.CloseIdle, "no Hello came in time")
	case silent >= c.idle:
		return records.Bye(wire.CloseIdle, fmt.Sprintf("nothing was heard for %v", silent.Round(time.Second)))
	case silent >= c.heard.Every:
		c.push(ws.OpPing, nil)
	}
	return nil
}

// read takes messages until something ends the connection.
func (c *conn) read() error {
	c.heard.Look(c.heard.Heard)
	for {
		// An idle connection waits here, where the stack is so low that it can shrink from what Hello took.
		if _, err := c.in.Peek(1); err != nil {
			return err
		}
		msg, err := c.message()
		if err != nil {
			return err
		}
		if c.out.Finished() {
			return io.EOF
		}
		if err := c.client.Take(c.heard.Heard, msg); err != nil {
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
			return nil, records.Protocol("a frame's length is malformed")
		case err != nil:
			return nil, err
		case !h.Masked:
			return nil, records.Protocol("a client's frames must be masked")
		case h.Rsv != 0:
			return nil, records.Protocol("no extension was agreed on")
		case h.OpCode.IsControl():
			if err := c.controlFrame(h); err != nil {
				return nil, err
			}
			continue
		case h.OpCode == ws.OpContinuation != started || h.OpCode != ws.OpContinuation && h.OpCode != ws.OpBinary:
			return nil, records.Protocol("messages are binary")
		case h.Length > int64(c.limit-len(msg)):
			return nil, records.Bye(wire.CloseTooLarge, fmt.Sprintf("a message is longer than %d bytes", c.limit))
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
		return records.Protocol("a control frame is too long or in parts")
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return err
	}
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpClose:
		return records.ErrLeft
	case ws.OpPing:
		ok, err := c.client.Allow(c.heard.Heard)
		if ok {
			c.push(ws.OpPong, payload)
		}
		return err
	case ws.OpPong:
		return nil
	default:
		return records.Protocol("unknown control frame")
	}
}
