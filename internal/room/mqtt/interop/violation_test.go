package interop_test

import v5 "github.com/eclipse/paho.golang/packets"

// violation is a packet that ends the connection. Its name begins with the section of the specifications (MQTT 5's if
// they differ) that it violates.
type violation struct {
	name   string
	packet func(level byte) []byte
	reason byte // MQTT 5's answer; 0: none
	only   byte // the level that has such a packet; 0: both
}

const (
	malformed = v5.DisconnectMalformedPacket
	violated  = v5.DisconnectProtocolError
)

// connected begins a CONNECT that is right up to its payload.
func connected(flags byte, props rawProps, payload ...any) func(level byte) []byte {
	return raw(0x10, append([]any{"MQTT", rawLevel{}, flags, uint16(60), props}, payload...)...)
}

// The strings that are none (1.5.4): overlong, surrogate, cut short, with U+0000.
var notText = map[string]string{
	"overlong": "a\xc0\xaf", "a surrogate": "a\xed\xa0\x80", "cut short": "a\xe2\x82", "U+0000": "a\x00b", "above U+10FFFF": "\xf4\x90\x80\x80",
}

func beforeConnack() []violation {
	all := []violation{
		{"3.1: another packet first", raw(0xc0), 0, 0},
		{"3.1: PUBLISH first", raw(0x30, "r/room-7/e/x"), 0, 0},
		{"2.1.2: packet type 0", raw(0x00), 0, 0},
		{"2.1.3: reserved flags", raw(0x11, "MQTT", rawLevel{}), 0, 0},
		{"2.1.4: a remaining length of five bytes", func(byte) []byte { return []byte{0x10, 0xff, 0xff, 0xff, 0xff, 0x01} }, 0, 0},
		{"4.13: a CONNECT of 256 MiB", func(byte) []byte { return []byte{0x10, 0xff, 0xff, 0xff, 0x7f} }, 0, 0},
		{"3.1.2-1: another protocol", raw(0x10, "MQTTX", rawLevel{}, byte(2), uint16(0), rawProps{}, "ann"), 0, 0},
		{"3.1.2-3: the reserved connect flag", connected(0x03, nil, "ann"), malformed, 0},
		{"3.1.2-11: a will's QoS without a will", connected(0x0a, nil, "ann"), malformed, 0},
		{"3.1.2-12: a will of QoS 3", connected(0x1e, nil, "ann", rawProps{}, room+"e/x", ""), malformed, 0},
		{"3.1.2-13: a will's RETAIN without a will", connected(0x22, nil, "ann"), malformed, 0},
		{"3.1.3-1: no client identifier", connected(0x02, nil), malformed, 0},
		{"3.1.3: no will where one is announced", connected(0x06, nil, "ann"), malformed, 0},
		{"3.1.3: no user name where one is announced", connected(0x82, nil, "ann"), malformed, 0},
		{"3.1.3: bytes after the payload", connected(0x02, nil, "ann", byte(0)), malformed, 0},
		{"2.2.2: properties longer than the packet", raw(0x10, "MQTT", rawLevel{}, byte(2), uint16(0), byte(200), "ann"), malformed, level5},
		{"2.2.2.2: an unknown property", connected(0x02, rawProps{0x7e, 0}, "ann"), malformed, level5},
		{"2.2.2.2: a property of other packets", connected(0x02, rawProps{0x23, 0, 1}, "ann"), malformed, level5},
		{"3.1.2.11.2: session expiry twice", connected(0x02, rawProps{0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1}, "ann"), violated, level5},
		{"3.1.2.11.3: a receive maximum of 0", connected(0x02, rawProps{0x21, 0, 0}, "ann"), violated, level5},
		{"3.1.2.11.4: a maximum packet size of 0", connected(0x02, rawProps{0x27, 0, 0, 0, 0}, "ann"), violated, level5},
		{"3.1.2.11.6: request response information 2", connected(0x02, rawProps{0x19, 2}, "ann"), violated, level5},
		{"3.1.2.11.7: request problem information 2", connected(0x02, rawProps{0x17, 2}, "ann"), violated, level5},
		{"3.1.2.11.10: authentication data without a method", connected(0x02, rawProps{0x16, 0, 1, 'x'}, "ann"), violated, level5},
		{"4.12: an authentication method", connected(0x02, rawProps{0x15, 0, 1, 'x'}, "ann"), v5.ConnackBadAuthenticationMethod, level5},
		{"3.1.3.2: an unknown property of the will", connected(0x06, nil, "ann", rawProps{0x7e, 0}, room+"e/x", ""), malformed, level5},
	}
	for what, s := range notText {
		all = append(all, violation{"1.5.4: a client identifier that is " + what, connected(0x02, nil, s), malformed, 0},
			violation{"1.5.4: a user property that is " + what, connected(0x02, rawProps(appendText([]byte{0x26, 0, 1, 'n'}, s)), "ann"), malformed, level5})
	}
	return all
}

