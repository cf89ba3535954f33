// Package load owns cheap players: connections that say something at a rate and count what comes back while looking at as
// few of its bytes as they can, so that two cores can both serve a room and fill it. What they speak is a Wire; the room
// server's are here, a benchmark may bring others.
package load

import (
	"fmt"
	"net"
	"time"
)

// Wire is one member's side of a protocol. Enter comes first; after it, one goroutine calls Update and another one Scan.
type Wire interface {
	// Enter says hello on a new connection and returns once the member is in; early is what was read of what came behind.
	Enter(conn net.Conn) (early []byte, err error)
	// Update appends the next message, whose stamp receivers can read back. stamp is in ns.
	Update(b []byte, stamp int64) []byte
	// Scan takes the whole messages at the start of b, tells them to s, and answers how many bytes that was.
	Scan(b []byte, s *Sink) (n int, err error)
}

// ClosedError says that the room ended the connection.
type ClosedError struct {
	Code   uint16 // see wire.CloseCode; 0: not said
	Reason string
}

// Error tells the code and the room's own sentence.
func (e *ClosedError) Error() string {
	if e.Code == 0 {
		return "the room closed the connection"
	}
	return fmt.Sprintf("the room closed the connection: %d %s", e.Code, e.Reason)
}

// Leaver is a Wire that can say goodbye: what the server answers with the end of the connection.
type Leaver interface{ Goodbye() []byte }

// Timed is a Wire that has something to do at times though nothing comes: Scan is then called with nothing.
type Timed interface{ Next() time.Time }

// Sink is told what a member received.
type Sink struct {
	// Reply is sent back, as it is, after Scan.
	Reply []byte

	now       int64 // when the bytes at hand came, in ns
	every     uint64
	turn      uint64 // goes round to every
	delivered uint64
	bytes     uint64
	reads     uint64
	gaps      uint64
	resyncs   uint64
	rejected  uint64
	latency   Histogram
	ended     error // the server said that it is over
}

// Deliver counts an update that came, and tells whether its stamp is asked for.
func (s *Sink) Deliver() bool {
	s.delivered++
	if s.turn++; s.turn < s.every {
		return false
	}
	s.turn = 0
	return true
}

// Stamp measures an update's way here.
func (s *Sink) Stamp(sent int64) { s.latency.Add(time.Duration(s.now - sent)) }

// Stamp32 is Stamp where only the lower 32 bits of µs came along.
func (s *Sink) Stamp32(sent uint32) {
	s.latency.Add(time.Duration(int32(uint32(s.now/1000)-sent)) * time.Microsecond)
}

// Gap counts events that did not come though nobody said so.
func (s *Sink) Gap(events uint64) { s.gaps += events }

// Resync counts a snapshot because the member read too slowly.
func (s *Sink) Resync() { s.resyncs++ }

// Reject counts an update that the room did not take.
func (s *Sink) Reject() { s.rejected++ }

func (s *Sink) reset() { *s = Sink{Reply: s.Reply[:0], every: s.every, turn: s.turn} }
