package mqtt

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"greenroom.dev/greenroom/internal/room"

	"pgregory.net/rapid"
)

// sink is a connection that takes everything.
type sink struct {
	net.Conn
	mu sync.Mutex
	b  []byte
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, b...)
	return len(b), nil
}

// line is a connection of a session whose client is a test.
type line struct {
	conn *conn
	sink sink
	end  chan struct{}
}

func newLine(level byte, receiveMax, queue int) *line {
	l := &line{conn: &conn{out: room.NewOutbox(queue), receiveMax: receiveMax}, end: make(chan struct{})}
	l.conn.speech = speak(level)
	go func() {
		defer close(l.end)
		_ = l.conn.out.Run(&l.sink)
	}()
	return l
}

// take is what was written since the last time.
func (l *line) take() []byte {
	l.conn.out.Flush()
	for !l.conn.out.Idle() {
		runtime.Gosched()
	}
	l.sink.mu.Lock()
	defer l.sink.mu.Unlock()
	b := l.sink.b
	l.sink.b = nil
	return b
}

func (l *line) cut() {
	l.conn.out.Break()
	<-l.end
}

func newSession(level byte, keep bool, limit int) *session {
	return &session{counters: new(Counters), keep: keep, limit: limit, level: level}
}

// open gives the session a connection.
func (s *session) open(l *line) {
	s.mu.Lock()
	s.owner = l.conn
	s.mu.Unlock()
	s.resume(l.conn)
}

func payloadsOf(all []published) (payloads []string, ids []uint16) {
	for _, p := range all {
		payloads = append(payloads, p.payload)
		if p.qos > 0 {
			ids = append(ids, p.id)
		}
	}
	return payloads, ids
}

// numbered is a batch of n events with the payloads from, from+1, …, whose QoS go around.
func numbered(from, n int) *room.Batch {
	b := batchOf()
	for i := range n {
		b.Events = append(b.Events, eventOf("e", fmt.Sprint(from+i), byte((from+i)%3), 1))
	}
	return b
}

// A client takes no more messages at once than it said, and all of them in the end, each with its own identifier.
func TestReceiveMaximum(t *testing.T) {
	l := newLine(level5, 2, 1<<20)
	s := newSession(level5, false, 1<<20)
	s.open(l)
	c := newClass(speak(level5), []filter{{topic: "#", qos: 1}}, 0)
	shared := c.Batch(numbered(0, 6)) // 0 and 3 are of QoS 0
	before := string(shared.Bytes)
	if !s.send(shared, noon, false) {
		t.Fatal("an empty window refuses")
	}
	client := &reading{t: t, level: level5}
	payloads, ids := payloadsOf(client.all(l.take()))
	if fmt.Sprint(payloads, ids) != "[0 1 2 3] [1 2]" {
		t.Errorf("at first: payloads %v with identifiers %v", payloads, ids)
	}
	if _, err := s.acknowledged(l.conn, typePuback, 1, 0); err != nil {
		t.Error(err)
	}
	if payloads, ids = payloadsOf(client.all(l.take())); fmt.Sprint(payloads, ids) != "[4] [3]" {
		t.Errorf("after an acknowledgement: payloads %v with identifiers %v", payloads, ids)
	}
	if string(shared.Bytes) != before {
		t.Error("the shared bytes were changed")
	}
	if s.idle() {
		t.Error("idle while a message waits")
	}
	s.drop()
	for id := uint16(2); id < 4; id++ {
		_, _ = s.acknowledged(l.conn, typePuback, id, 0)
	}
	if !s.idle() || s.bytes != 0 {
		t.Errorf("not idle when all is written and acknowledged: %+v", s)
	}
	l.cut()
}

