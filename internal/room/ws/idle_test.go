package ws

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// open lets everybody into one room; the ticket is the player's name.
type open struct{ room *room.Room }

func (o open) Admit(ticket, _ string) (room.Admission, *room.Refusal) {
	return room.Admission{Room: o.room, Player: ticket, Seat: 0}, nil
}

// idleBytes is what n idle members cost the process: living heap and stacks, the sockets' of this test included.
func idleBytes(tb testing.TB, n int) float64 {
	r := room.New(room.Config{Epoch: 1, Settings: model.RoomSettings{PositionStep: 1, Interest: model.Interest{Radius: 1}}})
	running := make(chan struct{})
	go func() { defer close(running); r.Run(tb.Context()) }()
	door := &Door{Gate: open{r}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	srv := &http.Server{Handler: door}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(l) }()

	conns := make([]net.Conn, n)
	heap, stack := inUse()
	before := heap + stack
	for i := range conns {
		conns[i] = hello(tb, l.Addr().String(), fmt.Sprintf("player-%05d", i))
	}
	for _, c := range conns {
		welcome(tb, c)
	}
	heap, stack = inUse()
	cost := float64(heap+stack-before) / float64(n)
	tb.Logf("heap and stack now: %d and %d KiB", heap>>10, stack>>10)
	for _, c := range conns {
		c.Close()
	}
	_ = r.Close(wire.CloseEnded, "over", nil)
	<-running
	door.Close()
	srv.Close()
	<-served
	return cost
}

func inUse() (heap, stack int64) {
	for range 4 { // each lets a stack that was used once shrink by half
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), int64(m.StackInuse)
}

// hello connects and says Hello.
func hello(tb testing.TB, addr, player string) net.Conn {
	c, err := net.Dial("tcp", addr)
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

// BenchmarkIdle measures what an idle member costs in memory, beside the kernel's part.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(idleBytes(b, 2000)/1024, "KiB/member")
	}
}

// The limit is 20 KiB with everything the process holds for a member; what is counted here is most of it.
func TestAnIdleMemberIsCheap(t *testing.T) {
	if kib := idleBytes(t, 500) / 1024; kib > 16 {
		t.Errorf("an idle member costs %.1f KiB", kib)
	}
}
