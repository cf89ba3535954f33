package mqtt

import (
	"bufio"
	"bytes"
	"net"
	"reflect"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The examples of MQTT 5 §4.7.1, and some more.
func TestFilters(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"sport/tennis/player1/#", "sport/tennis/player1", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
		{"sport/#", "sport", true},
		{"#", "sport/tennis", true},
		{"sport/tennis/+", "sport/tennis/player1", true},
		{"sport/tennis/+", "sport/tennis/player1/ranking", false},
		{"sport/+", "sport", false},
		{"sport/+", "sport/", true},
		{"+/+", "/finance", true},
		{"/+", "/finance", true},
		{"+", "/finance", false},
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a", "ab", false},
	} {
		if got := matches(c.filter, []byte(c.topic)); got != c.want {
			t.Errorf("%s against %s: %v", c.filter, c.topic, got)
		}
	}
	for filter, want := range map[string]bool{
		"#": true, "+": true, "a/+/b/#": true, "": false, "a#": false, "#/a": false, "a+": false, "+a/b": false, "/": true,
	} {
		if validFilter(filter) != want {
			t.Errorf("filter %q is valid: %v", filter, !want)
		}
	}
}

func TestTopics(t *testing.T) {
	for topic, want := range map[string]place{
		"r/k/s/pos/ann":    {class: 's', name: "pos/ann"},
		"r/k/e/chat":       {class: 'e', name: "chat"},
		"r/k/m/ann/wave/x": {class: 'm', player: "ann", name: "wave/x"},
	} {
		if got, ok, legal := parseTopic("r/k/", topic); got != want || !ok || !legal {
			t.Errorf("%s is %+v, %v, %v", topic, got, ok, legal)
		}
	}
	for topic, legal := range map[string]bool{
		"r/k/p/ann": true, "r/other/s/x": true, "r/k/s": true, "r/k/m/ann": true, "r/k/s/+": false, "": false, "r/k/s/a//": false,
	} {
		if _, ok, l := parseTopic("r/k/", topic); ok && l || l != legal {
			t.Errorf("%q: ok %v, legal %v", topic, ok, l)
		}
	}
}

func batchOf(n int) *room.Batch {
	var b room.Batch
	for i := range n {
		b.Events = append(b.Events, room.Event{QoS: byte(i % 2), Event: wire.Event{Name: "e", Payload: []byte{byte(i)}}})
	}
	return &b
}

// read gives the payloads and identifiers of the PUBLISH packets in b.
func read(t *testing.T, level byte, b []byte) (payloads []byte, ids []uint16) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(b))
	for {
		h, err := readHeader(in, 1000)
		if err != nil {
			return payloads, ids
		}
		body := make([]byte, h.size)
		_, _ = in.Read(body)
		p, err := decodePublish(level, h.flags, body)
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, p.payload...)
		if p.qos > 0 {
			ids = append(ids, p.id)
		}
	}
}

// A client takes no more QoS 1 messages at once than it said, and all of them in the end, each with its own identifier.
func TestReceiveMaximum(t *testing.T) {
	out := room.NewOutbox(1 << 20)
	w := newWindow(out)
	w.max, w.limit = 2, 1<<20
	c := newClass(level5, "r/k/", []filter{{topic: "#", qos: 1}}, 0, 0)
	shared := c.Batch(batchOf(8)) // four of QoS 0, four of QoS 1
	before := bytes.Clone(shared.Bytes)
	if !w.send(shared, time.Time{}, false) {
		t.Fatal("an empty window refuses")
	}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- out.Run(near) }()
	out.Flush()
	next := func() (payloads []byte, ids []uint16) {
		b := make([]byte, 1000)
		n, err := far.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, level5, b[:n])
	}
	payloads, ids := next()
	if !bytes.Equal(payloads, []byte{0, 1, 2, 3, 4, 6}) || !reflect.DeepEqual(ids, []uint16{1, 2}) {
		t.Errorf("at first: payloads %v with identifiers %v", payloads, ids)
	}
	w.acked(1)
	if payloads, ids = next(); !bytes.Equal(payloads, []byte{5}) || !reflect.DeepEqual(ids, []uint16{3}) {
		t.Errorf("after an acknowledgement: payloads %v with identifiers %v", payloads, ids)
	}
	if !bytes.Equal(shared.Bytes, before) {
		t.Error("the shared bytes were changed")
	}
	if w.idle() {
		t.Error("idle while a message waits")
	}
	w.drop()
	w.acked(2)
	w.acked(3)
	out.Finish()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !w.idle() {
		t.Error("not idle when all is written and acknowledged")
	}
}

