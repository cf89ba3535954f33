package ws

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// place is a door to one room on a port of its own. Everybody may come in; the ticket is the player's name.
type place struct {
	room  *room.Room
	addr  string
	close func()
}

// Admit takes about as much stack as a real ticket's check.
func (p *place) Admit(ticket, _ string) (room.Admission, *room.Refusal) {
	var stack [4 << 10]byte
	n := copy(stack[:], ticket)
	return room.Admission{Room: p.room, Player: string(stack[:n])}, nil
}

func open(tb testing.TB, settings model.RoomSettings) *place {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &place{room: room.New(room.Config{Epoch: 1, Settings: settings}), addr: l.Addr().String()}
	door := &Door{Gate: p}
	srv := &http.Server{Handler: door}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { p.room.Run(ctx); ended <- struct{}{} }()
	go func() { _ = srv.Serve(l); ended <- struct{}{} }()
	p.close = func() {
		cancel()
		srv.Close()
		<-ended
		<-ended
		door.Close()
	}
	return p
}

// hello connects and says Hello.
func (p *place) hello(tb testing.TB, player string) net.Conn {
	tb.Helper()
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		tb.Fatal(err)
	}
	fmt.Fprintf(c, "GET /room HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", wire.Subprotocol)
	res, err := http.ReadResponse(bufio.NewReader(c), nil) // nothing follows before Hello
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		tb.Fatalf("handshake: %v, %v", res, err)
	}
	b := wire.Hello{Ticket: player}.Append(nil)
	if err := ws.WriteFrame(c, ws.MaskFrame(ws.NewBinaryFrame(b))); err != nil {
		tb.Fatal(err)
	}
	return c
}

// welcome waits for it.
func welcome(tb testing.TB, c net.Conn) {
	h, err := ws.ReadHeader(c)
	if err != nil {
		tb.Fatal(err)
	}
	b := make([]byte, h.Length)
	if _, err := io.ReadFull(c, b); err != nil || wire.Type(b[0]) != wire.TypeWelcome {
		tb.Fatalf("welcome: %x, %v", b, err)
	}
}

// player is a member that stands somewhere.
type player struct {
	tb     testing.TB
	conn   net.Conn
	serial uint64
	left   []byte
}

func (p *place) enter(tb testing.TB, name string) *player {
	tb.Helper()
	c := p.hello(tb, name)
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	welcome(tb, c)
	return &player{tb: tb, conn: c}
}

func (p *player) stand(x int16) {
	p.tb.Helper()
	p.serial++
	b := wire.SendPosition{Serial: p.serial, Position: wire.Position{X: x}}.Append(nil)
	if err := ws.WriteFrame(p.conn, ws.MaskFrame(ws.NewBinaryFrame(b))); err != nil {
		p.tb.Fatal(err)
	}
}

// expect reads up to a record that is want.
func (p *player) expect(want wire.Record) {
	p.tb.Helper()
	for {
		for len(p.left) == 0 {
			h, err := ws.ReadHeader(p.conn)
			if err != nil {
				p.tb.Fatalf("waiting for %+v: %v", want, err)
			}
			p.left = make([]byte, h.Length)
			if _, err := io.ReadFull(p.conn, p.left); err != nil {
				p.tb.Fatal(err)
			}
		}
		r, rest, err := wire.Decode(p.left)
		if err != nil {
			p.tb.Fatal(err)
		}
		p.left = rest
		if r != nil && string(r.Append(nil)) == string(want.Append(nil)) {
			return
		}
	}
}

// Two members of a real room meet, and part again.
func TestMembersMeetAndPart(t *testing.T) {
	p := open(t, model.RoomSettings{
		Tick: 10 * time.Millisecond, PositionStep: 1, Interest: model.Interest{Radius: 100, Refresh: 10 * time.Millisecond},
	})
	defer p.close()
	ann, bob := p.enter(t, "ann"), p.enter(t, "bob")
	defer ann.conn.Close()
	defer bob.conn.Close()
	at := func(member uint64, x int16) wire.Positions {
		return wire.Positions{Entries: []wire.MemberPosition{{Member: member, Position: wire.Position{X: x}}}}
	}
	ann.stand(5)
	ann.expect(at(1, 5)) // itself
	bob.expect(wire.Joined{Member: 1, Player: "ann"})
	bob.expect(at(1, 5)) // from the origin
	bob.stand(60)
	ann.expect(wire.Joined{Member: 2, Player: "bob"})
	ann.expect(at(2, 60))
	ann.stand(6)
	bob.expect(at(1, 6))
	bob.stand(600)
	ann.expect(wire.Left{Member: 2})
	bob.expect(wire.Left{Member: 1})
}
