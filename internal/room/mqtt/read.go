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

// left is a client's own end: it said DISCONNECT.
type left struct {
	will   bool          // it wants its will done
	expiry time.Duration // of the session
}

func (*left) Error() string { return "client disconnected" }

// leaveGrace is how long the seat of a client that said goodbye for good is kept: many clients connect anew right
// after, with the same ticket.
const leaveGrace = 2 * time.Second

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
	c.goodbye(c.read())
	c.net.Close()
	<-written
}

// goodbye ends the connection after err, in the room and towards the peer. It is apart from serve so that the frame under an
// idle read is small.
func (c *conn) goodbye(err error) {
	if c.link != nil {
		loss := c.loss(err)
		c.session.conclude(c, loss.Park > 0)
		c.link.Lose(loss)
	}
	var f *farewell
	if errors.As(err, &f) {
		c.end(f.code, f.why, f.reason, nil)
	}
	if c.out.Finished() { // let the peer take the last packet before a reset can take it away
		_, _ = io.Copy(io.Discard, c.net)
	}
	c.out.Break()
}

// loss says what the end of the connection leaves in the room.
func (c *conn) loss(err error) room.Loss {
	loss := room.Loss{Will: true, Park: c.expiry}
	if l := new(left); errors.As(err, &l) {
		loss.Will, loss.Park = l.will, l.expiry
		if l.expiry == 0 {
			loss.Seat = leaveGrace
		}
	}
	return loss
}

// read takes packets until something ends the connection.
func (c *conn) read() error {
	for {
		// An idle connection waits here, where the stack is so low that it can shrink from what CONNECT took.
		if _, err := c.in.Peek(1); err != nil {
			return c.broken(err)
		}
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
		c.counters.Breaches.Add(1)
		return &farewell{wire.CloseProtocol, reasonMalformed, err.Error()}
	case errors.Is(err, errBreach):
		c.counters.Breaches.Add(1)
		return &farewell{wire.CloseProtocol, reasonProtocol, err.Error()}
	case errors.Is(err, errTooLarge):
		return bye(wire.CloseTooLarge, fmt.Sprintf("a packet is longer than %d bytes", c.limit))
	case errors.Is(err, room.ErrFlooding):
		return bye(wire.CloseFlooding, "far more messages than the limit, for seconds")
	case errors.Is(err, room.ErrBusy), errors.Is(err, room.ErrOver):
		return bye(wire.CloseGoingAway, err.Error())
	}
	return err
}

// silence ends a connection that says less than it promised: nothing for one and a half times the keep-alive (§3.1.2.10).
func (c *conn) silence(silent time.Duration) error {
	limit := c.keepAlive * 3 / 2
	switch {
	case c.out.Finished():
		return net.ErrClosed
	case c.link == nil:
		return bye(wire.CloseIdle, "no CONNECT came in time")
	case c.keepAlive == 0:
	case silent >= limit:
		return bye(wire.CloseIdle, fmt.Sprintf("nothing was heard for %v", silent.Round(time.Second)))
	default:
		c.heard.Every = limit - silent
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
	case typePuback, typePubrec, typePubcomp:
		id, reason, err := decodeID(c.level, h.kind, body)
		if err != nil {
			return err
		}
		reply, err := c.session.acknowledged(c, h.kind, id, reason)
		if len(reply) > 0 {
			c.say(reply)
		}
		if errors.Is(err, errUnknown) {
			return c.count()
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
		return c.count()
	case typeDisconnect:
		return c.disconnect(body)
	case typeAuth:
		return breach("AUTH without an authentication method")
	case typeConnect:
		return breach("a second CONNECT")
	case 0:
		return malformed("packet type 0")
	default:
		return breach(fmt.Sprintf("packet type %d from a client", h.kind))
	}
}

// disconnect is the client's goodbye. Its reason 0 takes the will back.
func (c *conn) disconnect(body []byte) error {
	g, err := decodeDisconnect(c.level, body)
	if err != nil {
		return err
	}
	end := &left{will: g.reason != reasonSuccess, expiry: c.expiry}
	if g.has(propSessionExpiry) {
		if c.expiry == 0 && g.sessionExpiry > 0 {
			return breach("a session expiry where CONNECT had none")
		}
		end.expiry = c.capped(expiryOf(g.sessionExpiry))
	}
	return end
}

// count counts a packet that is answered in any case as a message: a flood of them ends the connection.
func (c *conn) count() error {
	_, err := c.link.Allow(c.heard.Heard)
	return err
}

// say sends b at once.
func (c *conn) say(b []byte) {
	c.out.Push(b)
	c.out.Flush()
}
