package server_test

import (
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
)

// The tickets that open nothing, and the close codes that say so.
func TestTicketsThatOpenNothing(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	keys := ticket.NewKeys([]byte("greenroom standalone development"))
	sign := func(k *ticket.Keys, server model.ServerID, expires time.Duration) string {
		return ticket.NewSigner(k).Sign(ticket.Claims{
			Server: server, Player: "ann", Seat: 99, Session: plaza, Generation: 1, Capacity: 5, ExpiresAt: time.Now().Add(expires),
		})
	}
	left := s.ticket("ann")
	ann := s.ws(t)
	ann.send(wire.Hello{Ticket: left})
	until[wire.Welcome](ann, nil)
	ann.send(wire.Leave{})
	if code, _ := ann.closed(); code != 1000 {
		t.Errorf("after Leave: closed with %d", code)
	}
	const us = "standalone-00000000"
	for what, c := range map[string]struct {
		ticket  string
		code    wire.CloseCode
		mqtt311 byte
		mqtt5   byte
	}{
		"no ticket":             {"hello", wire.CloseBadTicket, 4, 0x86},
		"another key":           {sign(ticket.NewKeys(make([]byte, 32)), us, time.Minute), wire.CloseBadTicket, 4, 0x86},
		"another server's":      {sign(keys, "plaza-abcdefgh", time.Minute), wire.CloseOtherServer, 5, 0x9c},
		"an expired one":        {sign(keys, us, -time.Second), wire.CloseExpired, 4, 0x87},
		"that of released seat": {left, wire.CloseReleased, 5, 0x87},
	} {
		ws := s.ws(t)
		ws.send(wire.Hello{Ticket: c.ticket})
		if code, reason := ws.closed(); code != c.code || reason == "" {
			t.Errorf("%s: WebSocket closed with %d %q, want %d", what, code, reason, c.code)
		}
		if got := s.connack(t, 4, "ann", c.ticket); got != c.mqtt311 {
			t.Errorf("%s: MQTT 3.1.1 answers %d, want %d", what, got, c.mqtt311)
		}
		if got := s.connack(t, 5, "ann", c.ticket); got != c.mqtt5 {
			t.Errorf("%s: MQTT 5 answers %#x, want %#x", what, got, c.mqtt5)
		}
	}
	if got := s.connack(t, 5, "bob", s.ticket("ann")); got != 0x86 {
		t.Errorf("another user name than the ticket's: %#x", got)
	}
}

// connectPacket is a CONNECT.
func connectPacket(level byte, user, password string) []byte {
	body := []byte{0, 4, 'M', 'Q', 'T', 'T', level, 0xc2, 0, 0}
	if level == 5 {
		body = append(body, 0)
	}
	for _, s := range []string{"", user, password} {
		body = append(append(body, byte(len(s)>>8), byte(len(s))), s...)
	}
	return append(wire.AppendUvarint([]byte{0x10}, uint64(len(body))), body...)
}

// connack answers the code of the CONNACK.
func (s *served) connack(t *testing.T, level byte, user, password string) byte {
	t.Helper()
	b := s.exchange(t, connectPacket(level, user, password))
	if len(b) < 4 || b[0] != 0x20 {
		t.Fatalf("answer to CONNECT: %x", b)
	}
	return b[3]
}

// exchange sends bytes and reads until the server closes.
func (s *served) exchange(t *testing.T, b []byte) []byte {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr("mqtt").String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("after %x: %v", got, err)
	}
	return got
}

func TestMalformedMQTT(t *testing.T) {
	s := serve(t, model.RoomSettings{MaxMessageBytes: 1000})
	for what, b := range map[string]string{
		"not MQTT at all":           hex.EncodeToString([]byte("GET / HTTP/1.1\r\n\r\n")),
		"a length of five bytes":    "10ffffffff7f",
		"a CONNECT of 1 MiB":        "1080804000",
		"something before CONNECT":  "c000",
		"reserved flags in CONNECT": "1100",
	} {
		raw, _ := hex.DecodeString(b)
		if got := s.exchange(t, raw); len(got) != 0 {
			t.Errorf("%s: answered %x", what, got)
		}
	}
	if got := s.exchange(t, []byte{0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 3, 2, 0, 0, 0, 0}); string(got) != "\x20\x02\x00\x01" {
		t.Errorf("another protocol level: %x", got)
	}
	for what, c := range map[string]struct {
		packet string
		reason byte
	}{
		"QoS 3":                    {"360400016100", 0x81},
		"a wildcard's bad filter":  {"8202", 0x81}, // cut short
		"SUBSCRIBE without topics": {"8203000100", 0x82},
		"packet identifier 0":      {"3206000161000000", 0x82},
		"CONNECT twice":            {hex.EncodeToString(connectPacket(5, "", "")), 0x82},
		"a packet of the server":   {"d000", 0x82},
		"topic alias 0":            {"30080001610323000070", 0x94},
		"an unknown property":      {"300600016102770170", 0x81},
		"a packet of 3,000 bytes":  {"30b817" + strings.Repeat("00", 3000), 0x95},
	} {
		raw, _ := hex.DecodeString(c.packet)
		if what == "a wildcard's bad filter" {
			raw = []byte{0x82, 2, 0, 1}
		}
		got := s.exchange(t, append(connectPacket(5, "ann", s.ticket("ann")), raw...))
		if i := len(got); i < 5 || !disconnectedWith(got, c.reason) {
			t.Errorf("%s: answered %x, want DISCONNECT %#x", what, got, c.reason)
		}
	}
}

