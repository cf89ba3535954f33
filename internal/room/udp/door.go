// Package udp is the UDP door into rooms: the protocol of package dgram over sockets. What a tick says is encoded once for
// all its members and sealed for each; a sender of each socket hands the kernel many datagrams at once, and a reader takes
// many at once. A datagram costs no memory once its connection is there, and a stranger's never does.
package udp

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Endpoint is the door's name among a server's endpoints and ports.
const Endpoint = model.EndpointUDP

// DefaultLinger is how long the door waits for its peers to take the goodbye, where a Door says 0.
const DefaultLinger = 2 * time.Second

// Door serves players who show connect tokens. Its fields are set before Serve.
type Door struct {
	Gate   room.ConnectGate
	Linger time.Duration
	// Enter is asked before a connect token is opened; false: the player's Response is dropped, and it asks again. nil:
	// everybody may.
	Enter func(from netip.Addr) bool
	// NoSegments keeps several datagrams to one member from being handed to the kernel as one (UDP_SEGMENT).
	NoSegments bool
	// Plain has the kernel called for each datagram, as on systems other than Linux.
	Plain bool

	counters Counters
	seed     [32]byte
	entering chan admission

	mu      sync.RWMutex
	conns   map[uint64]*conn
	shakes  map[dgram.Nonce]*shake
	sweptAt time.Time
	sockets []*socket
	closed  bool
	emptied chan struct{} // closed when closed and without connections
	wait    sync.WaitGroup
}

// Counters count what the door took and dropped. All of them only rise.
type Counters struct {
	Received atomic.Uint64 // datagrams
	// ReceivedBytes are those of datagrams.
	ReceivedBytes atomic.Uint64
	Sent          atomic.Uint64 // datagrams
	SentBytes     atomic.Uint64 // of datagrams
	Challenged    atomic.Uint64 // requests that were answered with a cookie
	Accepted      atomic.Uint64 // connections
	Refused       atomic.Uint64 // responses answered with a reason
	Malformed     atomic.Uint64 // datagrams of nothing that is known
	Unknown       atomic.Uint64 // of no connection that is there
	BadCookies    atomic.Uint64 // responses without a cookie of this server, for this address, of this time
	Forged        atomic.Uint64 // seals that were not right
	Replayed      atomic.Uint64 // came before, or too late
	NotEntered    atomic.Uint64 // responses dropped because too many came at once
	SendFailures  atomic.Uint64 // datagrams that the kernel did not take
}

// Counters are the door's.
func (d *Door) Counters() *Counters { return &d.counters }

const (
	admitters  = 16  // responses whose gate is asked at a time
	admissions = 256 // responses that wait for it
)

// Serve takes players on all of conns, which listen at one address, until ctx ends (nil) or a socket fails. Then nobody new
// is let in; those who are there stay until their rooms let them go or Close is called, which must follow and closes conns.
func (d *Door) Serve(ctx context.Context, conns ...*net.UDPConn) error {
	d.mu.Lock()
	if d.closed || d.sockets != nil {
		d.mu.Unlock()
		return errors.New("udp door: it served before")
	}
	_, _ = crand.Read(d.seed[:]) // it never fails
	d.entering = make(chan admission, admissions)
	d.conns, d.shakes = map[uint64]*conn{}, map[dgram.Nonce]*shake{}
	d.emptied = make(chan struct{})
	failed := make(chan error, 2*len(conns))
	for _, c := range conns {
		s, err := newSocket(d, c)
		if err != nil {
			d.mu.Unlock()
			return err
		}
		d.sockets = append(d.sockets, s)
	}
	for _, s := range d.sockets {
		d.wait.Go(func() { failed <- s.read() })
		d.wait.Go(s.send)
	}
	d.mu.Unlock()
	var admitting sync.WaitGroup
	defer admitting.Wait()
	for range admitters {
		admitting.Go(func() { d.admit(ctx) })
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// Close says goodbye to whoever is there, waits until they took it or Linger is over, and closes the sockets.
func (d *Door) Close() {
	d.mu.Lock()
	if d.closed || d.sockets == nil {
		d.closed = true
		d.mu.Unlock()
		return
	}
	d.closed = true
	left := make([]*conn, 0, len(d.conns))
	for _, c := range d.conns {
		left = append(left, c)
	}
	if len(left) == 0 {
		close(d.emptied)
	}
	d.mu.Unlock()
	for _, c := range left {
		c.dismiss(wire.CloseGoingAway, "the server is going away")
	}
	<-d.emptied // every connection ends by itself after its linger time
	for _, s := range d.sockets {
		s.close()
	}
	d.wait.Wait()
	for _, s := range d.sockets {
		s.kernel.free()
	}
}

// Conns tells how many connections there are.
func (d *Door) Conns() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.conns)
}

func (d *Door) linger() time.Duration {
	if d.Linger == 0 {
		return DefaultLinger
	}
	return d.Linger
}

// datagram takes what came to a socket. b is the socket's.
func (d *Door) datagram(s *socket, b []byte, from netip.AddrPort, now time.Time) {
	kind, ok := dgram.KindOf(b)
	if !ok {
		d.counters.Malformed.Add(1)
		return
	}
	switch kind {
	case dgram.KindData:
		id, ok := dgram.ConnectionOf(b)
		if !ok {
			d.counters.Malformed.Add(1)
			return
		}
		d.mu.RLock()
		c := d.conns[id]
		d.mu.RUnlock()
		if c == nil {
			d.counters.Unknown.Add(1)
			return
		}
		c.receive(b, from, now)
	case dgram.KindRequest:
		d.request(s, b, from, now)
	case dgram.KindResponse:
		d.response(s, b, from, now)
	default:
		d.counters.Malformed.Add(1)
	}
}

// register gives the connection an id of its own; false: the door is closed.
func (d *Door) register(c *conn, id uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.conns[id] != nil {
		return false
	}
	d.conns[id] = c
	return true
}

func (d *Door) forget(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns[c.id] != c {
		return
	}
	delete(d.conns, c.id)
	if d.closed && len(d.conns) == 0 {
		close(d.emptied)
	}
}

// random64 is unpredictable to everybody.
func random64() uint64 {
	var b [8]byte
	_, _ = crand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}

// reply answers a stranger along with the rest of what was read at once.
func (s *socket) reply(b []byte, to netip.AddrPort) {
	n := copy(s.replies.room(), b)
	s.replies.add(n, to)
}
