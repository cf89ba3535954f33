package interop_test

import (
	"bytes"
	"testing"

	"greenroom.dev/greenroom/internal/model"

	v5 "github.com/eclipse/paho.golang/packets"
)

// Whatever a client sends far above its rate ends its connection, also what is answered with nothing or by the door alone.
func TestFloods(t *testing.T) {
	first := raw(0x34, room+"e/x", uint16(7), rawProps{})(level5)
	for name, packet := range map[string]func(level byte) []byte{
		"events":                       raw(0x30, room+"e/x", rawProps{}),
		"QoS 1":                        raw(0x32, room+"e/x", uint16(7), rawProps{}),
		"a QoS 2 message and again":    raw(0x34, room+"e/x", uint16(7), rawProps{}),
		"another room's":               raw(0x30, "r/another/e/x", rawProps{}),
		"PINGREQ":                      raw(0xc0),
		"PUBACK of nothing":            raw(0x40, uint16(9)),
		"PUBREC of nothing":            raw(0x50, uint16(9)),
		"PUBREL of nothing":            raw(0x62, uint16(9)),
		"PUBCOMP of nothing":           raw(0x70, uint16(9)),
		"SUBSCRIBE":                    raw(0x82, uint16(9), rawProps{}, room+"#", byte(0)),
		"SUBSCRIBE to what is refused": raw(0x82, uint16(9), rawProps{}, "no/such", byte(0)),
		"UNSUBSCRIBE":                  raw(0xa2, uint16(9), rawProps{}, "no/such"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, model.RoomSettings{MaxMessagesPerSecond: 10})
			ann := w.enter(t, level5, connect{})
			ann.write(first)
			ann.write(bytes.Repeat(packet(level5), 500))
			if goodbye := ann.closed(); goodbye.reason != v5.DisconnectMessageRateTooHigh {
				t.Errorf("closed with %#x %q", goodbye.reason, goodbye.props.ReasonString)
			}
		})
	}
}