// Identifiers of packets that never left are free again.
func TestDropFreesIdentifiers(t *testing.T) {
	out := room.NewOutbox(1 << 20)
	w := newWindow(out)
	w.limit = 1 << 20
	c := newClass(level311, "r/k/", []filter{{topic: "#", qos: 1}}, 0, 0)
	w.send(c.Batch(batchOf(8)), time.Time{}, false)
	if len(w.unacked) != 4 {
		t.Fatalf("%d unacknowledged", len(w.unacked))
	}
	if n := w.drop(); n == 0 || len(w.unacked) != 0 || !w.idle() {
		t.Errorf("dropped %d bytes, %d unacknowledged", n, len(w.unacked))
	}
}

func TestClasses(t *testing.T) {
	one := newClass(level311, "r/k/", []filter{{topic: "r/k/s/#"}, {topic: "r/k/e/+"}}, 1, 0)
	two := newClass(level311, "r/k/", []filter{{topic: "r/k/e/+"}, {topic: "r/k/s/#"}}, 2, 0)
	if one.Key() != two.Key() {
		t.Error("the order of subscriptions makes another class")
	}
	for what, other := range map[string]*class{
		"level":    newClass(level5, "r/k/", two.filters, 1, 0),
		"QoS":      newClass(level311, "r/k/", []filter{{topic: "r/k/s/#", qos: 1}, {topic: "r/k/e/+"}}, 1, 0),
		"no local": newClass(level311, "r/k/", []filter{{topic: "r/k/s/#", noLocal: true}, {topic: "r/k/e/+"}}, 1, 0),
		"packets":  newClass(level311, "r/k/", two.filters, 1, 100),
	} {
		if other.Key() == one.Key() {
			t.Errorf("another %s is the same class", what)
		}
	}
	small := newClass(level5, "r/k/", []filter{{topic: "#"}}, 1, 20)
	b := batchOf(1)
	b.Events = append(b.Events, room.Event{Event: wire.Event{Name: "e", Payload: make([]byte, 100)}})
	if s := small.Batch(b); s.Messages != 1 {
		t.Errorf("%d messages for a client that takes 20 bytes", s.Messages)
	}
	if s := newClass(level5, "r/k/", []filter{{topic: "r/k/s/+"}}, 1, 0).Batch(b); s != nil {
		t.Errorf("events for a class that has states only: %+v", s)
	}
}

// No packet makes a decoder panic or read beyond its end.
func FuzzPacket(f *testing.F) {
	f.Add(byte(5), []byte("\x10\x10\x00\x04MQTT\x05\xc2\x00\x3c\x00\x00\x01a\x00\x00"))
	f.Add(byte(4), []byte("\x32\x08\x00\x01a\x00\x01xyz"))
	f.Add(byte(5), []byte("\x82\x08\x00\x01\x00\x00\x02a/#\x01"))
	f.Add(byte(5), []byte("\x30\x0c\x00\x01a\x08\x26\x00\x01k\x00\x01vx"))
	f.Add(byte(4), []byte("\xa2\x05\x00\x01\x00\x01a"))
	f.Add(byte(5), []byte("\xe0\x02\x04\x00"))
	f.Fuzz(func(t *testing.T, level byte, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		h, err := readHeader(in, len(b))
		if err != nil || h.size > in.Buffered() {
			return
		}
		body, _ := in.Peek(h.size)
		switch h.kind {
		case typeConnect:
			_, _ = decodeConnect(body)
		case typePublish:
			p, err := decodePublish(level, h.flags, body)
			if err == nil && len(p.topic)+len(p.payload) > len(body) {
				t.Errorf("%+v from %d bytes", p, len(body))
			}
			parseTopic("r/k/", p.topic)
		case typeSubscribe:
			s, err := decodeSubscribe(level, body)
			for _, f := range s.filters {
				if err == nil && validFilter(f.topic) {
					matches(f.topic, []byte("r/k/s/pos"))
				}
			}
		case typeUnsubscribe:
			_, _ = decodeUnsubscribe(level, body)
		case typeDisconnect:
			_, _ = decodeDisconnect(level, body)
		default:
			_, _, _ = decodeID(level, body)
		}
	})
}
