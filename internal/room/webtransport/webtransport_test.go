package webtransport

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	wt "github.com/quic-go/webtransport-go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 10 * time.Second

// house is a door with one room behind it; a ticket is its player's name.
type house struct {
	room    *room.Room
	door    *Door
	pc      net.PacketConn
	roots   *x509.CertPool
	waiting atomic.Int64 // half-open
	refuse  atomic.Bool
	stop    func()
}

func (h *house) Admit(ticket, _ string) (room.Admission, *room.Refusal) {
	if ticket == "" {
		return room.Admission{}, &room.Refusal{Code: wire.CloseBadTicket, Reason: "no ticket"}
	}
	return room.Admission{Room: h.room, Player: ticket, Seat: uint64(ticket[0])}, nil
}

func open(t *testing.T, settings model.RoomSettings) *house {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{pc: pc, room: room.New(room.Config{Settings: settings, Epoch: 1})}
	certificate, roots := certify(t)
	h.roots = roots
	h.door = &Door{
		Gate: h, TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}, Traffic: new(room.Traffic),
		Settings: func() model.RoomSettings { return settings },
		Enter: func(net.Addr) (func(), bool) {
			h.waiting.Add(1)
			return func() { h.waiting.Add(-1) }, !h.refuse.Load()
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	served, ran := make(chan error, 1), make(chan struct{})
	go func() { served <- h.door.Serve(ctx, pc) }()
	go func() {
		defer close(ran)
		h.room.Run(ctx)
	}()
	h.stop = func() {
		cancel()
		if err := <-served; !errors.Is(err, context.Canceled) {
			t.Errorf("the door ended: %v", err)
		}
		<-ran
		h.door.Close()
		pc.Close()
		served <- context.Canceled
	}
	t.Cleanup(h.stop)
	return h
}

func certify(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// client is a session of webtransport-go's own.
type client struct {
	t       *testing.T
	session *wt.Session
	stream  *wt.Stream
	in      *bufio.Reader
}

func (h *house) dial(t *testing.T) (*wt.Session, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &wt.Transport{TLSClientConfig: &tls.Config{RootCAs: h.roots, NextProtos: []string{"h3"}}, ApplicationProtocols: []string{wire.Subprotocol}}
	_, session, err := transport.Dial(ctx, "https://"+h.pc.LocalAddr().String()+"/room", nil)
	if err == nil {
		t.Cleanup(func() { _ = session.CloseWithError(0, "") })
	}
	return session, err
}

// enter says Hello and waits for the snapshot.
func (h *house) enter(t *testing.T, player string) *client {
	t.Helper()
	c := h.say(t, wire.Hello{Ticket: player})
	until[wire.Welcome](c, nil)
	until(c, func(s wire.Snapshot) bool { return s.Last })
	return c
}

func (h *house) say(t *testing.T, records ...wire.Record) *client {
	t.Helper()
	session, err := h.dial(t)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := session.OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.SetDeadline(time.Now().Add(patience))
	c := &client{t: t, session: session, stream: stream, in: bufio.NewReader(stream)}
	c.send(records...)
	return c
}

func (c *client) send(records ...wire.Record) {
	c.t.Helper()
	var b []byte
	for _, r := range records {
		b = r.Append(b)
	}
	if _, err := c.stream.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// next reads one record of the stream.
func (c *client) next() (wire.Record, error) {
	kind, err := c.in.ReadByte()
	if err != nil {
		return nil, err
	}
	n, err := binary.ReadUvarint(c.in)
	if err != nil {
		return nil, err
	}
	b := binary.AppendUvarint([]byte{kind}, n)
	head := len(b)
	b = append(b, make([]byte, n)...)
	if _, err := io.ReadFull(c.in, b[head:]); err != nil {
		return nil, err
	}
	r, _, err := wire.Decode(b)
	return r, err
}

func until[R wire.Record](c *client, is func(R) bool) R {
	c.t.Helper()
	for {
		r, err := c.next()
		if err != nil {
			c.t.Fatalf("waiting for a %T: %v", *new(R), err)
		}
		if got, ok := r.(R); ok && (is == nil || is(got)) {
			return got
		}
	}
}

// closed reads to the end, closes our side and answers the session's code.
func (c *client) closed() (wire.CloseCode, string) {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			break
		}
	}
	_ = c.stream.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := c.session.AcceptUniStream(ctx)
	var ended *wt.SessionError
	if !errors.As(err, &ended) {
		c.t.Fatalf("the session ended with %v", err)
	}
	return wire.CloseCode(ended.ErrorCode), ended.Message
}

// datagram is the next one's serial and positions.
func (c *client) datagram() (uint64, wire.Positions) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	b, err := c.session.ReceiveDatagram(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	serial, n := binary.Uvarint(b)
	r, rest, err := wire.Decode(b[max(n, 0):])
	p, ok := r.(wire.Positions)
	if n <= 0 || err != nil || !ok || len(rest) > 0 {
		c.t.Fatalf("a datagram of %x: %T, %v", b, r, err)
	}
	return serial, p
}

// Two in a room: states, events and signals by the stream, positions by datagrams, both ways; who stands still is said again.
func TestRoom(t *testing.T) {
	h := open(t, model.RoomSettings{Tick: model.MinTick})
	ann, bob := h.enter(t, "ann"), h.enter(t, "bob")
	until(ann, func(r wire.Joined) bool { return r.Player == "bob" })
	ann.send(wire.SetState{Seq: 1, Flags: wire.Retain | wire.Owned, Key: "hat", Value: []byte("red")}, wire.SendEvent{Seq: 2, Name: "hi"},
		wire.SendSignal{Seq: 3, To: []uint64{2}, Name: "psst"})
	for want := map[wire.Type]bool{wire.TypeState: true, wire.TypeEvent: true, wire.TypeSignal: true}; len(want) > 0; {
		r, err := bob.next()
		if err != nil {
			t.Fatal(err)
		}
		switch r := r.(type) {
		case wire.State:
			delete(want, wire.TypeState)
			if r.Key != "hat" || string(r.Value) != "red" || r.Owner != 1 {
				t.Errorf("%+v", r)
			}
		case wire.Event:
			delete(want, wire.TypeEvent)
		case wire.Signal:
			delete(want, wire.TypeSignal)
		}
	}
	until(ann, func(r wire.Ack) bool { return r.Seq == 3 })
	bob.send(wire.Ping{Nonce: 7})
	until(bob, func(r wire.Pong) bool { return r.Nonce == 7 })

	last := uint64(0)
	for i := range int16(3) {
		where := wire.SendPosition{Serial: uint64(i) + 1, Position: wire.Position{X: i, Y: -i, Data: []byte("pose")}}
		if err := ann.session.SendDatagram(where.Append(nil)); err != nil {
			t.Fatal(err)
		}
		serial, told := bob.datagram()
		if serial <= last || len(told.Entries) != 1 || told.Entries[0].Member != 1 || told.Entries[0].X != i || string(told.Entries[0].Data) != "pose" {
			t.Errorf("serial %d after %d: %+v", serial, last, told)
		}
		last = serial
	}
	if p := until[wire.Positions](bob, nil); len(p.Entries) != 1 || p.Entries[0].X != 2 {
		t.Errorf("settled: %+v", p)
	}
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d are half-open", n)
	}
	if tr := h.door.Traffic; tr.SentBytes.Load() == 0 || tr.SentPackets.Load() == 0 || tr.ReceivedBytes.Load() == 0 {
		t.Error("nothing was counted")
	}
	ann.send(wire.Leave{})
	if code, _ := ann.closed(); code != 0 {
		t.Errorf("after Leave: %d", code)
	}
	until(bob, func(r wire.Left) bool { return r.Member == 1 })
}