// disconnectedWith tells whether the last packet is a DISCONNECT for the reason.
func disconnectedWith(b []byte, reason byte) bool {
	for len(b) > 1 {
		end := 2 + int(b[1])
		if b[1]&0x80 != 0 || end > len(b) {
			return false
		}
		if end == len(b) || b[0] == 0xe0 {
			return b[0] == 0xe0 && (b[2] == reason)
		}
		b = b[end:]
	}
	return false
}

func TestMalformedWebSocket(t *testing.T) {
	s := serve(t, model.RoomSettings{MaxMessageBytes: 1000})
	for what, c := range map[string]struct {
		in     bool
		bytes  []byte
		code   wire.CloseCode
		reason string
	}{
		"no Hello":                 {false, wire.Leave{}.Append(nil), wire.CloseProtocol, "Hello"},
		"half a Hello":             {false, []byte{1, 3, 1}, wire.CloseProtocol, "too early"},
		"version 2":                {false, []byte{1, 5, 2, 0, 0, 0, 0}, wire.CloseProtocol, "version"},
		"a long message at first":  {false, make([]byte, 9<<10), wire.CloseTooLarge, "8192"},
		"Hello twice":              {true, wire.Hello{}.Append(nil), wire.CloseProtocol, "twice"},
		"half a State":             {true, []byte{2, 1, 1}, wire.CloseProtocol, "State"},
		"a length beyond":          {true, []byte{2, 0x7f, 1}, wire.CloseProtocol, "too early"},
		"a signal to nobody":       {true, wire.SendSignal{Seq: 1, Name: "n"}.Append(nil), wire.CloseProtocol, "no member"},
		"a message of over 64 KiB": {true, make([]byte, 70<<10), wire.CloseTooLarge, "65536"},
	} {
		c0 := s.ws(t)
		if c.in {
			c0, _ = s.enter(t, "ann")
		}
		c0.write(c.bytes)
		if code, reason := c0.closed(); code != c.code || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: closed with %d %q, want %d %q", what, code, reason, c.code, c.reason)
		}
	}
}

// Raw bytes after the handshake that are no frames of a client.
func TestMalformedFrames(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	for what, frame := range map[string]string{
		"not masked":          "820100",
		"a text message":      "818000000000",
		"reserved bits":       "c28000000000",
		"continuation first":  "808000000000",
		"unknown opcode":      "838000000000",
		"a long ping":         "89fe007e00000000",
		"a length of 2^63":    "82ffffffffffffffffff00000000",
		"a ping in two parts": "098000000000",
	} {
		c, err := net.Dial("tcp", s.Addr("ws").String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		raw, _ := hex.DecodeString(frame)
		_, _ = io.WriteString(c, "GET /room HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: greenroom.v1\r\n\r\n"+string(raw))
		b, err := io.ReadAll(c)
		c.Close()
		_, answer, _ := strings.Cut(string(b), "\r\n\r\n")
		if err != nil || len(answer) < 4 || answer[0] != 0x88 || answer[2:4] != "\x10\x0b" { // close, 4107
			t.Errorf("%s: answered %x, %v", what, answer, err)
		}
	}
}

func TestOtherRequests(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	defer http.DefaultClient.CloseIdleConnections()
	for path, want := range map[string]string{"/room": "greenroom.v1", "/healthz": "ok", "/metrics": "greenroom_room_rooms 0"} {
		r, err := http.Get("http://" + s.Addr("ws").String() + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if !strings.Contains(string(b), want) {
			t.Errorf("%s answers %s %q", path, r.Status, b)
		}
	}
}

// A flooder is rejected, then closed; the others do not feel it.
func TestFlooding(t *testing.T) {
	s := serve(t, model.RoomSettings{MaxMessagesPerSecond: 10})
	bob, _ := s.enter(t, "bob")
	ann, _ := s.enter(t, "ann")
	var b []byte
	for seq := range uint64(300) {
		b = wire.SendEvent{Seq: seq + 1, Name: "spam"}.Append(b)
	}
	ann.write(b)
	wantClose(t, ann, wire.CloseFlooding, "far more")
	bob.send(wire.SendEvent{Seq: 1, Name: "after"})
	spam := 0
	until(bob, func(r wire.Event) bool {
		if r.Name == "spam" {
			spam++
		}
		return r.Name == "after"
	})
	if spam != 20 {
		t.Errorf("bob saw %d of the flooder's events, 20 are a second's worth", spam)
	}
}

func TestOversizedMessageIsRejected(t *testing.T) {
	s := serve(t, model.RoomSettings{MaxMessageBytes: 1000})
	ann, welcome := s.enter(t, "ann")
	if welcome.MaxMessageBytes != 1000 {
		t.Errorf("welcome: %+v", welcome)
	}
	ann.state("pos/ann", strings.Repeat("x", 1001))
	if r := until[wire.Reject](ann, nil); r.Code != wire.RejectTooLarge || r.Seq != 1 {
		t.Errorf("rejected with %+v", r)
	}
	until(ann, func(r wire.Ack) bool { return r.Seq == 1 })
}

// Going away is said to everybody.
func TestStop(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	fresh := s.ws(t)
	s.stop()
	wantClose(t, ann, wire.CloseGoingAway, "going away")
	wantClose(t, fresh, wire.CloseGoingAway, "going away")
}
