package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// Config says what a crowd is made of.
type Config struct {
	// Dial connects the i-th member, from 0 up, and says what it speaks. Several are dialled at once.
	Dial func(ctx context.Context, i int) (net.Conn, Wire, error)
	// Hz is how many updates each member sends a second; 0: none.
	Hz float64
	// Sample: of so many deliveries one is asked how long it took. 0: each.
	Sample int
	// ReadBuffer is what a member reads at once, in bytes. 0: 64 KiB.
	ReadBuffer int
	// Deaf tells of members that never read; nil: none. They are dialled anew when they are cut off.
	Deaf func(i int) bool
	// Polite members give their seats back when they go, where their wire is a Leaver.
	Polite bool
}

const (
	dialAtOnce   = 16          // members enter at a time
	leaveTimeout = time.Second // for the server to take a goodbye
)

// Crowd is all members of a load. Its methods are for one goroutine.
type Crowd struct {
	cfg     Config
	members []*member
	since   time.Time
	closed  []*member // whose result is not yet taken
}

// New makes an empty crowd.
func New(cfg Config) *Crowd {
	cfg.Sample = max(cfg.Sample, 1)
	if cfg.ReadBuffer == 0 {
		cfg.ReadBuffer = 64 << 10
	}
	return &Crowd{cfg: cfg, since: time.Now()}
}

// Len is how many members there are.
func (c *Crowd) Len() int { return len(c.members) }

// Resize dials or sends away members, the last first, until there are n. An error leaves those there are.
func (c *Crowd) Resize(ctx context.Context, n int) error {
	if n < len(c.members) {
		gone := c.members[n:]
		c.members = c.members[:n:n]
		leave(gone)
		c.closed = append(c.closed, gone...)
		return nil
	}
	fresh, err := c.enter(ctx, n-len(c.members))
	for _, m := range fresh {
		m.start()
	}
	in := 0
	for in < len(fresh) && fresh[in].i == len(c.members) {
		c.members = append(c.members, fresh[in])
		in++
	}
	leave(fresh[in:]) // behind one that did not get in
	return err
}

// enter dials n members and answers those that got in, by number. After an error no more are dialled.
func (c *Crowd) enter(ctx context.Context, n int) ([]*member, error) {
	var mu sync.Mutex
	var in []*member
	var failed error
	next := len(c.members)
	end := next + n
	var entering sync.WaitGroup
	for range min(n, dialAtOnce) {
		entering.Go(func() {
			for {
				mu.Lock()
				m := &member{crowd: c, i: next}
				next++
				over := m.i >= end || failed != nil
				mu.Unlock()
				if over {
					return
				}
				err := m.enter(ctx)
				mu.Lock()
				switch {
				case err == nil:
					in = append(in, m)
				case failed == nil:
					failed = fmt.Errorf("member %d: %w", m.i+1, err)
				}
				mu.Unlock()
			}
		})
	}
	entering.Wait()
	slices.SortFunc(in, func(a, b *member) int { return a.i - b.i })
	return in, failed
}

func leave(members []*member) {
	var leaving sync.WaitGroup
	for _, m := range members {
		leaving.Go(m.leave)
	}
	leaving.Wait()
}

// Begin starts what End sums up.
func (c *Crowd) Begin() {
	c.closed = nil
	for _, m := range c.members {
		m.mu.Lock()
		m.sink.reset()
		m.sent, m.late = 0, Histogram{}
		m.mu.Unlock()
	}
	c.since = time.Now()
}

// Result is what went on between Begin and End.
type Result struct {
	Elapsed   time.Duration
	Members   int    // at the end
	Lost      int    // members whose connection ended by itself, at whatever time
	Why       error  // the first of those ends
	Sent      uint64 // updates
	Delivered uint64 // updates received, all members together
	Bytes     uint64 // received
	Reads     uint64 // calls that received something
	Gaps      uint64 // events that did not come though nobody said so
	Resyncs   uint64 // snapshots because a member read too slowly
	Rejected  uint64 // updates that the room did not take
	Latency   Histogram
	Late      Histogram // how late updates were sent, measured by the crowd's own clock: what the crowd was short of CPU
}

// End sums up.
func (c *Crowd) End() Result {
	r := Result{Elapsed: time.Since(c.since), Members: len(c.members)}
	for _, m := range append(c.closed[:len(c.closed):len(c.closed)], c.members...) {
		m.mu.Lock()
		s := &m.sink
		r.Sent += m.sent
		r.Delivered += s.delivered
		r.Bytes += s.bytes
		r.Reads += s.reads
		r.Gaps += s.gaps
		r.Resyncs += s.resyncs
		r.Rejected += s.rejected
		r.Latency.Merge(&s.latency)
		r.Late.Merge(&m.late)
		if m.err != nil {
			r.Lost++
			if r.Why == nil {
				r.Why = m.err
			}
		}
		m.mu.Unlock()
	}
	return r
}

// Quiet stops all updates for good; members go on receiving.
func (c *Crowd) Quiet() {
	for _, m := range c.members {
		m.hush()
	}
}

// Close sends everybody away.
func (c *Crowd) Close() { _ = c.Resize(context.Background(), 0) }

