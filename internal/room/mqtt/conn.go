package mqtt

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// conn is one connection. The room's calls (room.Conn) touch the first group, the reader the last; the middle is for both.
type conn struct {
	// The room's.
	class   *class
	member  uint64
	filters []filter
	greeted bool // CONNACK went out
	moved   *wire.Reconnect

	door   *Door
	net    net.Conn
	out    *room.Outbox
	window *window
	mu     sync.Mutex
	acks   []ack // of QoS 1 and 2 that the room has not answered

	// The reader's; level, prefix, player and maxPacket do not change once the room has the connection.
	heard     *room.Listener
	in        *bufio.Reader
	level     byte
	prefix    string
	player    string
	maxPacket int
	keepAlive time.Duration
	limit     int // of an incoming packet's bytes
	link      *room.Link
	seq       uint64
	will      *publish
	exactly   map[uint16]struct{} // QoS 2 identifiers not released yet
}

// ack is what a publish is answered with once the room took or rejected it.
type ack struct {
	seq    uint64
	kind   byte
	id     uint16
	reason byte
}

// newConn serves nc.
func newConn(d *Door, nc net.Conn) *conn {
	c := &conn{door: d, net: nc, out: room.NewOutbox(model.DefaultMaxMemberQueueBytes), limit: connectBytes}
	c.window = newWindow(c.out)
	c.heard = &room.Listener{Conn: nc, Heard: time.Now(), Every: d.settings().HelloTimeout, Silence: c.silence}
	c.in = bufio.NewReaderSize(c.heard, readBuffer)
	c.exactly = map[uint16]struct{}{}
	return c
}

// Endpoint implements room.Conn, as do the following.
func (c *conn) Endpoint() string { return cmp.Or(c.door.Name, Endpoint) }

func (c *conn) Encoder() room.Encoder { return c.class }

// Welcome sends CONNACK: no session was present, wildcards are taken, subscription identifiers, shared
// subscriptions and topic aliases are not.
func (c *conn) Welcome(w wire.Welcome) {
	c.greeted, c.member = true, w.Member
	var props []byte
	if c.level == level5 {
		props = appendU32Property(props, propSessionExpiry, 0)
		props = appendU16Property(props, propReceiveMax, maxUnacked)
		props = appendU32Property(props, propMaxPacket, uint32(c.limit))
		props = append(props, propSubscriptionIDs, 0, propSharedSubs, 0)
	}
	c.out.Push(appendConnack(nil, c.level, reasonSuccess, props))
}

func (c *conn) Share(s *room.Shared, now time.Time) bool { return c.window.send(s, now, false) }

func (c *conn) Grant(s *room.Shared) { c.window.send(s, time.Time{}, true) }

func (c *conn) Signal(s room.Signal) {
	m := message{topic: fmt.Appendf(nil, "%sm/%s/%s", c.prefix, c.player, s.Name), payload: s.Payload}
	granted, _, ok := c.class.match(m.topic, s.From)
	if !ok {
		return
	}
	m.qos = min(granted, s.QoS)
	b, id := appendPublish(nil, c.level, &m)
	shared := &room.Shared{Bytes: b, Messages: 1}
	if id > 0 {
		shared.Holes = []room.Hole{{ID: id, End: len(b)}}
	}
	c.window.send(shared, time.Time{}, false) // a client too slow for its signals misses them
}

// Ack answers the publishes up to seq.
func (c *conn) Ack(seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	var b []byte
	for ; n < len(c.acks) && c.acks[n].seq <= seq; n++ {
		a := c.acks[n]
		b = appendAck(b, c.level, a.kind, a.id, a.reason)
	}
	c.acks = c.acks[n:]
	if n > 0 {
		c.out.Push(b)
	}
}

// Reject keeps the reason for the answer; 3.1.1 has no way to tell it.
func (c *conn) Reject(r wire.Reject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.acks {
		if a := &c.acks[i]; a.seq == r.Seq && a.reason == 0 {
			a.reason = rejectReason(r.Code)
		}
	}
}