func afterConnack() []violation {
	filter := room + "e/x"
	all := []violation{
		{"2.1.2: packet type 0", raw(0x00), malformed, 0},
		{"2.1.4: a remaining length of five bytes", func(byte) []byte { return []byte{0x30, 0xff, 0xff, 0xff, 0xff, 0x01} }, malformed, 0},
		{"3.1-2: CONNECT again", connected(0x02, nil, "ann"), violated, 0},
		{"3.2: CONNACK", raw(0x20, byte(0), byte(0), rawProps{}), violated, 0},
		{"3.9: SUBACK", raw(0x90, uint16(1), rawProps{}, byte(0)), violated, 0},
		{"3.11: UNSUBACK", raw(0xb0, uint16(1), rawProps{}), violated, 0},
		{"3.13: PINGRESP", raw(0xd0), violated, 0},
		{"4.12: AUTH without a method", raw(0xf0), violated, level5},
		{"2.1.3: AUTH in 3.1.1", raw(0xf0), 0, level311},
		{"3.12: PINGREQ with a body", raw(0xc0, byte(0)), malformed, 0},
		{"2.1.3-1: PINGREQ with flags", raw(0xc1), malformed, 0},
		{"3.14.1-1: DISCONNECT with flags", raw(0xe1), malformed, 0},

		{"3.3.1-4: QoS 3", raw(0x36, filter, uint16(1), rawProps{}), malformed, 0},
		{"2.2.1-3: packet identifier 0", raw(0x32, filter, uint16(0), rawProps{}), violated, 0},
		{"3.3.1-2: a duplicate of QoS 0", raw(0x38, filter, rawProps{}), malformed, 0},
		{"3.3.2-14: a response topic with a wildcard", raw(0x30, filter, rawProps{0x08, 0, 1, '#'}), violated, level5},
		{"3.3.2.3.2: a payload format that there is not", raw(0x30, filter, rawProps{0x01, 2}), violated, level5},
		{"3.3.2: PUBLISH cut in its topic", raw(0x30, uint16(20), byte('r')), malformed, 0},
		{"3.3.2: PUBLISH without its packet identifier", raw(0x32, filter), malformed, 0},
		{"3.3.2: an empty PUBLISH", raw(0x30), malformed, 0},
		{"3.3.2-8: no topic and no alias", raw(0x30, "", rawProps{}), violated, level5},
		{"3.3.2.3.4: alias 0", raw(0x30, filter, rawProps{0x23, 0, 0}), v5.DisconnectTopicAliasInvalid, level5},
		{"3.3.2.3.4: an alias twice", raw(0x30, filter, rawProps{0x23, 0, 1, 0x23, 0, 1}), violated, level5},
		{"3.3.4-6: a subscription identifier", raw(0x30, filter, rawProps{0x0b, 1}), violated, level5},
		{"3.3.2.3: a property of other packets", raw(0x30, filter, rawProps{0x11, 0, 0, 0, 1}), malformed, level5},
		{"2.2.2.2: an unknown property", raw(0x30, filter, rawProps{0x7e, 0}), malformed, level5},
		{"2.2.2.2: a property cut short", raw(0x30, filter, rawProps{0x02, 0, 0}), malformed, level5},
		{"1.5.5: a property length of five bytes", raw(0x30, filter, []byte{0xff, 0xff, 0xff, 0xff, 0x01}), malformed, level5},

		{"3.8.1-1: SUBSCRIBE without its flags", raw(0x80, uint16(1), rawProps{}, filter, byte(0)), malformed, 0},
		{"3.8.3-2: SUBSCRIBE to nothing", raw(0x82, uint16(1), rawProps{}), violated, 0},
		{"2.2.1-3: SUBSCRIBE with packet identifier 0", raw(0x82, uint16(0), rawProps{}, filter, byte(0)), violated, 0},
		{"3.8.3-5: reserved subscription options", raw(0x82, uint16(1), rawProps{}, filter, byte(0xc0)), malformed, 0},
		{"3.8.3.1: a subscription of QoS 3", raw(0x82, uint16(1), rawProps{}, filter, byte(3)), violated, 0},
		{"3.8.3.1: retain handling 3", raw(0x82, uint16(1), rawProps{}, filter, byte(0x30)), violated, level5},
		{"3.8.3-4: no local of a shared subscription", raw(0x82, uint16(1), rawProps{}, "$share/g/"+filter, byte(4)), violated, level5},
		{"3.8.2.1.2: subscription identifier 0", raw(0x82, uint16(1), rawProps{0x0b, 0}, filter, byte(0)), violated, level5},
		{"3.8.2.1.2: a subscription identifier twice", raw(0x82, uint16(1), rawProps{0x0b, 1, 0x0b, 2}, filter, byte(0)), violated, level5},
		{"3.8.3: a filter without options", raw(0x82, uint16(1), rawProps{}, filter), malformed, 0},
		{"3.10.1-1: UNSUBSCRIBE without its flags", raw(0xa0, uint16(1), rawProps{}, filter), malformed, 0},
		{"2.2.1-3: UNSUBSCRIBE with packet identifier 0", raw(0xa2, uint16(0), rawProps{}, filter), violated, 0},
		{"3.10.3-2: UNSUBSCRIBE from nothing", raw(0xa2, uint16(1), rawProps{}), violated, 0},
		{"3.10.3: half a filter", raw(0xa2, uint16(1), rawProps{}, uint16(9), byte('r')), malformed, 0},

		{"2.2.1: PUBACK of packet identifier 0", raw(0x40, uint16(0)), violated, 0},
		{"3.4.2: half a PUBACK", raw(0x40, byte(0)), malformed, 0},
		{"3.4.1: PUBACK with flags", raw(0x42, uint16(1)), malformed, 0},
		{"3.6.1-1: PUBREL without its flags", raw(0x60, uint16(1)), malformed, 0},
		{"3.6.2: a PUBREL too long", raw(0x62, uint16(1), byte(0), byte(0), byte(0)), malformed, 0},
		{"4.13: a packet of 1 MiB", func(byte) []byte { return []byte{0x30, 0x80, 0x80, 0x40} }, v5.DisconnectPacketTooLarge, 0},
	}
	for what, s := range notText {
		all = append(all,
			violation{"1.5.4: a topic that is " + what, raw(0x30, room+"e/"+s, rawProps{}), malformed, 0},
			violation{"1.5.4: a filter that is " + what, raw(0x82, uint16(1), rawProps{}, s, byte(0)), malformed, 0},
			violation{"1.5.4: a content type that is " + what, raw(0x30, filter, rawProps(appendText([]byte{0x03}, s))), malformed, level5})
	}
	return all
}

func appendText(b []byte, s string) []byte {
	return append(append(b, byte(len(s)>>8), byte(len(s))), s...)
}