// member is one of a crowd.
type member struct {
	crowd *Crowd
	i     int
	early []byte

	writing sync.WaitGroup
	reading sync.WaitGroup
	stop    chan struct{} // closed: no more updates
	stopped sync.Once

	mu   sync.Mutex
	conn net.Conn
	wire Wire
	gone bool // leave was called
	err  error
	sink Sink
	sent uint64
	late Histogram
}

func (m *member) enter(ctx context.Context) error {
	conn, w, err := m.crowd.cfg.Dial(ctx, m.i)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(enterTimeout))
	if m.early, err = w.Enter(conn); err != nil {
		conn.Close()
		return err
	}
	_ = conn.SetDeadline(time.Time{})
	m.conn, m.wire = conn, w
	return nil
}

func (m *member) start() {
	m.stop = make(chan struct{})
	m.sink.every = uint64(m.crowd.cfg.Sample)
	m.sink.turn = uint64(m.i) % m.sink.every // members take turns
	if m.crowd.cfg.Hz > 0 {
		m.writing.Go(m.write)
	}
	if m.crowd.cfg.Deaf == nil || !m.crowd.cfg.Deaf(m.i) {
		m.reading.Go(m.read)
	}
}

func (m *member) hush() {
	m.stopped.Do(func() { close(m.stop) })
	m.writing.Wait()
}

func (m *member) leave() {
	m.mu.Lock()
	m.gone = true
	conn := m.conn
	_ = conn.SetDeadline(time.Now().Add(leaveTimeout)) // ends a write that waits
	leaver, polite := m.wire.(Leaver)
	if polite = polite && m.crowd.cfg.Polite && m.err == nil; !polite {
		conn.Close()
	}
	m.mu.Unlock()
	m.hush()
	if polite {
		if _, err := conn.Write(leaver.Goodbye()); err != nil {
			conn.Close()
		}
	}
	m.reading.Wait()
	conn.Close()
}

// failed notes the end of the connection, once, unless it was wanted.
func (m *member) failed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.gone && m.err == nil {
		m.err = err
	}
	m.conn.Close()
}

// read hands what comes to the wire until the connection ends.
func (m *member) read() {
	buffer := make([]byte, m.crowd.cfg.ReadBuffer)
	have := copy(buffer, m.early)
	m.early = nil
	timed, _ := m.wire.(Timed)
	for fresh := have; ; {
		n, reply, err := m.scan(buffer[:have], fresh)
		if err == nil && len(reply) > 0 {
			_, err = m.conn.Write(reply)
		}
		if err != nil {
			m.failed(err)
			return
		}
		have = copy(buffer, buffer[n:have])
		if have == len(buffer) { // one message is longer
			buffer = append(buffer, make([]byte, len(buffer))...)
		}
		if timed != nil {
			m.readUntil(timed.Next())
		}
		if fresh, err = m.conn.Read(buffer[have:]); err != nil && (timed == nil || m.over(err)) {
			m.failed(err)
			return
		}
		have += fresh
	}
}

// readUntil has the next read end at t, unless the member is leaving.
func (m *member) readUntil(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.gone {
		_ = m.conn.SetReadDeadline(t)
	}
}

// over tells whether a read's error is the end, and not a time that has come.
func (m *member) over(err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gone || !errors.Is(err, os.ErrDeadlineExceeded)
}

func (m *member) scan(b []byte, fresh int) (n int, reply []byte, err error) {
	now := time.Now().UnixNano()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.sink
	s.now, s.Reply = now, s.Reply[:0]
	s.bytes += uint64(fresh)
	s.reads++
	if n, err = m.wire.Scan(b, s); err == nil {
		err = s.ended
	}
	return n, s.Reply, err
}

// write sends updates at the rate. Members take turns: each one's phase is its number's part of the golden ratio, which
// spreads any number of them evenly.
func (m *member) write() {
	every := time.Duration(float64(time.Second) / m.crowd.cfg.Hz)
	phase := math.Mod(float64(m.i)*math.Phi, 1)
	next := time.Now().Truncate(every).Add(every + time.Duration(phase*float64(every)))
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	var b []byte
	for {
		select {
		case <-m.stop:
			return
		case <-timer.C:
		}
		now := time.Now()
		b = m.wire.Update(b[:0], now.UnixNano())
		if len(b) > 0 {
			if _, err := m.conn.Write(b); err != nil && !m.again(err) {
				return
			}
		}
		m.mu.Lock()
		m.sent++
		m.late.Add(now.Sub(next))
		m.mu.Unlock()
		next = next.Add(every)
		timer.Reset(time.Until(next))
	}
}

// again: a deaf member that was cut off comes back, any other one is lost.
func (m *member) again(err error) bool {
	if m.crowd.cfg.Deaf == nil || !m.crowd.cfg.Deaf(m.i) {
		m.failed(err)
		return false
	}
	fresh := &member{crowd: m.crowd, i: m.i}
	ctx, cancel := context.WithTimeout(context.Background(), enterTimeout)
	defer cancel()
	err = fresh.enter(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil && !m.gone:
		m.err = errors.Join(m.err, err)
		return false
	case err == nil && m.gone:
		fresh.conn.Close()
		return false
	case err != nil:
		return false
	}
	m.conn, m.wire = fresh.conn, fresh.wire
	return true
}
