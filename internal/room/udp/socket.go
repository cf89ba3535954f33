package udp

import (
	"container/heap"
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
	closed bool
	wake   chan struct{}
}

// timerGrain is how late a timer may be, so that those of many connections are seen to in one turn.
const timerGrain = 4 * time.Millisecond

// schedule is when the sender comes to a connection; the socket's mu guards it.
type schedule struct {
	ready bool
	at    int // in timers; -1: none
	due   time.Time
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
		replies: newBatch(), out: newBatch(), wake: make(chan struct{}, 1),
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
	if !c.sched.ready {
		c.sched.ready = true
		s.ready = append(s.ready, c)
		wake = len(s.ready) == 1
	}
	s.mu.Unlock()
	if wake {
		s.rouse()
	}
}

// touch has the sender come to c at due at the latest.
func (s *socket) touch(c *conn, due, now time.Time) {
	if !due.After(now) {
		s.mark(c)
		return
	}
	s.mu.Lock()
	first := s.plan(c, due)
	s.mu.Unlock()
	if first {
		s.rouse()
	}
}

// plan makes due the time of c's timer unless there is an earlier one, at which the sender finds out; mu is held. first: no
// timer is earlier.
func (s *socket) plan(c *conn, due time.Time) (first bool) {
	switch {
	case c.sched.at < 0:
		c.sched.due = due
		heap.Push(&s.timers, c)
	case due.Before(c.sched.due):
		c.sched.due = due
		heap.Fix(&s.timers, c.sched.at)
	default:
		return false
	}
	return c.sched.at == 0
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
		var next time.Time
		var closed bool
		turn, next, closed = s.take(turn[:0], time.Now())
		if closed {
			return
		}
		if len(turn) == 0 {
			wait := time.Hour
			if !next.IsZero() {
				wait = max(time.Until(next), timerGrain)
			}
			timer.Reset(wait)
			select {
			case <-s.wake:
			case <-timer.C:
			}
			continue
		}
		now := time.Now()
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
		c.sched.ready = false
	}
	for len(s.timers) > 0 {
		c := s.timers[0]
		if c.sched.due.After(now) {
			next = c.sched.due
			break
		}
		heap.Pop(&s.timers)
		turn = append(turn, c)
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
			if c.sched.at >= 0 {
				heap.Remove(&s.timers, c.sched.at)
			}
		} else {
			s.plan(c, next)
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

// timers is a heap by time.
type timers []*conn

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].sched.due.Before(t[j].sched.due) }

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].sched.at, t[j].sched.at = i, j
}

func (t *timers) Push(x any) {
	c := x.(*conn)
	c.sched.at = len(*t)
	*t = append(*t, c)
}

func (t *timers) Pop() any {
	old := *t
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	c.sched.at = -1
	return c
}
