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
	resumed bool // goes on with a session
	quiet   bool // until the tick of the welcome is over: a session's retained messages are not due again
	ended   bool // Close was called
	moved   *wire.Reconnect

	door    *Door
	net     net.Conn
	out     *room.Outbox
	session *session // another one after Inherit
	greeted chan struct{}
	greet   sync.Once

	mu       sync.Mutex
	acks     []ack // of QoS 1 and 2, not answered
	ones     int   // of acks, those of QoS 1
	answered uint64

	// The reader's until the room has the connection; after that it reads what does not change: all up to limit.
	speech
	room       *room.Room
	player     string
	clean      bool
	expiry     time.Duration // of the session, behind the connection
	receiveMax int           // the client's
	noProblems bool
	outAliases *aliases // nil: the client takes none
	connack    []byte   // properties
	limit      int      // of an incoming packet's bytes

	heard     *room.Listener
	in        *bufio.Reader
	keepAlive time.Duration
	link      *room.Link
	seq       uint64
	serial    uint64            // of positions
	aliases   map[uint16]string // the client's; nil: none yet
}

// newConn serves nc.
func newConn(d *Door, nc net.Conn) *conn {
	c := &conn{
		door: d, net: nc, out: room.NewOutbox(model.DefaultMaxMemberQueueBytes),
		greeted: make(chan struct{}), limit: connectBytes,
	}
	c.counters = &d.Counters
	c.heard = &room.Listener{Conn: nc, Heard: time.Now(), Every: d.settings().HelloTimeout, Silence: c.silence}
	c.in = bufio.NewReaderSize(c.heard, readBuffer)
	return c
}

// Endpoint implements room.Conn, as do the following.
func (c *conn) Endpoint() string { return cmp.Or(c.door.Name, Endpoint) }

func (c *conn) Encoder() room.Encoder {
	if c.quiet {
		return newClass(c.speech, nil, 0)
	}
	return c.class
}

// Inherit implements room.Heir: the session goes on if the client wants it to, it has outlived its connection, and the
// same version of MQTT is spoken.
func (c *conn) Inherit(earlier room.Conn) bool {
	old, ok := earlier.(*conn)
	if !ok || c.clean || old.expiry <= 0 || old.level != c.level || !old.session.pass(old, c) {
		return false
	}
	c.session, c.member, c.resumed = old.session, old.member, true
	c.session.lagging = false
	c.classify()
	return true
}

// Welcome sends CONNACK, and what the session has for the client.
func (c *conn) Welcome(w wire.Welcome) {
	c.member = w.Member
	c.out.Push(appendConnack(nil, c.level, c.resumed, reasonSuccess, c.connack))
	c.connack = nil
	c.classify()
	// In an area of interest nobody knows what has been missed.
	c.quiet = c.resumed && !c.session.missed && !w.Interest
	c.session.missed = false
	c.session.resume(c)
	if c.resumed {
		c.counters.Sessions.Add(1)
	}
	c.begin()
}

// begin lets the reader go on.
func (c *conn) begin() { c.greet.Do(func() { close(c.greeted) }) }

func (c *conn) Share(s *room.Shared, now time.Time) bool {
	ok := c.session.send(s, now, false)
	c.session.lagging = c.session.lagging || !ok
	return ok
}

func (c *conn) Grant(s *room.Shared) { c.session.send(s, time.Now(), true) }

func (c *conn) Signal(s room.Signal) {
	now := time.Now()
	it := item{
		class: topicSignal, name: c.player + "/" + s.Name, payload: s.Payload, props: s.Props, qos: s.QoS, from: s.From,
	}
	if s.TTL > 0 {
		it.expires = now.Add(s.TTL)
	}
	e := encoding{class: c.class, now: now}
	e.add(&it)
	if e.Messages == 0 { // whoever shares a subscription to signals can only have its own
		for _, f := range c.session.filters {
			if f.shared && matches(f.topic, e.topic) {
				e.put(&it, grant{qos: f.qos, asSent: f.asSent})
				break
			}
		}
	}
	if shared := e.shared(); shared != nil && !c.session.send(shared, now, false) {
		c.counters.SignalDropped.Add(1) // a client too slow for its signals misses them
	}
}

// Resync says nothing: the snapshot that follows is the retained messages again.
func (c *conn) Resync(string) {
	c.session.lagging = false
	c.session.missed = !c.session.online()
}

// Reconnect tells a 3.1.1 client by topic and a 5 one with the DISCONNECT of Close.
func (c *conn) Reconnect(r wire.Reconnect) {
	c.moved = &r
	if c.level == level5 || !c.isGreeted() {
		return
	}
	payload, _ := json.Marshal(struct {
		After  int64  `json:"after_ms"`
		URL    string `json:"url"`
		Ticket string `json:"ticket"`
		Reason string `json:"reason"`
	}{r.After.Milliseconds(), r.URL, r.Ticket, r.Reason})
	b, _ := appendPublish(nil, c.level, &message{topic: []byte(c.prefix + topicMoved), payload: payload})
	c.out.Push(b)
}

// Close says why, as far as the protocol can: before CONNACK with one, else with DISCONNECT.
func (c *conn) Close(code wire.CloseCode, reason string) {
	c.ended = true
	why := disconnectReason(code)
	var props []byte
	if m := c.moved; m != nil {
		if m.URL != "" {
			why = reasonMoved
			props = appendTextProperty(props, propServerReference, m.URL)
		}
		props = appendUserProperty(props, "ticket", m.Ticket)
		props = appendUserProperty(props, "after_ms", fmt.Sprint(m.After.Milliseconds()))
	}
	c.end(code, why, reason, props)
}

func (c *conn) Flush() {
	if c.class != nil && c.class.shares != nil && !c.ended {
		c.class.shares.endTick()
	}
	c.quiet = false
	c.out.Flush()
}

func (c *conn) Idle() bool { return c.session.idle() }

func (c *conn) Drop() int { return c.session.drop() }

// Parted implements room.Parter: a session that nobody has gone on with is over.
func (c *conn) Parted() {
	s := c.session
	if !s.end(c) {
		return
	}
	for _, f := range s.filters {
		if f.shared {
			c.shares().leave(s, f.name)
		}
	}
	s.filters = nil
}

func (c *conn) isGreeted() bool {
	select {
	case <-c.greeted:
		return true
	default:
		return false
	}
}
