package mqtt

import (
	"bufio"
	"bytes"
	"testing"
)

// No packet makes a decoder panic or read beyond its end, and what is passed on decodes again.
func FuzzPacket(f *testing.F) {
	for _, seed := range []struct {
		level  byte
		packet string
	}{
		{5, "\x10\x10\x00\x04MQTT\x05\xc2\x00\x3c\x00\x00\x01a\x00\x00"},
		{5, "\x10\x27\x00\x04MQTT\x05\x2e\x00\x0a\x08\x11\x00\x00\x00\x1e\x21\x00\x05\x00\x01a\x05\x18\x00\x00\x00\x05\x00\x01t\x00\x02hi"},
		{4, "\x10\x12\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01a\x00\x01u\x00\x01p"},
		{4, "\x32\x08\x00\x01a\x00\x01xyz"},
		{5, "\x34\x0d\x00\x01a\x00\x09\x06\x02\x00\x00\x00\x05\x23"},
		{5, "\x30\x0c\x00\x01a\x08\x26\x00\x01k\x00\x01vx"},
		{5, "\x82\x0c\x00\x01\x02\x0b\x07\x00\x03a/#\x2d"},
		{5, "\x82\x11\x00\x01\x00\x00\x0b$share/g/a\x01"},
		{4, "\x82\x08\x00\x01\x00\x03a/#\x02"},
		{4, "\xa2\x05\x00\x01\x00\x01a"},
		{5, "\xe0\x07\x04\x05\x11\x00\x00\x00\x00"},
		{5, "\x40\x04\x00\x01\x10\x00"},
		{5, "\x50\x03\x00\x01\x97"},
		{4, "\x62\x02\x00\x01"},
	} {
		f.Add(seed.level, []byte(seed.packet))
	}
	f.Fuzz(func(t *testing.T, level byte, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		h, err := readHeader(in, len(b))
		if err != nil || h.size > in.Buffered() {
			return
		}
		body, _ := in.Peek(h.size)
		switch h.kind {
		case typeConnect:
			c, err := decodeConnect(body)
			if err == nil && c.will != nil {
				samePassed(t, c.will)
			}
		case typePublish:
			if p, err := decodePublish(level, h.flags, body); err == nil {
				if len(p.topic)+len(p.payload)+len(p.pass) > len(body) {
					t.Errorf("%+v from %d bytes", p, len(body))
				}
				parseTopic("r/k/", p.topic)
				samePassed(t, &p)
			}
		case typeSubscribe:
			s, err := decodeSubscribe(level, body)
			if err == nil && (len(s.filters) == 0 || len(s.filters) > maxPacketFilters) {
				t.Errorf("%d filters", len(s.filters))
			}
		case typeUnsubscribe:
			_, _ = decodeUnsubscribe(level, body)
		case typeDisconnect:
			_, _ = decodeDisconnect(level, body)
		default:
			_, _, _ = decodeID(level, h.kind, body)
		}
	})
}

// samePassed holds that what is passed on of p reads as it did.
func samePassed(t *testing.T, p *publish) {
	t.Helper()
	again := reader{b: append(appendVarint(nil, len(p.pass)), p.pass...)}
	if got := again.properties(typePublish); again.err != nil || !bytes.Equal(got.pass, p.pass) || got.owned != p.owned || got.check != p.check {
		t.Errorf("%q is passed on as %q, %v", p.pass, got.pass, again.err)
	}
}

// A property list is read to its end or not at all, whatever packet it is in.
func FuzzProperties(f *testing.F) {
	f.Add(byte(typePublish), []byte("\x26\x00\x01a\x00\x01b\x01\x01\x02\x00\x00\x00\x05"))
	f.Add(byte(typeConnect), []byte("\x11\x00\x00\x00\x0a\x21\x00\x01\x27\x00\x00\x10\x00\x22\x00\x0a\x19\x01\x17\x00"))
	f.Add(byte(typeWill), []byte("\x18\x00\x00\x00\x05\x08\x00\x03r/x\x09\x00\x01z\x03\x00\x01t"))
	f.Add(byte(typeSubscribe), []byte("\x0b\x80\x01"))
	f.Fuzz(func(t *testing.T, packet byte, b []byte) {
		if packet > typeAuth {
			return
		}
		r := reader{b: append(append(appendVarint(nil, len(b)), b...), 0xaa)}
		p := r.properties(packet)
		if r.err == nil && !bytes.Equal(r.b, []byte{0xaa}) {
			t.Errorf("%d bytes are left behind %x", len(r.b), b)
		}
		if len(p.pass) > len(b) {
			t.Errorf("%d bytes are passed on of %d", len(p.pass), len(b))
		}
	})
}

// Filters that are valid match without panicking, and what they match they can reach.
func FuzzFilter(f *testing.F) {
	f.Add("r/k/s/#", "r/k/s/pos/ann")
	f.Add("$share/g/r/+/e/+", "r/k/e/chat")
	f.Add("+/#", "$SYS/x")
	f.Add("r/k/m/ann/+", "r/k/m/ann/wave")
	f.Add("#", "stage/song")
	f.Fuzz(func(t *testing.T, name, topic string) {
		filter, _ := cutShare(name)
		if !validFilter(filter) || !matches(filter, []byte(topic)) {
			return
		}
		p, ours, legal := parseTopic("r/k/", topic)
		if ours && legal && (p.class != topicSignal || p.player == "ann") && !reachable(filter, "r/k/", "ann") {
			t.Errorf("%q matches %q and is not reachable", filter, topic)
		}
	})
}
