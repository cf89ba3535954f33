package mqtt

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// errLeft: the client said DISCONNECT.
var errLeft = errors.New("client disconnected")

// serve runs the connection to its end.
func (c *conn) serve() {
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
	c.heard.Look(c.heard.Heard)
	err := c.read()
	if c.link != nil {
		if !errors.Is(err, errLeft) && !c.out.Finished() {
			c.sendWill()
		}
		c.link.Lost()
	}
	var f *farewell
	if errors.As(err, &f) {
		c.end(c.link != nil, f.code, f.why, appendTextProperty(nil, propReason, f.reason))
	}
	if c.out.Finished() { // let the peer take the last packet before a reset can take it away
		_, _ = io.Copy(io.Discard, c.net)
	}
	c.out.Break()
	c.net.Close()
	<-written
}

// read takes packets until something ends the connection.
func (c *conn) read() error {
	for {
		h, err := readHeader(c.in, c.limit)
		if err != nil {
			return c.broken(err)
		}
		body := make([]byte, h.size)
		if _, err := io.ReadFull(c.in, body); err != nil {
			return err
		}
		switch {
		case c.out.Finished():
			return net.ErrClosed
		case c.link == nil:
			err = c.connect(h, body)
		default:
			if err = c.packet(h, body); errors.Is(err, room.ErrOver) {
				err = nil // the room says goodbye itself
			}
		}
		if err != nil {
			return c.broken(err)
		}
	}
}

// broken says what an error means to the peer.
func (c *conn) broken(err error) error {
	switch {
	case errors.Is(err, errMalformed):
		return &farewell{wire.CloseProtocol, reasonMalformed, err.Error()}
	case errors.Is(err, errTooLarge):
		return bye(wire.CloseTooLarge, fmt.Sprintf("a packet is longer than %d bytes", c.limit))
	case errors.Is(err, room.ErrFlooding):
		return bye(wire.CloseFlooding, "far more messages than the limit, for seconds")
	case errors.Is(err, room.ErrBusy), errors.Is(err, room.ErrOver):
		return bye(wire.CloseGoingAway, err.Error())
	}
	return err
}

// silence ends a connection that says less than it promised.
func (c *conn) silence(silent time.Duration) error {
	switch {
	case c.out.Finished():
		return net.ErrClosed
	case c.link == nil:
		return bye(wire.CloseIdle, "no CONNECT came in time")
	case c.keepAlive > 0 && silent >= c.keepAlive+c.keepAlive/2:
		return bye(wire.CloseIdle, fmt.Sprintf("nothing was heard for %v", silent.Round(time.Second)))
	}
	return nil
}

func (c *conn) packet(h header, body []byte) error {
	switch h.kind {
	case typePublish:
		p, err := decodePublish(c.level, h.flags, body)
		if err != nil {
			return err
		}
		return c.publish(p)
	case typePuback:
		id, _, err := decodeID(c.level, body)
		if err == nil {
			c.window.acked(id)
		}
		return err
	case typePubrel:
		return c.release(body)
	case typeSubscribe, typeUnsubscribe:
		return c.change(h.kind, body)
	case typePingreq:
		if h.size != 0 {
			return malformed("PINGREQ with a body")
		}
		c.say([]byte{typePingresp << 4, 0})
		return nil
	case typeDisconnect:
		reason, err := decodeDisconnect(c.level, body)
		if err == nil && reason == reasonWithWill {
			return io.EOF
		}
		return errors.Join(err, errLeft)
	default: // a second CONNECT, what only a server sends, AUTH, PUBREC and PUBCOMP of a QoS 2 that was not granted
		return bye(wire.CloseProtocol, fmt.Sprintf("packet type %d is not expected", h.kind))
	}
}

// say sends b at once.
func (c *conn) say(b []byte) {
	c.out.Push(b)
	c.out.Flush()
}

func (c *conn) change(kind byte, body []byte) error {
	if ok, err := c.link.Allow(c.heard.Heard); err != nil || !ok {
		return errors.Join(err, room.ErrFlooding) // there is no answer that means "later"
	}
	var what any
	if kind == typeSubscribe {
		s, err := decodeSubscribe(c.level, body)
		if err != nil {
			return err
		}
		if s.subscriptionID {
			return bye(wire.CloseProtocol, "subscription identifiers are not taken")
		}
		what = s
	} else {
		u, err := decodeUnsubscribe(c.level, body)
		if err != nil {
			return err
		}
		what = u
	}
	return c.link.Change(what)
}
