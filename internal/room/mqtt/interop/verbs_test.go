package interop_test

import (
	"encoding/binary"
	"fmt"

	v5 "github.com/eclipse/paho.golang/packets"
	v3 "github.com/eclipse/paho.mqtt.golang/packets"
)

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

// id is the next packet identifier.
func (c *client) id() uint16 {
	c.last++
	return c.last
}

// connect says CONNECT and gives the answer.
func (c *client) connect(w *world, as connect) packet {
	c.t.Helper()
	c.write(c.connectPacket(w, as))
	return c.await(v5.CONNACK)
}

// connectPacket is written by hand: package v5 leaves most properties of a will out.
func (c *client) connectPacket(w *world, as connect) []byte {
	if as.player == "" {
		as.player = "ann"
	}
	if as.id == "" && !as.nameless {
		as.id = as.player
	}
	flags := byte(0xc0) // user name and password
	if !as.resume {
		flags |= 0x02
	}
	payload := []any{as.id}
	if will := as.will; will != nil {
		flags |= 0x04 | will.qos<<3
		if will.retain {
			flags |= 0x20
		}
		props := will.props.Pack(v5.PUBLISH)
		if as.willDelay > 0 {
			props = binary.BigEndian.AppendUint32(append(props, v5.PropWillDelayInterval), as.willDelay)
		}
		payload = append(payload, rawProps(props), will.topic, will.payload)
	}
	payload = append(payload, as.player, w.ticket(as.player))
	head := []any{"MQTT", rawLevel{}, flags, as.keepAlive, rawProps(as.props.Pack(v5.CONNECT))}
	return raw(v5.CONNECT<<4, append(head, payload...)...)(c.level)
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
	c.sendSubscribe(id, props, options...)
	ack := c.await(v5.SUBACK)
	if ack.id != id || len(ack.reasons) != len(options) {
		c.t.Fatalf("SUBSCRIBE %d of %d filters is answered by %v", id, len(options), ack)
	}
	return ack.reasons
}

func (c *client) sendSubscribe(id uint16, props v5.Properties, options ...v5.SubOptions) {
	c.t.Helper()
	if c.level == level5 {
		c.send(&v5.Subscribe{PacketID: id, Properties: &props, Subscriptions: options})
		return
	}
	p := v3.NewControlPacket(v3.Subscribe).(*v3.SubscribePacket)
	p.MessageID = id
	for _, o := range options {
		p.Topics, p.Qoss = append(p.Topics, o.Topic), append(p.Qoss, o.QoS)
	}
	c.send(p)
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

// repeat publishes n messages of QoS 1 at once; the payloads begin with their numbers.
func (c *client) repeat(n int, m message) (payloads []string) {
	c.t.Helper()
	var ids []uint16
	for i := range n {
		payloads = append(payloads, fmt.Sprintf("%03d%s", i, m.payload))
		ids = append(ids, c.start(message{topic: m.topic, payload: payloads[i], qos: 1, props: m.props}))
	}
	for _, id := range ids {
		c.awaitID(v5.PUBACK, id)
	}
	return payloads
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

func ptr[T any](v T) *T { return &v }
