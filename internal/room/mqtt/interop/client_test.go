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
	in    chan *packet // closed with the connection
	held  []packet     // passed over by await
	last  uint16       // packet identifier
	mute  bool         // answers no PUBLISH
	ended error        // why in was closed
}

// connect is what a CONNECT says beyond its level.
type connect struct {
	player    string // "ann" if empty
	id        string // client identifier; the player if empty
	nameless  bool   // the client identifier is empty
	resume    bool   // clean session 0, clean start 0
	keepAlive uint16 // seconds
	will      *message
	willDelay uint32 // seconds
	props     v5.Properties
}

// message is what a client publishes.
type message struct {
	topic, payload string
	qos            byte
	retain         bool
	props          v5.Properties
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
	c := &client{t: t, net: nc, level: level, in: make(chan *packet, backlog)}
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
		p, err := readPacket(c.net, c.level)
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

// id is the next packet identifier.
func (c *client) id() uint16 {
	c.last++
	return c.last
}

// connect says CONNECT and gives the answer.
func (c *client) connect(w *world, as connect) packet {
	c.t.Helper()
	c.send(c.connectPacket(w, as))
	return c.await(v5.CONNACK)
}

func (c *client) connectPacket(w *world, as connect) any {
	if as.player == "" {
		as.player = "ann"
	}
	if as.id == "" && !as.nameless {
		as.id = as.player
	}
	if c.level == level311 {
		p := v3.NewControlPacket(v3.Connect).(*v3.ConnectPacket)
		p.ProtocolName, p.ProtocolVersion = "MQTT", level311
		p.CleanSession, p.Keepalive, p.ClientIdentifier = !as.resume, as.keepAlive, as.id
		p.UsernameFlag, p.Username, p.PasswordFlag, p.Password = true, as.player, true, []byte(w.ticket(as.player))
		if as.will != nil {
			p.WillFlag, p.WillTopic, p.WillMessage = true, as.will.topic, []byte(as.will.payload)
			p.WillQos, p.WillRetain = as.will.qos, as.will.retain
		}
		return p
	}
	p := &v5.Connect{
		ProtocolName: "MQTT", ProtocolVersion: level5, CleanStart: !as.resume, KeepAlive: as.keepAlive, ClientID: as.id,
		UsernameFlag: true, Username: as.player, PasswordFlag: true, Password: []byte(w.ticket(as.player)), Properties: &as.props,
	}
	if as.will != nil {
		p.WillFlag, p.WillTopic, p.WillMessage = true, as.will.topic, []byte(as.will.payload)
		p.WillQOS, p.WillRetain, p.WillProperties = as.will.qos, as.will.retain, &as.will.props
		if as.willDelay > 0 {
			p.WillProperties.WillDelayInterval = &as.willDelay
		}
	}
	return p
}

// subscribe asks for filters with one QoS and wants them granted.
func (c *client) subscribe(qos byte, filters ...string) {
	c.t.Helper()
	var options []v5.SubOptions
	for _, f := range filters {
		options = append(options, v5.SubOptions{Topic: f, QoS: qos})
	}
	for i, reason := range c.ask(v5.Properties{}, options...) {
		if reason != qos {
			c.t.Fatalf("%s with QoS %d is answered %#x", filters[i], qos, reason)
		}
	}
}

// ask subscribes and gives the answers. Only QoS means something to 3.1.1.
func (c *client) ask(props v5.Properties, options ...v5.SubOptions) []byte {
	c.t.Helper()
	id := c.id()
	if c.level == level5 {
		c.send(&v5.Subscribe{PacketID: id, Properties: &props, Subscriptions: options})
	} else {
		p := v3.NewControlPacket(v3.Subscribe).(*v3.SubscribePacket)
		p.MessageID = id
		for _, o := range options {
			p.Topics, p.Qoss = append(p.Topics, o.Topic), append(p.Qoss, o.QoS)
		}
		c.send(p)
	}
	ack := c.await(v5.SUBACK)
	if ack.id != id || len(ack.reasons) != len(options) {
		c.t.Fatalf("SUBSCRIBE %d of %d filters is answered by %v", id, len(options), ack)
	}
	return ack.reasons
}

// unsubscribe gives the answers; 3.1.1 has none.
func (c *client) unsubscribe(filters ...string) []byte {
	c.t.Helper()
	id := c.id()
	c.sendUnsubscribe(id, filters...)
	ack := c.await(v5.UNSUBACK)
	if ack.id != id {
		c.t.Fatalf("UNSUBSCRIBE %d is answered by %v", id, ack)
	}
	return ack.reasons
}

func (c *client) sendUnsubscribe(id uint16, filters ...string) {
	c.t.Helper()
	if c.level == level5 {
		c.send(&v5.Unsubscribe{PacketID: id, Topics: filters, Properties: &v5.Properties{}})
		return
	}
	p := v3.NewControlPacket(v3.Unsubscribe).(*v3.UnsubscribePacket)
	p.MessageID, p.Topics = id, filters
	c.send(p)
}

// publish carries a message through to its last acknowledgement and gives the reason code that answered it.
func (c *client) publish(m message) (reason byte) {
	c.t.Helper()
	id := c.start(m)
	if m.qos == 0 {
		return 0
	}
	if m.qos == 1 {
		return c.awaitID(v5.PUBACK, id).reason
	}
	rec := c.awaitID(v5.PUBREC, id)
	if rec.reason >= 0x80 {
		return rec.reason
	}
	c.answer(v5.PUBREL, id)
	c.awaitID(v5.PUBCOMP, id)
	return rec.reason
}

func (c *client) awaitID(kind byte, id uint16) packet {
	c.t.Helper()
	p := c.await(kind)
	if p.id != id {
		c.t.Fatalf("%v, but for %d", p, id)
	}
	return p
}

// start sends a PUBLISH and waits for nothing.
func (c *client) start(m message) (id uint16) {
	c.t.Helper()
	if m.qos > 0 {
		id = c.id()
	}
	if c.level == level5 {
		c.send(&v5.Publish{
			Topic: m.topic, Payload: []byte(m.payload), QoS: m.qos, Retain: m.retain, PacketID: id, Properties: &m.props,
		})
		return id
	}
	p := v3.NewControlPacket(v3.Publish).(*v3.PublishPacket)
	p.TopicName, p.Payload, p.Qos, p.Retain, p.MessageID = m.topic, []byte(m.payload), m.qos, m.retain, id
	c.send(p)
	return id
}

// answer sends PUBACK, PUBREC, PUBREL or PUBCOMP.
func (c *client) answer(kind byte, id uint16) {
	first := kind << 4
	if kind == v5.PUBREL {
		first |= 2
	}
	c.write([]byte{first, 2, byte(id >> 8), byte(id)})
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

// message waits for the next PUBLISH.
func (c *client) message() packet {
	c.t.Helper()
	return c.take(c.await(v5.PUBLISH))
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

// pass lets virtual time go by.
func pass(d time.Duration) { <-time.After(d) }
