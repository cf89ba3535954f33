package udp

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"
)

// conn is one connection. own and fresh are the room's goroutine's; mu guards the rest, but for what is the
// socket's.
type conn struct {
	door *Door
	sock *socket // that sends for it
	id   uint64

	own   []byte // records for this member alone
	fresh bool   // something was queued since the last Flush

	mu     sync.Mutex
	end    *dgram.Endpoint
	said   records.Client
	in     dgram.Records
	limit  int           // of queued bytes
	age    time.Duration // of the oldest of them
	open   bool          // Accept was sent
	gone   bool          // nothing comes or goes any more
	now    time.Time     // of the datagram that is being taken
	config dgram.Config

	ready bool // the sender is to come to it; the socket's, as is
	timer timer
}

func newConn(d *Door, a *admission, id uint64, cfg dgram.Config) *conn {
	c := &conn{door: d, sock: a.sock, id: id, config: cfg}
	c.said = records.Client{Gate: d.Gate, Conn: c, Admitted: c.admitted, Answer: c.answer}
	return c
}

// pings is how many go out within the idle timeout into silence.
const pings = 3

// admitted: the gate took the token; the room is about to have the connection.
func (c *conn) admitted(s model.RoomSettings) {
	c.limit, c.age = s.MaxMemberQueueBytes, s.MaxMemberQueueAge
	c.in.Limit = records.MessageBytes(s)
	c.config.Idle, c.config.KeepAlive = s.IdleTimeout, s.IdleTimeout/pings
	c.end = dgram.New(c.config)
}

// join says the client's Hello.
func (c *conn) join(h wire.Hello) *room.Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, body, _, err := wire.Next(h.Append(nil))
	if err == nil {
		err = c.said.Record(time.Now(), wire.TypeHello, body)
	}
	var bye *records.Farewell
	switch {
	case err == nil:
		return nil
	case errors.As(err, &bye):
		return &room.Refusal{Code: bye.Code, Reason: bye.Reason}
	}
	return &room.Refusal{Code: wire.CloseProtocol, Reason: err.Error()}
}

// accepted: the Accept is on its way, and what the room said may follow.
func (c *conn) accepted() {
	c.mu.Lock()
	c.open = true
	c.mu.Unlock()
	c.sock.mark(c)
}

// lost: the room may have the connection no more.
func (c *conn) lost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	c.said.Lost()
}

// Endpoint implements room.Conn, as do the following.
func (c *conn) Endpoint() string { return Endpoint }

func (c *conn) Encoder() room.Encoder { return encoder{} }

func (c *conn) Welcome(r wire.Welcome)     { c.record(r) }
func (c *conn) Signal(s room.Signal)       { c.record(s.Signal) }
func (c *conn) Ack(seq uint64)             { c.record(wire.Ack{Seq: seq}) }
func (c *conn) Reject(r wire.Reject)       { c.record(r) }
func (c *conn) Resync(reason string)       { c.record(wire.Resync{Reason: reason}) }
func (c *conn) Reconnect(r wire.Reconnect) { c.record(r) }

// Change is never called: this door changes nothing.
func (c *conn) Change(any) room.Encoder { return nil }

func (c *conn) Share(s *room.Shared, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seal(now)
	if len(s.Bytes) > 0 && !c.end.Closing() {
		queued, since := c.end.Queued()
		if queued > 0 && queued+len(s.Bytes) > c.limit || !since.IsZero() && now.Sub(since) > c.age {
			return false
		}
		c.end.Write(s.Bytes, dgram.Shared, now)
	}
	c.end.Tell(s.Latest)
	c.fresh = true
	return true
}

func (c *conn) Grant(s *room.Shared) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seal(now)
	c.end.Write(s.Bytes, dgram.Granted, now)
	c.end.Tell(s.Latest)
	c.fresh = true
}

func (c *conn) Close(code wire.CloseCode, reason string) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seal(now)
	c.end.Close(uint16(code), reason, now)
	c.fresh = true
}

func (c *conn) Flush() {
	if c.own != nil {
		now := time.Now()
		c.mu.Lock()
		c.seal(now)
		c.mu.Unlock()
	}
	if c.fresh {
		c.fresh = false
		c.sock.mark(c)
	}
}

