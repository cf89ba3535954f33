package room

import (
	"errors"
	"net"
	"time"
)

// Listener reads a connection for its door and looks up from time to time. The deadline is not moved by what comes in, so
// that a message costs no timer.
type Listener struct {
	Conn  net.Conn
	Early []byte        // read before; comes first
	Every time.Duration // between two calls of Silence, at most; may change between reads
	// Silence is told how long nothing came; its error ends the reading. It is also called while things come.
	Silence func(silent time.Duration) error
	Heard   time.Time // when something came last
}

// Look starts the time to the next call of Silence.
func (l *Listener) Look(now time.Time) { _ = l.Conn.SetReadDeadline(now.Add(l.Every)) }

// Read implements io.Reader.
func (l *Listener) Read(p []byte) (int, error) {
	if len(l.Early) > 0 {
		n := copy(p, l.Early)
		l.Early = l.Early[n:]
		return n, nil
	}
	for {
		n, err := l.Conn.Read(p)
		if n > 0 {
			l.Heard = time.Now()
			return n, nil
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			return 0, err
		}
		now := time.Now()
		if err := l.Silence(now.Sub(l.Heard)); err != nil {
			return 0, err
		}
		l.Look(now)
	}
}
