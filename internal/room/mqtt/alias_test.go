package mqtt

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// published is a PUBLISH as a client reads it.
type published struct {
	topic    string
	payload  string
	qos      byte
	id       uint16
	retain   bool
	dup      bool
	props    string
	alias    uint16
	expiry   uint32
	expires  bool
	ids      []int
	pass     string
	elsewise string
}

// reading is a client's side: it reads what it is sent and knows the aliases it was told.
type reading struct {
	t       rapidT
	level   byte
	aliases map[uint16]string
	most    int // aliases
}

type rapidT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// all reads whole packets; others than PUBLISH have their bytes in elsewise.
func (c *reading) all(b []byte) []published {
	c.t.Helper()
	var got []published
	for len(b) > 0 {
		in := bytes.NewReader(b)
		h, err := readHeader(in, 1<<28)
		if err != nil {
			c.t.Fatalf("%v in %x", err, b)
		}
		start := len(b) - in.Len()
		body := b[start : start+h.size]
		if h.kind == typePublish {
			got = append(got, c.publish(h, body))
		} else {
			got = append(got, published{elsewise: fmt.Sprintf("%x", b[:start+h.size])})
		}
		b = b[start+h.size:]
	}
	return got
}

func (c *reading) publish(h header, body []byte) published {
	c.t.Helper()
	r := reader{b: body}
	p := published{qos: h.flags >> 1 & 3, retain: h.flags&1 != 0, dup: h.flags&8 != 0, topic: r.text()}
	if p.qos > 0 {
		p.id = r.u16()
	}
	if c.level == level5 {
		c.properties(&p, reader{b: r.take(r.varint())})
	}
	p.payload = string(r.b)
	if r.err != nil {
		c.t.Fatalf("PUBLISH %x: %v", body, r.err)
	}
	if p.alias != 0 {
		if p.topic != "" {
			c.aliases[p.alias] = p.topic
		}
		if p.topic = c.aliases[p.alias]; int(p.alias) > c.most {
			c.t.Fatalf("alias %d of at most %d", p.alias, c.most)
		}
	}
	if p.topic == "" {
		c.t.Fatalf("PUBLISH %x without a topic", body)
	}
	return p
}

func (c *reading) properties(p *published, r reader) {
	c.t.Helper()
	for len(r.b) > 0 {
		before := r.b
		switch id := r.u8(); id {
		case propTopicAlias:
			p.alias = r.u16()
			continue
		case propExpiry:
			p.expiry, p.expires = r.u32(), true
		case propSubscriptionID:
			p.ids = append(p.ids, r.varint())
		case propUser:
			r.text()
			r.text()
			p.pass += string(before[:len(before)-len(r.b)])
		case propFormat:
			r.u8()
			p.pass += string(before[:len(before)-len(r.b)])
		default:
			r.binary()
			p.pass += string(before[:len(before)-len(r.b)])
		}
		p.props += string(before[:len(before)-len(r.b)])
	}
	if r.err != nil {
		c.t.Fatalf("properties: %v", r.err)
	}
}

// With aliases a client reads what it reads without.
func TestAliasesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 4).Draw(t, "max")
		a := &aliases{max: most, given: map[string]uint16{}}
		plain, with := &reading{t: t, level: level5}, &reading{t: t, level: level5, aliases: map[uint16]string{}, most: most}
		shorter := false
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			var b []byte
			for range rapid.IntRange(0, 5).Draw(t, "packets") {
				if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
					b = appendAck(b, level5, typePubrel, 7, 0, nil)
					continue
				}
				b, _ = appendPublish(b, level5, &message{
					topic:   []byte(rapid.SampledFrom([]string{"r/k/s/a", "r/k/s/b", "r/k/e/c", "x", "y", "z"}).Draw(t, "topic")),
					payload: make([]byte, rapid.SampledFrom([]int{0, 1, 113, 114, 115, 120, 130}).Draw(t, "payload")),
					qos:     rapid.ByteMax(2).Draw(t, "qos"), retain: rapid.Bool().Draw(t, "retain"),
					expires: rapid.Bool().Draw(t, "expires"), expiry: 5, ids: []int{200},
					props: []byte(rapid.SampledFrom([]string{"", "\x01\x01", "\x26\x00\x01a\x00\x01b"}).Draw(t, "props")),
				})
			}
			before := bytes.Clone(b)
			rewritten := a.rewrite(b)
			if !bytes.Equal(b, before) {
				t.Fatalf("shared bytes were changed")
			}
			want, got := plain.all(b), with.all(rewritten)
			for i := range got {
				got[i].alias = 0
			}
			if !slices.EqualFunc(got, want, func(a, b published) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
				t.Fatalf("read as\n%+v, want\n%+v", got, want)
			}
			shorter = shorter || len(rewritten) < len(b)
			if rapid.IntRange(0, 5).Draw(t, "forget") == 0 {
				a.forget()
				with.aliases = map[uint16]string{} // what told them may never have been sent
			}
		}
	})
	a := &aliases{max: 1, given: map[string]uint16{}}
	b, _ := appendPublish(nil, level5, &message{topic: []byte("r/room-7/s/pos/ann")})
	if first, second := len(a.rewrite(b)), len(a.rewrite(b)); first != len(b)+3 || second != len(b)+3-18 {
		t.Errorf("%d bytes become %d and %d", len(b), first, second)
	}
}

func TestIncomingAliases(t *testing.T) {
	c := &conn{speech: speech{level: level5}}
	say := func(topic string, alias uint16) (string, error) {
		p := publish{topic: topic, properties: properties{alias: alias}}
		if alias != 999 {
			p.given = 1 << propTopicAlias
		}
		err := c.resolve(&p)
		return p.topic, err
	}
	for _, s := range []struct {
		topic string
		alias uint16
		want  string // "": an error
	}{
		{"", 1, ""},
		{"a", 1, "a"},
		{"", 1, "a"},
		{"b", 1, "b"},
		{"", 1, "b"},
		{"c", 64, "c"},
		{"", 64, "c"},
		{"d", 0, ""},
		{"d", 65, ""},
		{"", 2, ""},
		{"", 999, ""},
		{"e", 999, "e"},
	} {
		if got, err := say(s.topic, s.alias); s.want == "" && err == nil || s.want != "" && got != s.want {
			t.Errorf("topic %q, alias %d: %q, %v", s.topic, s.alias, got, err)
		}
	}
}
