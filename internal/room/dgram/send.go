package dgram

import (
	"encoding/binary"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Send builds the next datagram in buf, of at least MaxDatagram bytes, and answers its length; 0: there is none now. A
// datagram that another one follows at once has MaxDatagram bytes, so that several go to the kernel as one.
func (e *Endpoint) Send(buf []byte, now time.Time) int {
	if e.expire(now); e.over {
		return 0
	}
	limit := e.path.budget() - tagBytes
	if limit < headerBytes+challengeFrame {
		e.ackSoon = time.Time{} // what comes next asks again, and allows more
		return 0
	}
	work := e.work() && e.flight.mayOpen()
	if !work && (e.ackSoon.IsZero() || e.ackSoon.After(now)) {
		return 0
	}
	e.packet++
	b := e.header(buf)
	s := sent{packet: e.packet, at: now}
	if e.ackNew && limit >= headerBytes+challengeFrame+maxAckFrame {
		b = e.appendAck(b, now)
		s.acked = e.seen.top
	}
	asks := false
	if work {
		var more bool
		b, asks, more = e.pack(b, limit, &s)
		if more && asks && limit == MaxDatagram-tagBytes && e.flight.open+1 < int(e.flight.window) {
			n := len(b)
			b = b[:limit]
			clear(b[n:]) // padding
		}
	}
	if len(b) == headerBytes { // what there is does not fit; what comes next allows more, and asks again
		e.packet--
		e.ackSoon = time.Time{}
		return 0
	}
	b = e.cfg.Seal.Seal(b[:headerBytes], putNonce(&e.nonce, e.packet), b[headerBytes:], b[:headerBytes])
	if !e.path.proved {
		e.path.sent += len(b)
	}
	if asks {
		s.soon = s.nRuns == 0 || s.nSpans > 0 || s.close // more than positions
		e.flight.add(&s)
	}
	return len(b)
}

// work tells whether there is something to send that asks for an ack.
func (e *Endpoint) work() bool {
	if e.told.taken {
		return false
	}
	return e.ping || e.path.owed || !e.path.proved && !e.path.asked ||
		len(e.out.again) > 0 || e.out.sendable() > 0 || e.latest.ready(e.out.next) || e.closeDue()
}

// closeDue: everything before it was sent, and it is not on its way.
func (e *Endpoint) closeDue() bool {
	return e.closing.set && !e.closing.sent && !e.closing.taken && e.out.waiting == 0
}

// ackAgain is how far below what the peer knows to have arrived an ack goes on: for what came late, after others.
const ackAgain = 16

func (e *Endpoint) appendAck(b []byte, now time.Time) []byte {
	b = append(b, byte(frameAck))
	b = binary.AppendUvarint(b, e.seen.top)
	b = binary.AppendUvarint(b, uint64(max(0, now.Sub(e.highestAt))/time.Microsecond))
	at := len(b)
	b = e.seen.below(append(b, 0), int(min(e.seen.top-e.ackKnown+ackAgain, 8*maxAckBytes)))
	b[at] = byte(len(b) - at - 1)
	e.ackNew, e.ackSoon, e.unacked = false, time.Time{}, 0
	return b
}

// pack fills a datagram with what asks for an ack. more: there is something left for the next one.
func (e *Endpoint) pack(b []byte, limit int, s *sent) (_ []byte, asks, more bool) {
	start := len(b)
	if e.path.owed && len(b)+challengeFrame <= limit {
		b = binary.LittleEndian.AppendUint64(append(b, byte(framePathResponse)), e.path.answer)
		e.path.owed = false
	}
	if !e.path.proved && !e.path.asked {
		b = binary.LittleEndian.AppendUint64(append(b, byte(framePathChallenge)), e.path.challenge)
		e.path.asked, s.challenge = true, true
		return b, true, false // short, so that it can be said again
	}
	b = e.packStream(b, limit, s)
	b = e.packLatest(b, limit, s)
	if e.closeDue() && len(b)+1+10+10+2+len(e.closing.reason) <= limit {
		b = binary.AppendUvarint(append(b, byte(frameClose)), uint64(e.closing.code))
		b = binary.AppendUvarint(b, e.closing.end)
		b = binary.AppendUvarint(b, uint64(len(e.closing.reason)))
		b = append(b, e.closing.reason...)
		e.closing.sent, s.close = true, true
	}
	if e.ping && len(b) == start {
		b = append(b, byte(framePing))
	}
	e.ping = false
	return b, len(b) > start, e.work()
}

// leastPiece is how much room a piece of the stream should have, so that a little room is not filled with headers.
const leastPiece = 24

func (e *Endpoint) packStream(b []byte, limit int, s *sent) []byte {
	for s.nSpans < maxPieces {
		again := len(e.out.again) > 0
		at := e.out.next
		if again {
			at = e.out.again[0].at
		} else if e.out.sendable() == 0 {
			return b
		}
		room := limit - len(b) - 1 - sizeUvarint(at) - 2
		if room < leastPiece {
			return b
		}
		var sp span
		if again {
			sp = e.out.repeat(room)
		} else {
			sp = e.out.begin(room)
		}
		b = binary.AppendUvarint(append(b, byte(frameStream)), sp.at)
		b = binary.AppendUvarint(b, sp.end-sp.at)
		b = e.out.copy(b, sp)
		s.spans[s.nSpans] = sp
		s.nSpans++
	}
	return b
}

func (e *Endpoint) packLatest(b []byte, limit int, s *sent) []byte {
	for s.nRuns < maxPieces && e.latest.ready(e.out.next) {
		head := 1 + sizeUvarint(e.out.next) + 2 + len(e.cfg.Head)
		r, size := e.latest.take(e.out.next, limit-len(b)-head)
		if size == 0 {
			return b
		}
		b = binary.AppendUvarint(append(b, byte(frameLatest)), r.after)
		b = binary.AppendUvarint(b, uint64(len(e.cfg.Head)+size))
		b = append(b, e.cfg.Head...)
		b = appendEntries(b, r.entries)
		s.runs[s.nRuns] = r
		s.nRuns++
	}
	return b
}

// appendEntries copies entries that lie side by side in memory, as those of one tick do, at once.
func appendEntries(b []byte, entries []wire.Latest) []byte {
	var together []byte
	for i := range entries {
		next := entries[i].Bytes
		n := len(together)
		if n > 0 && len(next) > 0 && n+len(next) <= cap(together) && &together[:n+1][n] == &next[0] {
			together = together[:n+len(next)]
			continue
		}
		b = append(b, together...)
		together = next
	}
	return append(b, together...)
}
