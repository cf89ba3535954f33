package interop_test

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"

	v5 "github.com/eclipse/paho.golang/packets"
	v3 "github.com/eclipse/paho.mqtt.golang/packets"
)

// client speaks MQTT packet by packet. What it is sent waits in order until a test asks for it; nothing is answered
// before that.
type client struct {
	t     *testing.T
	net   net.Conn
	level byte
	in    chan *packet  // closed with the connection
	held  []packet      // passed over by await
	last  uint16        // packet identifier
	mute  bool          // answers no PUBLISH
	gate  chan struct{} // the reader takes it for each packet
	ended error         // why in was closed
}

// backlog is how many packets may wait for a test.
const backlog = 1 << 12

// call opens a connection and says nothing yet.
func (w *world) call(t *testing.T, level byte) *client {
	t.Helper()
	nc, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, net: nc, level: level, in: make(chan *packet, backlog), gate: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read()
	}()
	t.Cleanup(func() {
		nc.Close()
		<-done
	})
	return c
}

// enter connects and is let in.
func (w *world) enter(t *testing.T, level byte, as connect) *client {
	t.Helper()
	c, _ := w.arrive(t, level, as)
	return c
}

// arrive connects, is let in, and shows what the server said to it.
func (w *world) arrive(t *testing.T, level byte, as connect) (*client, packet) {
	t.Helper()
	c := w.call(t, level)
	ack := c.connect(w, as)
	if ack.reason != 0 {
		t.Fatalf("%+v is refused: %v %q", as, ack, ack.props.ReasonString)
	}
	return c, ack
}

func (c *client) read() {
	defer close(c.in)
	for {
		c.gate <- struct{}{}
		p, err := readPacket(c.net, c.level)
		<-c.gate
		if err != nil {
			c.ended = err
			return
		}
		c.in <- p
	}
}

// write sends bytes as they are. A server that has had enough of them may close before it read all.
func (c *client) write(b []byte) {
	_ = c.net.SetWriteDeadline(time.Now().Add(patience))
	_, _ = c.net.Write(b)
}

// send writes a packet of package v5 or v3.
func (c *client) send(p any) {
	c.t.Helper()
	var b bytes.Buffer
	var err error
	switch p := p.(type) {
	case v3.ControlPacket:
		err = p.Write(&b)
	case v5.Packet:
		_, err = p.WriteTo(&b)
	default:
		err = fmt.Errorf("%T is no packet", p)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(b.Bytes())
}

// fresh is the packet that comes next; ok is false when the connection ended, or nothing came for long.
func (c *client) fresh() (p packet, ok bool) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case p := <-c.in:
		if p != nil {
			return *p, true
		}
	case <-timeout.C:
	}
	return packet{}, false
}

// await passes over other packets, which wait, to the first of a kind.
func (c *client) await(kind byte) packet {
	c.t.Helper()
	for i, p := range c.held {
		if p.kind == kind {
			c.held = append(c.held[:i:i], c.held[i+1:]...)
			return p
		}
	}
	for {
		p, ok := c.fresh()
		switch {
		case !ok:
			c.t.Fatalf("no packet of type %d came; these did: %v; the connection: %v", kind, c.held, c.ended)
		case p.kind == kind:
			return p
		}
		c.held = append(c.held, p)
	}
}

// take carries a PUBLISH that came through to its last acknowledgement.
func (c *client) take(p packet) packet {
	c.t.Helper()
	switch {
	case c.mute:
	case p.qos == 1:
		c.answer(v5.PUBACK, p.id)
	case p.qos == 2:
		c.answer(v5.PUBREC, p.id)
		c.awaitID(v5.PUBREL, p.id)
		c.answer(v5.PUBCOMP, p.id)
	}
	return p
}

// messages gives every PUBLISH that the room had for the client before it took a question asked now. What others published,
// and saw acknowledged, is among them: the room answers questions after it has delivered.
func (c *client) messages() (all []packet) {
	c.t.Helper()
	c.unsubscribe("no/such/filter")
	held := c.held
	c.held = nil
	for _, p := range held {
		if p.kind == v5.PUBLISH {
			all = append(all, c.take(p))
		} else {
			c.held = append(c.held, p)
		}
	}
	return all
}

// disconnect says DISCONNECT, with a reason and properties in MQTT 5, and waits until the server has closed.
func (c *client) disconnect(reason byte, props v5.Properties) {
	c.t.Helper()
	if c.level == level5 {
		c.send(&v5.Disconnect{ReasonCode: reason, Properties: &props})
	} else {
		c.send(v3.NewControlPacket(v3.Disconnect))
	}
	c.closed()
}

// leave is the ordinary DISCONNECT.
func (c *client) leave() {
	c.t.Helper()
	c.disconnect(0, v5.Properties{})
}

// vanish ends the connection without a word, and returns when the server has heard of it.
func (c *client) vanish() {
	c.t.Helper()
	_ = c.net.(interface{ CloseWrite() error }).CloseWrite()
	c.closed()
}

// closed waits for the end of the connection and gives the DISCONNECT before it, or an empty packet.
func (c *client) closed() (goodbye packet) {
	c.t.Helper()
	for {
		p, ok := c.fresh()
		switch {
		case ok && p.kind == v5.DISCONNECT:
			goodbye = p
		case ok:
			c.held = append(c.held, p)
		case c.open():
			c.t.Fatalf("the connection was not closed; these packets came: %v", c.held)
		default:
			return goodbye
		}
	}
}

// open tells whether the server has not closed.
func (c *client) open() bool {
	select {
	case p, ok := <-c.in:
		if ok {
			c.held = append(c.held, *p)
		}
		return ok
	default:
		return true
	}
}

// message is what a client publishes.
type message struct {
	topic, payload string
	qos            byte
	retain         bool
	props          v5.Properties
}

// message waits for the next PUBLISH.
func (c *client) message() packet {
	c.t.Helper()
	return c.take(c.await(v5.PUBLISH))
}
