// Package mqtt is the MQTT door into rooms: the server's side of MQTT 3.1.1 and 5 for the topics of docs/WIRE.md. What the
// room says is encoded once per tick for all connections with the same protocol level and subscriptions (class.go, scene.go);
// messages of QoS 1 and 2 are copied to fill in each connection's packet identifiers (flight.go). Sessions belong to seats,
// and outlive a connection no longer than those (session.go).
package mqtt

import (
	"context"
	"errors"
	"net"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
)

// Endpoint is the door's name among a server's endpoints, unless it has another.
const Endpoint = "mqtt"

// How long the door waits, and what it takes, where a Door says 0.
const (
	DefaultLinger = 2 * time.Second // for the peer to take the last packet

	connectBytes  = 8 << 10     // the longest packet before the room is known
	packetRoom    = 1 << 10     // for topic and properties, above the room's message limit
	readBuffer    = 1 << 10     // read at once; players' messages are small
	idleWithout   = time.Minute // between looks at a connection without keep-alive
	acceptBackOff = 50 * time.Millisecond
)

// Door serves MQTT connections. Its fields are set before Serve.
type Door struct {
	Gate   room.Gate
	Name   string // among a server's endpoints; "": Endpoint
	Linger time.Duration
	// Settings are the server's before a room is known: the time for CONNECT to come. Nil: the defaults.
	Settings func() model.RoomSettings
	Counters Counters

	conns room.Present[*conn]
}

// Serve takes connections from l until ctx ends, which closes l, or l fails.
func (d *Door) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			go d.ServeConn(nc)
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return ctx.Err()
		default: // out of file descriptors, most likely: it passes
			select {
			case <-ctx.Done():
			case <-time.After(acceptBackOff):
			}
		}
	}
}

// ServeConn serves one connection until it ends, and closes it.
func (d *Door) ServeConn(nc net.Conn) {
	c := newConn(d, nc)
	if !d.conns.Enter(c) {
		nc.Close()
		return
	}
	defer d.conns.Leave(c)
	c.serve()
}

// Conns tells how many connections there are.
func (d *Door) Conns() int { return d.conns.Len() }

func (d *Door) settings() model.RoomSettings { return room.SettingsOf(d.Settings) }

// Close ends every connection and waits for them. Rooms that were told to close have said goodbye before.
func (d *Door) Close() {
	d.conns.Close(func(c *conn) {
		if !c.out.Finished() {
			c.out.Finish()
			_ = c.net.SetDeadline(time.Now())
			c.begin()
		}
	})
}