func TestWhatEndsASession(t *testing.T) {
	h := open(t, model.RoomSettings{HelloTimeout: 300 * time.Millisecond})
	for what, c := range map[string]struct {
		said []wire.Record
		code wire.CloseCode
	}{
		"no ticket":       {[]wire.Record{wire.Hello{}}, wire.CloseBadTicket},
		"not Hello first": {[]wire.Record{wire.Ping{Nonce: 1}}, wire.CloseProtocol},
		"a long Hello":    {[]wire.Record{wire.Hello{Ticket: string(make([]byte, 10_000))}}, wire.CloseTooLarge},
		"nothing":         {nil, wire.CloseIdle},
	} {
		if code, reason := h.say(t, c.said...).closed(); code != c.code || reason == "" {
			t.Errorf("%s: closed with %d %q, want %d", what, code, reason, c.code)
		}
	}
}

// Going away is said to everybody, a room's own goodbye first.
func TestGoingAway(t *testing.T) {
	h := open(t, model.RoomSettings{})
	ann, fresh := h.enter(t, "ann"), h.say(t)
	if _, err := fresh.stream.Write([]byte{1}); err != nil { // half a Hello: the stream is there
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.stop()
	}()
	for _, c := range []*client{ann, fresh} {
		if code, reason := c.closed(); code != wire.CloseGoingAway || reason == "" {
			t.Errorf("closed with %d %q", code, reason)
		}
	}
	<-done
}

func TestRefused(t *testing.T) {
	h := open(t, model.RoomSettings{})
	h.refuse.Store(true)
	if session, err := h.dial(t); err == nil {
		_ = session.CloseWithError(0, "")
		t.Error("it was let in")
	}
}