// Identifiers of packets that never left are free again.
func TestDropFreesIdentifiers(t *testing.T) {
	s := newSession(level311, true, 1<<20)
	c := &conn{out: room.NewOutbox(1 << 20), receiveMax: 100}
	s.owner = c
	s.resume(c)
	s.send(newClass(speak(level311), []filter{{topic: "#", qos: 2}}, 0).Batch(numbered(0, 6)), noon, false)
	if len(s.flights) != 4 {
		t.Fatalf("%d unacknowledged", len(s.flights))
	}
	if n := s.drop(); n == 0 || len(s.flights) != 0 || s.bytes != 0 || !s.idle() {
		t.Errorf("dropped %d bytes, %d unacknowledged, %d bytes kept", n, len(s.flights), s.bytes)
	}
}

// A queue that is full refuses, and holds as if nothing had been tried.
func TestFull(t *testing.T) {
	c := &conn{out: room.NewOutbox(40), receiveMax: 100}
	s := newSession(level311, true, 1<<20)
	s.owner = c
	s.resume(c)
	class := newClass(speak(level311), []filter{{topic: "#", qos: 2}}, 0)
	if !s.send(class.Batch(numbered(0, 3)), noon, false) {
		t.Fatal("an empty queue refuses")
	}
	flights, held := len(s.flights), s.bytes
	if s.send(class.Batch(numbered(3, 3)), noon, false) || len(s.flights) != flights || s.bytes != held {
		t.Errorf("%d flights of %d bytes become %d of %d", flights, held, len(s.flights), s.bytes)
	}
}

// Identifiers in use are passed over, around the end of the numbers too.
func TestIdentifiers(t *testing.T) {
	s := newSession(level5, false, 0)
	s.last = 65530
	for range 10 {
		s.flights = append(s.flights, flight{number: s.identifier()})
	}
	s.flights = slices.DeleteFunc(s.flights, func(f flight) bool { return f.number == 2 })
	s.last = 65530
	if got := s.identifier(); got != 2 {
		t.Errorf("the next free identifier is %d of %v", got, s.flights)
	}
	s.flights = []flight{{number: 3}, {number: 10}, {number: 5}, {number: 6}} // 3 and 10 are a round older than the others
	s.last = 9
	if got := s.identifier(); got != 11 {
		t.Errorf("the next free identifier is %d of %v", got, s.flights)
	}
}

func TestWrongAcknowledgements(t *testing.T) {
	c := &conn{out: room.NewOutbox(1 << 20), receiveMax: 100}
	s := newSession(level5, false, 1<<20)
	s.owner = c
	s.resume(c)
	s.send(newClass(speak(level5), []filter{{topic: "#", qos: 2}}, 0).Batch(numbered(1, 2)), noon, false) // 1: QoS 1, 2: QoS 2
	for _, a := range []struct {
		kind   byte
		id     uint16
		reason byte
		reply  string
		err    bool
	}{
		{typePubrec, 1, 0, "", true},
		{typePuback, 2, 0, "", true},
		{typePubcomp, 2, 0, "", true},
		{typePuback, 9, 0, "", false},
		{typePubcomp, 9, 0, "", false},
		{typePubrec, 9, 0, "6203000992", false},
		{typePubrec, 2, 0, "62020002", false},
		{typePubrec, 2, 0, "62020002", false},
		{typePubcomp, 2, 0, "", false},
		{typePuback, 1, 0x97, "", false},
	} {
		reply, err := s.acknowledged(c, a.kind, a.id, a.reason)
		if errors.Is(err, errUnknown) != (a.id == 9) {
			t.Errorf("packet %d for %d: %v", a.kind, a.id, err)
		}
		if fmt.Sprintf("%x", reply) != a.reply || errors.Is(err, errBreach) != a.err {
			t.Errorf("packet %d for %d: %x, %v", a.kind, a.id, reply, err)
		}
	}
	if len(s.flights) > 0 {
		t.Errorf("left: %+v", s.flights)
	}
	s.send(newClass(speak(level5), []filter{{topic: "#", qos: 2}}, 0).Batch(numbered(2, 1)), noon, false)
	if reply, err := s.acknowledged(c, typePubrec, s.last, 0x80); reply != nil || err != nil || len(s.flights) > 0 {
		t.Errorf("PUBREC that refuses: %x, %v", reply, err)
	}
}

