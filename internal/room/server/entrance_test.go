package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/coder/websocket"
)

// metric reads one of /metrics.
func (s *served) metric(t *testing.T, name string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(s.url("ws", "http", "/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	_, after, _ := strings.Cut(string(b), "\n"+name+" ")
	value, _, _ := strings.Cut(after, "\n")
	n, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("%s is not in %s", name, b)
	}
	return n
}

// halfOpen waits until so many connections are half-open.
func (s *served) halfOpen(t *testing.T, want int) {
	t.Helper()
	for end := time.Now().Add(patience); s.HalfOpen() != want; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d connections are half-open, not %d", s.HalfOpen(), want)
		}
	}
}

// dial connects to a port and says nothing.
func (s *served) dial(t *testing.T, port string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr(port).String())
	if err != nil {
		t.Fatal(err)
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { nc.Close() })
	return nc
}

// shut tells whether the server closed a connection of itself, and closes our end.
func shut(nc net.Conn) bool {
	defer nc.Close()
	_, err := nc.Read(make([]byte, 1))
	var timeout net.Error
	return err != nil && (!errors.As(err, &timeout) || !timeout.Timeout())
}

const (
	refusedByRate    = `greenroom_room_connects_refused_total{reason="rate"}`
	refusedByAddress = `greenroom_room_connects_refused_total{reason="address"}`
)

// Above the settings' connections a second TCP is closed, and who wants to be upgraded is told when to come again. The
// settings of the moment count.
func TestConnectsPerSecond(t *testing.T) {
	s := serve(t, model.RoomSettings{MaxConnectsPerSecond: 1}) // and two at once
	for range 2 {
		s.ws(t)
	}
	for _, port := range []string{"mqtt", "mqtts", "wss"} {
		if !shut(s.dial(t, port)) {
			t.Errorf("%s takes a connection above the rate", port)
		}
	}
	for path, protocol := range map[string]string{"/room": wire.Subprotocol, "/mqtt": "mqtt"} {
		_, resp, err := websocket.Dial(t.Context(), s.url("ws", "ws", path), &websocket.DialOptions{Subprotocols: []string{protocol}})
		if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("%s above the rate: %v, %v", path, resp, err)
		}
	}
	if got := s.metric(t, refusedByRate); got != 5 {
		t.Errorf("%d were refused by rate, not 5", got)
	}
	s.plane.SetRoom(model.RoomSettings{MaxConnectsPerSecond: 100})
	s.ws(t)
}

// An address has so many connections that have not shown a ticket; it has more once they did, or went.
func TestHalfOpenPerAddress(t *testing.T) {
	s := serveWith(t, model.RoomSettings{}, server.Config{HalfOpenPerAddress: 4})
	for _, port := range []string{"mqtts", "wss"} { // that never greet
		s.dial(t, port)
	}
	first, ann := s.dial(t, "mqtt"), s.ws(t)
	s.halfOpen(t, 4)
	if !shut(s.dial(t, "mqtt")) {
		t.Error("a connection too many was taken")
	}
	ann.send(wire.Hello{Ticket: s.ticket("ann")})
	until[wire.Welcome](ann, nil)
	s.halfOpen(t, 3)
	first.Close()
	s.halfOpen(t, 2)
	bob := s.paho311(t, s.url("mqtts", "ssl", ""), "bob")
	cat := s.paho311(t, s.url("wss", "wss", "/mqtt"), "cat")
	s.halfOpen(t, 2)
	for _, c := range []interface{ Disconnect(uint) }{bob, cat} {
		c.Disconnect(0)
	}
	if got := s.metric(t, refusedByAddress); got != 1 {
		t.Errorf("%d were refused by address, not 1", got)
	}
	if got := s.metric(t, `greenroom_room_connections{endpoint="ws"}`); got != 1 {
		t.Errorf("%d connections by ws, not 1", got)
	}
}

// Who does not greet in time is closed, by every door.
func TestHelloTimeout(t *testing.T) {
	s := serve(t, model.RoomSettings{HelloTimeout: 50 * time.Millisecond})
	silent := s.ws(t)
	for _, port := range []string{"mqtt", "mqtts"} {
		if !shut(s.dial(t, port)) {
			t.Errorf("%s waits for ever", port)
		}
	}
	conn, _, err := websocket.Dial(t.Context(), s.url("ws", "ws", "/mqtt"), &websocket.DialOptions{Subprotocols: []string{"mqtt"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("MQTT over WebSocket ends with %v", err)
	}
	wantClose(t, silent, wire.CloseIdle, "no Hello")
	s.halfOpen(t, 0)
}
