package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room/dgram"
)

// socket is one UDP socket with a goroutine that reads and one that sends.
type socket struct {
	door    *Door
	kernel  kernel
	cookies *dgram.Cookies // the reader's
	replies *batch         // the reader's
	out     *batch         // the sender's

	mu     sync.Mutex
	ready  []*conn
	timers timers
	asleep uint64 // until then the sender sleeps, in grains of the timers
	closed bool
	wake   chan struct{}
}

func newSocket(d *Door, c *net.UDPConn) (*socket, error) {
	var k kernel = &plain{conn: c}
	if !d.Plain {
		var err error
		if k, err = newKernel(c, !d.NoSegments); err != nil {
			return nil, err
		}
	}
	return &socket{
		door: d, kernel: k, cookies: dgram.NewCookies(d.seed),
		replies: newBatch(), out: newBatch(), timers: newTimers(time.Now()), wake: make(chan struct{}, 1),
	}, nil
}

// read takes datagrams until the socket is closed (nil) or fails.
func (s *socket) read() error {
	for {
		n, err := s.kernel.receive()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		now := time.Now()
		s.door.counters.Received.Add(uint64(n))
		for i := range n {
			b, from := s.kernel.received(i)
			s.door.counters.ReceivedBytes.Add(uint64(len(b)))
			s.door.datagram(s, b, from, now)
			if !s.replies.fits() {
				s.answer()
			}
		}
		s.answer()
	}
}

// answer sends the replies to strangers, or drops what the kernel does not take at once.
func (s *socket) answer() {
	if len(s.replies.messages) > 0 {
		s.flush(s.replies, false)
	}
}

// write sends one datagram at once; any goroutine may.
func (s *socket) write(b []byte, to netip.AddrPort) {
	one := &batch{arena: make([]byte, dgram.MaxDatagram)}
	one.add(copy(one.room(), b), to)
	s.flush(one, false)
}

// mark has the sender come to c soon.
func (s *socket) mark(c *conn) {
	s.mu.Lock()
	wake := false
	if !c.ready {
		c.ready = true
		s.ready = append(s.ready, c)
		wake = len(s.ready) == 1
	}
	s.mu.Unlock()
	if wake {
		s.rouse()
	}
}

// touch has the sender come to c at due.
func (s *socket) touch(c *conn, due, now time.Time) {
	if !due.After(now) {
		s.mark(c)
		return
	}
	s.mu.Lock()
	s.timers.set(c, due)
	wake := c.timer.due < s.asleep
	s.mu.Unlock()
	if wake {
		s.rouse()
	}
}

func (s *socket) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// send is the sender: it comes to the connections that have something to say, and to those whose time has come.
func (s *socket) send() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var turn []*conn
	for {
		now := time.Now()
		var next time.Time
		var closed bool
		turn, next, closed = s.take(turn[:0], now)
		if closed {
			return
		}
		if len(turn) == 0 {
			timer.Reset(next.Sub(now))
			select {
			case <-s.wake:
			case <-timer.C:
			}
			continue
		}
		for i, c := range turn {
			s.pump(c, now)
			turn[i] = nil
		}
		s.flush(s.out, true)
	}
}

// take answers whose turn it is, and else when the next one's will be.
func (s *socket) take(turn []*conn, now time.Time) (_ []*conn, next time.Time, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn = append(turn, s.ready...)
	clear(s.ready)
	s.ready = s.ready[:0]
	for _, c := range turn {
		c.ready = false
	}
	turn = s.timers.due(now, turn)
	s.asleep = 0
	if len(turn) == 0 {
		next, s.asleep = s.timers.next()
	}
	return turn, next, s.closed
}

func (s *socket) pump(c *conn, now time.Time) {
	for {
		done, next := c.pump(s.out, now)
		if !done {
			s.flush(s.out, true)
			continue
		}
		s.mu.Lock()
		if next.IsZero() {
			s.timers.remove(c)
		} else {
			s.timers.set(c, next)
		}
		s.mu.Unlock()
		return
	}
}

// flush hands a batch to the kernel. wait: for room in its buffer.
func (s *socket) flush(b *batch, wait bool) {
	datagrams, bytes, failed := s.kernel.send(b, wait)
	c := &s.door.counters
	c.Sent.Add(uint64(datagrams))
	c.SentBytes.Add(uint64(bytes))
	c.SendFailures.Add(uint64(failed))
	b.reset()
}

func (s *socket) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.kernel.close()
	s.rouse()
}
