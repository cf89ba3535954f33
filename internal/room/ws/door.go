// Package ws is the WebSocket door into rooms: subprotocol greenroom.v1 as docs/WIRE.md draws it. The handshake, headers
// and masks are gobwas/ws; outgoing frames are built once per room tick and written to the connection as they are, since
// what a server sends is not masked.
package ws

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// Endpoint is the door's name among a server's endpoints, unless it has another.
const Endpoint = "ws"

// How long the door waits where a Door says 0, and what it takes.
const (
	DefaultLinger = 2 * time.Second // for the peer to take the close frame

	pings         = 3               // within the idle timeout: one after every third of it
	upgradeWithin = 5 * time.Second // for the peer to take the handshake's answer
)

// Door serves GET /room. Its fields are set before the first request.
type Door struct {
	Gate   room.Gate
	Name   string // among a server's endpoints; "": Endpoint
	Linger time.Duration
	// Settings are the server's before a room is known: the time for Hello to come. Nil: the defaults.
	Settings func() model.RoomSettings

	conns room.Present[*conn]
}

// ServeHTTP upgrades the request and returns; the connection is served until it ends or Close ends it. What net/http needs for
// a request, more than the connection costs afterwards, is free when this returns.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !offers(r, wire.Subprotocol) {
		http.Error(w, "this address speaks WebSocket with the subprotocol "+wire.Subprotocol, http.StatusBadRequest)
		return
	}
	up := ws.HTTPUpgrader{Protocol: func(p string) bool { return p == wire.Subprotocol }, Timeout: upgradeWithin}
	nc, rw, _, err := up.Upgrade(r, w)
	if err != nil {
		return // the upgrader answered
	}
	c := newConn(d, nc, rw.Reader)
	if !d.conns.Enter(c) { // it came while the door was closed
		c.end(wire.CloseGoingAway, "the server is going away")
		_ = c.out.Run(nc)
		nc.Close()
		return
	}
	go func() {
		defer d.conns.Leave(c)
		c.serve()
	}()
}

// Close breaks every connection and waits for them. Rooms that were told to close have said goodbye before.
func (d *Door) Close() {
	d.conns.Close(func(c *conn) {
		if !c.out.Finished() {
			c.end(wire.CloseGoingAway, "the server is going away")
		}
	})
}

// Conns tells how many connections there are.
func (d *Door) Conns() int { return d.conns.Len() }

func (d *Door) settings() model.RoomSettings { return room.SettingsOf(d.Settings) }

func offers(r *http.Request, protocol string) bool {
	return slices.ContainsFunc(r.Header.Values("Sec-WebSocket-Protocol"), func(h string) bool {
		return slices.ContainsFunc(strings.Split(h, ","), func(p string) bool { return strings.TrimSpace(p) == protocol })
	})
}

// drain reads until the peer has closed or the deadline is over, so that a reset does not take the close frame away.
func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