func (c *conn) Idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.own == nil && c.end.Idle()
}

func (c *conn) Drop() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end.Drop()
}

func (c *conn) record(r wire.Record) {
	if c.own == nil {
		c.own = make([]byte, 0, 128)
	}
	c.own = r.Append(c.own)
}

// seal queues the member's own records; mu is held. A queue of twice the limit ends the connection.
func (c *conn) seal(now time.Time) {
	if c.own == nil {
		return
	}
	c.end.Write(c.own, dgram.Private, now)
	c.own, c.fresh = nil, true
	if queued, _ := c.end.Queued(); queued > 2*c.limit {
		c.end.Drop()
		c.end.Close(uint16(wire.CloseTooSlow), "too much waits for this client", now)
	}
}

// answer says what the client asked for; mu is held.
func (c *conn) answer(r wire.Record) {
	c.end.Write(r.Append(nil), dgram.Private, c.now)
}

// dismiss closes the connection; any goroutine may.
func (c *conn) dismiss(code wire.CloseCode, reason string) {
	c.mu.Lock()
	c.end.Close(uint16(code), reason, time.Now())
	c.mu.Unlock()
	c.sock.mark(c)
}

// receive takes a datagram of this connection, changing b.
func (c *conn) receive(b []byte, from netip.AddrPort, now time.Time) {
	c.mu.Lock()
	if c.gone || c.end == nil {
		c.mu.Unlock()
		return
	}
	c.now = now
	err := c.end.Receive(b, from, now, c)
	switch {
	case err == nil:
	case errors.Is(err, dgram.ErrForged):
		c.door.counters.Forged.Add(1)
	case errors.Is(err, dgram.ErrReplay):
		c.door.counters.Replayed.Add(1)
	case errors.Is(err, dgram.ErrMalformed):
		c.door.counters.Malformed.Add(1)
	default:
		c.farewell(err)
	}
	due := c.end.Due(now)
	c.mu.Unlock()
	c.sock.touch(c, due, now)
}

// farewell ends the connection for a reason of the reader's.
func (c *conn) farewell(err error) {
	c.said.Lost()
	var bye *records.Farewell
	switch {
	case errors.As(err, &bye):
		c.end.Close(uint16(bye.Code), bye.Reason, c.now)
	case errors.Is(err, records.ErrLeft):
		c.end.Close(0, "", c.now)
	default:
		c.end.Close(uint16(wire.CloseProtocol), err.Error(), c.now)
	}
}

// Stream implements dgram.Sink, as do the following; mu is held.
func (c *conn) Stream(b []byte) error {
	if c.end.Closing() {
		return nil // what comes after the end of either side says nothing any more
	}
	return c.in.Add(b, c.take)
}

func (c *conn) take(t wire.Type, body []byte) error {
	return c.said.Record(c.now, t, slices.Clone(body)) // the room keeps it
}

// Latest takes the client's position, a record's body.
func (c *conn) Latest(_, _ uint64, body []byte) error {
	if c.end.Closing() {
		return nil
	}
	if hasData(body) {
		body = slices.Clone(body)
	}
	return c.said.Record(c.now, wire.TypeSendPosition, body)
}

func (c *conn) Closed(uint16, string) { c.said.Lost() }

// hasData tells whether a position of the client's may keep the memory of its body.
func hasData(body []byte) bool {
	const least = 1 + 7 + 1
	return len(body) < least || body[len(body)-1] != 0 || len(body) > least+9
}

// pump puts what is to be sent now into out; false: out is full, and there may be more. next is when to come again.
func (c *conn) pump(out *batch, now time.Time) (done bool, next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || !c.open {
		return true, time.Time{}
	}
	for out.fits() {
		n := c.end.Send(out.room(), now)
		if n == 0 {
			if c.end.Over() || c.end.Left() {
				c.gone = true
				c.said.Lost()
				c.door.forget(c)
				return true, time.Time{}
			}
			return true, c.end.Next()
		}
		out.add(n, c.end.Peer())
	}
	return false, time.Time{}
}