func rejectReason(code wire.RejectCode) byte {
	switch code {
	case wire.RejectBadName:
		return reasonBadTopic
	case wire.RejectNoMember:
		return reasonNoSubscribers
	case wire.RejectVersion:
		return reasonImplementation
	}
	return reasonQuota
}

// Resync says nothing: the snapshot that follows is the retained messages again.
func (c *conn) Resync(string) {}

// Reconnect tells a 3.1.1 client by topic and a 5 one with the DISCONNECT of Close.
func (c *conn) Reconnect(r wire.Reconnect) {
	c.moved = &r
	if c.level == level5 || !c.greeted {
		return
	}
	payload, _ := json.Marshal(struct {
		After  int64  `json:"after_ms"`
		URL    string `json:"url"`
		Ticket string `json:"ticket"`
		Reason string `json:"reason"`
	}{r.After.Milliseconds(), r.URL, r.Ticket, r.Reason})
	b, _ := appendPublish(nil, c.level, &message{topic: []byte(c.prefix + "sys/reconnect"), payload: payload})
	c.out.Push(b)
}

// Close says why, as far as the protocol can: before CONNACK with one, else with DISCONNECT.
func (c *conn) Close(code wire.CloseCode, reason string) {
	props := appendTextProperty(nil, propReason, reason)
	why := disconnectReason(code)
	if m := c.moved; m != nil {
		if m.URL != "" {
			why = reasonMoved
			props = appendTextProperty(props, propServerReference, m.URL)
		}
		props = appendUserProperty(props, "ticket", m.Ticket)
		props = appendUserProperty(props, "after_ms", fmt.Sprint(m.After.Milliseconds()))
	}
	c.end(c.greeted, code, why, props)
}

func (c *conn) Flush() { c.out.Flush() }

func (c *conn) Idle() bool { return c.window.idle() }

func (c *conn) Drop() int { return c.window.drop() }

// end sends the last packet; any goroutine may. The first call counts.
func (c *conn) end(greeted bool, code wire.CloseCode, why byte, props []byte) {
	switch {
	case c.level == 0:
	case !greeted && c.level == level5:
		if why != reasonMoved && why != reasonUseAnother { // properties that CONNACK has not
			props = nil
		}
		c.out.Push(appendConnack(nil, c.level, why, props))
	case !greeted:
		c.out.Push(appendConnack(nil, c.level, returnCode(code), nil))
	case c.level == level5:
		c.out.Push(appendDisconnect(nil, why, props))
	}
	c.out.Finish()
	_ = c.net.SetDeadline(time.Now().Add(or(c.door.Linger, DefaultLinger)))
}

// disconnectReason gives a close code in MQTT 5's words.
func disconnectReason(code wire.CloseCode) byte {
	switch code {
	case wire.CloseMoved, wire.CloseOtherServer:
		return reasonUseAnother
	case wire.CloseGoingAway:
		return reasonShuttingDown
	case wire.CloseIdle:
		return reasonKeepAlive
	case wire.CloseBadTicket:
		return reasonBadUser
	case wire.CloseExpired, wire.CloseReleased:
		return reasonNotAuthorised
	case wire.CloseReplaced:
		return reasonTakenOver
	case wire.CloseProtocol:
		return reasonProtocol
	case wire.CloseFlooding:
		return reasonRateTooHigh
	case wire.CloseTooLarge:
		return reasonTooLarge
	case wire.CloseEnded, wire.CloseRemoved:
		return reasonAdministrative
	}
	return reasonQuota // too slow, full
}

// returnCode gives it in 3.1.1's (§3.2.2.3).
func returnCode(code wire.CloseCode) byte {
	switch code {
	case wire.CloseBadTicket, wire.CloseExpired:
		return 4
	case wire.CloseMoved, wire.CloseGoingAway:
		return 3
	}
	return 5
}