// What is parked is sent later, with the rest of its expiry, or not at all when that is over or the queue was full.
func TestParkedQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(level5, true, 60+2*packetOverhead)
		class := newClass(speak(level5), []filter{{topic: "#", qos: 2}}, 0)
		send := func(payload string, expires time.Duration) {
			e := eventOf("e", payload, 1, 1)
			e.Expires = time.Now().Add(expires)
			s.send(class.Batch(&room.Batch{Now: time.Now(), Events: []room.Event{e, eventOf("e", "passing", 0, 1)}}), time.Now(), false)
		}
		send("short", 2*time.Second)
		send("long", 10*time.Second)
		send("too much", time.Hour)
		<-time.After(3 * time.Second)
		l := newLine(level5, 10, 1<<20)
		s.open(l)
		got := (&reading{t: t, level: level5}).all(l.take())
		if len(got) != 1 || got[0].payload != "long" || got[0].expiry != 7 || got[0].dup || !s.missed {
			t.Errorf("sent: %+v, missed %v", got, s.missed)
		}
		if d, e := s.counters.QueueDropped.Load(), s.counters.Expired.Load(); d != 1 || e != 1 {
			t.Errorf("%d dropped, %d expired", d, e)
		}
		l.cut()
	})
}

// However small they are, parked messages take no more memory than the queue may hold.
func TestParkedQueueOfSmallMessages(t *testing.T) {
	const limit = 100_000
	s := newSession(level5, true, limit)
	class := newClass(speak(level5), []filter{{topic: "#", qos: 1}}, 0)
	for range 10 {
		b := batchOf()
		for range 1000 {
			b.Events = append(b.Events, eventOf("e", "", 1, 1))
		}
		s.send(class.Batch(b), noon, false)
	}
	if n := len(s.waiting); n*packetOverhead > limit || s.bytes > limit || n+int(s.counters.QueueDropped.Load()) != 10_000 {
		t.Errorf("%d messages of %d bytes wait", n, s.bytes)
	}
}

// peer is a client of a session that is cut off and comes back.
type peer struct {
	t        *rapid.T
	s        *session
	line     *line
	read     *reading
	max      int
	inFlight map[uint16]byte // what the client has not finished: QoS
	held     map[uint16]bool // QoS 2 identifiers received and not released
	replies  [][3]uint16     // kind, identifier, 0: not sent yet
	once     map[string]int
	last     int // message of this connection
	order    []string
}

// take reads what came, up to n packets, and notes the replies that are due.
func (p *peer) take(all []published) {
	for _, m := range all {
		switch {
		case m.elsewise != "":
			var id uint16
			_, _ = fmt.Sscanf(m.elsewise[4:8], "%x", &id)
			delete(p.held, id)
			p.replies = append(p.replies, [3]uint16{typePubcomp, id})
		case m.qos == 1:
			p.begin(m)
			p.once[m.payload]++
			p.first(m.payload)
			p.replies = append(p.replies, [3]uint16{typePuback, m.id})
		case m.qos == 2:
			p.begin(m)
			if !p.held[m.id] {
				p.held[m.id] = true
				p.once[m.payload]++
				p.first(m.payload)
			}
			p.replies = append(p.replies, [3]uint16{typePubrec, m.id})
		}
	}
}

func (p *peer) begin(m published) {
	if p.inFlight[m.id] != 0 {
		p.t.Fatalf("identifier %d is used twice", m.id)
	}
	n, _ := strconv.Atoi(m.payload)
	if n <= p.last {
		p.t.Fatalf("message %d comes after %d", n, p.last)
	}
	p.last = n
	if p.once[m.payload] > 0 && !m.dup {
		p.t.Fatalf("message %d comes again without DUP", n)
	}
	if p.inFlight[m.id] = m.qos; len(p.inFlight) > p.max {
		p.t.Fatalf("%d messages at once, %d are taken", len(p.inFlight), p.max)
	}
}

