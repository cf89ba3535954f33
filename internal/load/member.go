package load

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

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

// How often a member joins anew whose seat was given back under it, and how long after: whoever leaves and comes back at
// once is handed the old seat, until its server has told that it is free.
const (
	maxReleased   = 5
	releasedPause = 100 * time.Millisecond
)

func (m *member) enter(ctx context.Context) error {
	for try := 1; ; try++ {
		err := m.enterOnce(ctx)
		var closed *ClosedError
		if !errors.As(err, &closed) || closed.Code != uint16(wire.CloseReleased) || try > maxReleased {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(releasedPause):
		}
	}
}

func (m *member) enterOnce(ctx context.Context) error {
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
