package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// transport is one connection to a room, entered: records go in and come out.
type transport interface {
	// read answers the next records, whole ones, good until the next call. The error is a closedBy if the room said why.
	read(ctx context.Context) ([]byte, error)
	// write sends records, and where the player stands unless at is nil. They are copied.
	write(ctx context.Context, records []byte, at *wire.SendPosition) error
	// close ends the connection; again, it does nothing.
	close()
}

// closedBy is how the room closed a connection.
type closedBy struct {
	code   int // of its own: 4000–4199
	reason string
}

func (c *closedBy) Error() string { return fmt.Sprintf("close %d: %s", c.code, c.reason) }

const dialTimeout = 5 * time.Second

// dial connects and says hello, by WebSocket or UDP as the place's URL says.
func dial(ctx context.Context, place Place, hello wire.Hello, options *Options) (transport, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	u, err := url.Parse(place.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "udp" {
		return dialUDP(ctx, u.Host, place.Ticket, hello, options.Quiet)
	}
	hello.Ticket = place.Ticket
	return dialWebSocket(ctx, place.URL, options.HTTP, hello)
}

// endOfDial says how a try to connect ended, in the journey's words.
func endOfDial(err error) end {
	var closed *closedBy
	if errors.As(err, &closed) {
		return end{kind: endClosed, code: closed.code, reason: closed.reason}
	}
	kind := endLost
	var dns *net.DNSError
	if errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dns) && dns.IsNotFound {
		kind = endRefused
	}
	return end{kind: kind, reason: err.Error()}
}