func (p *peer) first(payload string) {
	if p.once[payload] == 1 {
		p.order = append(p.order, payload)
	}
}

// reply sends the oldest reply that is due.
func (p *peer) reply() {
	if len(p.replies) == 0 {
		return
	}
	r := p.replies[0]
	p.replies = p.replies[1:]
	if kind := byte(r[0]); kind != typePubrec {
		delete(p.inFlight, r[1])
	}
	said, err := p.s.acknowledged(p.line.conn, byte(r[0]), r[1], 0)
	if err != nil {
		p.t.Fatalf("reply %v: %v", r, err)
	}
	if said != nil {
		p.line.conn.out.Push(said)
	}
}

// Over any interleaving of sending, acknowledging and lost connections, every message of QoS 1 comes at least once, of
// QoS 2 exactly once, first in the order in which they were sent, and never more at once than the client takes.
func TestDeliveryProperty(t *testing.T) {
	rapid.Check(t, deliver)
}

func deliver(t *rapid.T) {
	level := rapid.SampledFrom([]byte{level311, level5}).Draw(t, "level")
	class := newClass(speak(level), []filter{{topic: "#", qos: 2}}, 0)
	p := &peer{t: t, s: newSession(level, true, 1<<20), held: map[uint16]bool{}, once: map[string]int{}}
	connect := func() {
		p.max = rapid.IntRange(1, 5).Draw(t, "max")
		p.line = newLine(level, p.max, 1<<20)
		p.read = &reading{t: t, level: level, aliases: map[uint16]string{}, most: 3}
		p.inFlight, p.replies, p.last = map[uint16]byte{}, nil, -1
		if rapid.Bool().Draw(t, "aliases") && level == level5 {
			p.line.conn.outAliases = &aliases{max: 3, given: map[string]uint16{}}
		}
		p.s.open(p.line)
	}
	connect()
	sent := 0
	for range rapid.IntRange(5, 40).Draw(t, "steps") {
		switch rapid.IntRange(0, 5).Draw(t, "step") {
		case 0, 1:
			n := rapid.IntRange(1, 6).Draw(t, "messages")
			if !p.s.send(class.Batch(numbered(sent, n)), time.Now(), false) {
				t.Fatalf("refused")
			}
			sent += n
		case 2:
			p.reply()
		case 3, 4:
			p.take(p.read.all(p.line.take()))
		case 5: // the connection is lost, with what was on its way; some things happen while it is
			if rapid.Bool().Draw(t, "seen") {
				p.take(p.read.all(p.line.take()))
			}
			old := p.line
			old.cut()
			p.s.conclude(old.conn, true)
			n := rapid.IntRange(0, 3).Draw(t, "meanwhile")
			p.s.send(class.Batch(numbered(sent, n+1)), time.Now(), false)
			sent += n + 1
			next := &conn{}
			if !p.s.pass(old.conn, next) || p.s.pass(old.conn, next) {
				t.Fatalf("the session does not pass once")
			}
			connect()
		}
	}
	for range 20 * sent {
		p.take(p.read.all(p.line.take()))
		p.reply()
	}
	p.line.cut()
	var want []string
	for i := range sent {
		if i%3 == 0 {
			continue
		}
		want = append(want, fmt.Sprint(i))
		if n := p.once[fmt.Sprint(i)]; n == 0 || i%3 == 2 && n > 1 {
			t.Fatalf("message %d of QoS %d came %d times", i, i%3, n)
		}
	}
	if !slices.Equal(p.order, want) {
		t.Fatalf("came in the order %v", p.order)
	}
	if s := p.s; len(s.flights)+len(s.again)+len(s.waiting) > 0 || s.bytes != 0 {
		t.Fatalf("left in the session: %d, %d, %d, %d bytes", len(s.flights), len(s.again), len(s.waiting), s.bytes)
	}
}
