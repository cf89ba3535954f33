package interop_test

import "encoding/binary"

// A raw packet is built of parts, right or wrong: a string is written with its length in front, the others as they are.
type (
	rawProps []byte   // with their length in front, in MQTT 5 only
	rawLevel struct{} // the protocol level
)

// raw gives a packet's maker for each level; its remaining length is right.
func raw(first byte, parts ...any) func(level byte) []byte {
	return func(level byte) []byte {
		var body []byte
		for _, part := range parts {
			body = appendPart(body, level, part)
		}
		return append(appendVarint([]byte{first}, len(body)), body...)
	}
}

func appendPart(b []byte, level byte, part any) []byte {
	switch p := part.(type) {
	case byte:
		return append(b, p)
	case []byte:
		return append(b, p...)
	case uint16:
		return binary.BigEndian.AppendUint16(b, p)
	case string:
		return append(binary.BigEndian.AppendUint16(b, uint16(len(p))), p...)
	case rawLevel:
		return append(b, level)
	case rawProps:
		if level == level5 {
			b = append(appendVarint(b, len(p)), p...)
		}
		return b
	}
	panic("no part of a packet")
}

func appendVarint(b []byte, v int) []byte { return binary.AppendUvarint(b, uint64(v)) }
