package interop_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	v5 "github.com/eclipse/paho.golang/packets"
	v3 "github.com/eclipse/paho.mqtt.golang/packets"
)

// The protocol levels of CONNECT.
const (
	level311 = 4
	level5   = 5
)

// packet is one that came from the server, in words common to both protocol levels.
type packet struct {
	kind    byte // one of package v5's constants
	id      uint16
	reason  byte   // of CONNACK, the acknowledgements and DISCONNECT
	reasons []byte // of SUBACK and UNSUBACK
	present bool   // CONNACK: there was a session
	size    int    // of the whole packet

	// Of PUBLISH.
	topic, payload string
	qos            byte
	retain, dup    bool

	props *v5.Properties // of MQTT 5; never nil
	ids   []int          // every subscription identifier; props holds but one
}

// String tells what a failed test must show of a packet.
func (p packet) String() string {
	if p.kind != v5.PUBLISH {
		return fmt.Sprintf("packet type %d, identifier %d, reason %#x %#x", p.kind, p.id, p.reason, p.reasons)
	}
	return fmt.Sprintf("%s=%q qos %d retain %v dup %v", p.topic, p.payload, p.qos, p.retain, p.dup)
}

// readPacket reads one packet; what the level's own codec does not take is an error.
func readPacket(r io.Reader, level byte) (*packet, error) {
	raw, err := readRaw(r)
	if err != nil {
		return nil, err
	}
	p := &packet{kind: raw[0] >> 4, size: len(raw), props: &v5.Properties{}}
	if level == level5 {
		return p, p.decode5(raw)
	}
	return p, p.decode3(raw)
}

// readRaw reads one packet's bytes.
func readRaw(r io.Reader) ([]byte, error) {
	b := make([]byte, 2, 64)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	for b[len(b)-1]&0x80 != 0 {
		b = append(b, 0)
		if _, err := io.ReadFull(r, b[len(b)-1:]); err != nil {
			return nil, err
		}
	}
	size, _ := binary.Uvarint(b[1:]) // MQTT's variable byte integer is LEB128
	head := len(b)
	b = append(b, make([]byte, size)...)
	_, err := io.ReadFull(r, b[head:])
	return b, err
}

func (p *packet) decode5(raw []byte) error {
	c, err := v5.ReadPacket(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("% x: %w", raw, err)
	}
	p.id = c.PacketID()
	switch b := c.Content.(type) {
	case *v5.Connack:
		p.present, p.reason, p.props = b.SessionPresent, b.ReasonCode, b.Properties
	case *v5.Publish:
		p.topic, p.payload, p.props = b.Topic, string(b.Payload), b.Properties
		p.qos, p.retain, p.dup = b.QoS, b.Retain, b.Duplicate
		p.ids = subscriptionIDs(raw)
	case *v5.Puback:
		p.reason, p.props = b.ReasonCode, b.Properties
	case *v5.Pubrec:
		p.reason, p.props = b.ReasonCode, b.Properties
	case *v5.Pubrel:
		p.reason = b.ReasonCode
	case *v5.Pubcomp:
		p.reason = b.ReasonCode
	case *v5.Suback:
		p.reasons, p.props = b.Reasons, b.Properties
	case *v5.Unsuback:
		p.reasons, p.props = b.Reasons, b.Properties
	case *v5.Disconnect:
		p.reason, p.props = b.ReasonCode, b.Properties
	}
	return nil
}

func (p *packet) decode3(raw []byte) error {
	c, err := v3.ReadPacket(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("% x: %w", raw, err)
	}
	p.id = c.Details().MessageID
	switch b := c.(type) {
	case *v3.ConnackPacket:
		p.present, p.reason = b.SessionPresent, b.ReturnCode
	case *v3.PublishPacket:
		p.topic, p.payload = b.TopicName, string(b.Payload)
		p.qos, p.retain, p.dup = b.Qos, b.Retain, b.Dup
	case *v3.SubackPacket:
		p.reasons = b.ReturnCodes
	}
	return nil
}

// subscriptionIDs finds the subscription identifiers among the properties of a PUBLISH.
func subscriptionIDs(raw []byte) (ids []int) {
	_, n := binary.Uvarint(raw[1:])
	b := raw[1+n:]
	b = b[2+binary.BigEndian.Uint16(b):] // topic
	if raw[0]&0x06 != 0 {
		b = b[2:]
	}
	size, n := binary.Uvarint(b)
	for b = b[n : n+int(size)]; len(b) > 0; {
		id := b[0]
		b = b[1:]
		switch id {
		case v5.PropSubscriptionIdentifier:
			v, n := binary.Uvarint(b)
			ids, b = append(ids, int(v)), b[n:]
		case v5.PropPayloadFormat:
			b = b[1:]
		case v5.PropTopicAlias:
			b = b[2:]
		case v5.PropMessageExpiry:
			b = b[4:]
		case v5.PropUser:
			b = b[2+binary.BigEndian.Uint16(b):]
			b = b[2+binary.BigEndian.Uint16(b):]
		default: // a string or binary data
			b = b[2+binary.BigEndian.Uint16(b):]
		}
	}
	return ids
}
