package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// enterTimeout bounds each step of an Enter.
const enterTimeout = 10 * time.Second

// MQTT is a stock MQTT 3.1.1 member: QoS 0, clean session, not retained. The payload of its messages is Body's.
type MQTT struct {
	User, Password string // the client identifier is User too
	Topic          string // published to
	Filter         string // subscribed to
	Body           Body
}

// Enter implements Wire, as do the following.
func (w *MQTT) Enter(conn net.Conn) (early []byte, err error) {
	const userAndPassword, clean = 0xc0, 0x02
	connect := append(mqttText(nil, "MQTT"), 4, userAndPassword|clean, 0, 0) // no keep-alive
	connect = mqttText(mqttText(mqttText(connect, w.User), w.User), w.Password)
	subscribe := append(mqttText([]byte{0, 1}, w.Filter), 0)
	for _, say := range [][]byte{mqttPacket(0x10, connect), mqttPacket(0x82, subscribe)} {
		if _, err := conn.Write(say); err != nil {
			return nil, err
		}
		// CONNACK is 4 bytes and SUBACK to one filter 5, and nothing else comes before either.
		if early, err = readFull(conn, early, 2); err != nil {
			return nil, fmt.Errorf("%s: no answer: %w", w.User, err)
		}
		end := 2 + int(early[1])
		if early, err = readFull(conn, early, end); err != nil {
			return nil, fmt.Errorf("%s: answer %x: %w", w.User, early, err)
		}
		if !granted(early[:end]) {
			return nil, fmt.Errorf("%s: answer %x", w.User, early[:end])
		}
		early = early[end:]
	}
	return early, nil
}

// granted tells whether a packet is a CONNACK or SUBACK that says yes.
func granted(packet []byte) bool {
	switch {
	case len(packet) == 4 && packet[0] == 0x20:
		return packet[3] == 0
	case len(packet) == 5 && packet[0] == 0x90:
		return packet[4] <= 2
	}
	return false
}

// Update is one PUBLISH.
func (w *MQTT) Update(b []byte, stamp int64) []byte {
	var body [2048]byte
	payload := w.Body.Append(body[:0], stamp)
	b = binary.AppendUvarint(append(b, 0x30), uint64(2+len(w.Topic)+len(payload)))
	return append(mqttText(b, w.Topic), payload...)
}

// Scan counts PUBLISH packets.
func (w *MQTT) Scan(b []byte, s *Sink) (n int, err error) {
	const publish = 3
	for {
		size, head := smallUvarint(b[min(n+1, len(b)):])
		if head < 0 {
			return n, errors.New("a packet's length is malformed")
		}
		end := n + 1 + head + int(size)
		if head == 0 || end > len(b) {
			return n, nil
		}
		if b[n]>>4 == publish && s.Deliver() {
			body := b[n+1+head : end]
			if topic := 2 + int(binary.BigEndian.Uint16(body)); topic <= len(body) {
				if sent, ok := w.Body.Stamp(body[topic:]); ok {
					s.Stamp(sent)
				}
			}
		}
		n = end
	}
}

func mqttText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func mqttPacket(first byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{first}, uint64(len(body))), body...)
}

// smallUvarint reads at most 4 bytes of LEB128; 0: b ends too early, -1: it is longer.
func smallUvarint(b []byte) (v uint32, n int) {
	for i := 0; i < 4; i++ {
		if i >= len(b) {
			return 0, 0
		}
		v |= uint32(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, -1
}

// readFull reads onto b until it has n bytes or more.
func readFull(conn net.Conn, b []byte, n int) ([]byte, error) {
	for len(b) < n {
		var more [512]byte
		k, err := conn.Read(more[:])
		b = append(b, more[:k]...)
		if err != nil && len(b) < n {
			return b, err
		}
	}
	return b, nil
}
