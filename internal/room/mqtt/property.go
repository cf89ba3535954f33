package mqtt

import "encoding/binary"

// Property identifiers of MQTT 5 (§2.2.2.2) that this door reads or writes.
const (
	propExpiry          = 0x02
	propSubscriptionID  = 0x0b
	propSessionExpiry   = 0x11
	propServerReference = 0x1c
	propReason          = 0x1f
	propReceiveMax      = 0x21
	propTopicAliasMax   = 0x22
	propTopicAlias      = 0x23
	propUser            = 0x26
	propMaxPacket       = 0x27
	propWildcardSubs    = 0x28
	propSubscriptionIDs = 0x29
	propSharedSubs      = 0x2a
)

// properties are those of a client's packet that mean something here; the others are read and forgotten.
type properties struct {
	expiry         uint32 // of a message, in seconds
	sessionExpiry  uint32
	receiveMax     uint16 // 0: not given
	maxPacket      uint32 // 0: not given
	topicAlias     bool
	subscriptionID bool
	authentication bool
}

// properties reads a property list.
func (r *reader) properties() properties {
	var p properties
	in := reader{b: r.take(r.varint())}
	var seen [64]bool
	for len(in.b) > 0 && in.err == nil {
		id := in.varint()
		if id >= len(seen) || seen[id] && id != propUser {
			in.fail("an unknown or repeated property")
			break
		}
		seen[id] = true
		in.property(id, &p)
	}
	if in.err != nil && r.err == nil {
		r.err = in.err
	}
	return p
}

func (r *reader) property(id int, p *properties) {
	switch id {
	case propExpiry:
		p.expiry = r.u32()
	case propSessionExpiry:
		p.sessionExpiry = r.u32()
	case propReceiveMax:
		if p.receiveMax = r.u16(); p.receiveMax == 0 {
			r.fail("a receive maximum of 0")
		}
	case propMaxPacket:
		if p.maxPacket = r.u32(); p.maxPacket == 0 {
			r.fail("a maximum packet size of 0")
		}
	case propTopicAlias:
		r.u16()
		p.topicAlias = true
	case propSubscriptionID:
		r.varint()
		p.subscriptionID = true
	case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a:
		r.u8()
	case 0x13, propTopicAliasMax:
		r.u16()
	case 0x18:
		r.u32()
	case 0x15:
		r.text()
		p.authentication = true
	case 0x09, 0x16:
		r.binary()
	case 0x03, 0x08, 0x12, 0x1a, propServerReference, propReason:
		r.text()
	case propUser:
		r.text()
		r.text()
	default:
		r.fail("an unknown property")
	}
}

func appendU16Property(b []byte, id byte, v uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, id), v)
}

func appendU32Property(b []byte, id byte, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, id), v)
}

func appendTextProperty(b []byte, id byte, v string) []byte {
	return appendText(append(b, id), v)
}

func appendUserProperty(b []byte, name, value string) []byte {
	return appendText(appendText(append(b, propUser), name), value)
}
