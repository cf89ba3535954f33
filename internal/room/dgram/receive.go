package dgram

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// Receive takes a Data datagram of this connection; b is changed. ErrMalformed, ErrForged and ErrReplay say that it is to
// be ignored; any other error, ErrProtocol or the Sink's, that the connection is to be closed.
func (e *Endpoint) Receive(b []byte, from netip.AddrPort, now time.Time, sink Sink) error {
	if id, ok := ConnectionOf(b); !ok || id != e.cfg.ID {
		return ErrMalformed
	}
	packet := binary.LittleEndian.Uint64(b[9:])
	if packet == 0 || e.seen.taken(packet) {
		return ErrReplay
	}
	plain, err := e.cfg.Open.Open(b[headerBytes:headerBytes], putNonce(&e.nonce, packet), b[headerBytes:], b[:headerBytes])
	if err != nil {
		return ErrForged
	}
	newest := packet > e.seen.top
	gap := packet != e.seen.top+1
	e.seen.mark(packet)
	e.path.came(from, len(b), newest, e.cfg.Random)
	e.heard = model.Later(e.heard, now)
	if newest {
		e.highestAt = now
	}
	asks, err := e.frames(packet, plain, from, now, sink)
	e.ackNew = true
	if asks != asksNothing {
		e.askedForAck(asks, gap, now)
	}
	return err
}

// askedForAck decides how soon.
func (e *Endpoint) askedForAck(asks asking, gap bool, now time.Time) {
	e.unacked++
	delay := ServerAckDelay
	switch {
	case e.cfg.Player && asks == asksLater:
		delay = LatestAckDelay
	case e.cfg.Player:
		delay = PlayerAckDelay
	}
	due := now.Add(delay)
	if gap || e.unacked >= ackEvery || e.told.set {
		due = now
	}
	if e.ackSoon.IsZero() || due.Before(e.ackSoon) {
		e.ackSoon = due
	}
}

func (e *Endpoint) frames(packet uint64, b []byte, from netip.AddrPort, now time.Time, sink Sink) (asks asking, err error) {
	for len(b) > 0 {
		f, rest, ok := nextFrame(b)
		if !ok {
			return asks, ErrProtocol
		}
		b = rest
		asks = max(asks, f.kind.asks())
		switch f.kind {
		case frameAck:
			err = e.acknowledged(&f, now)
		case frameStream:
			err = e.in.add(f.n, f.bytes, sink.Stream)
		case frameLatest:
			err = sink.Latest(packet, f.n, f.bytes)
		case framePathChallenge:
			e.path.answer, e.path.owed = f.n, true
		case framePathResponse:
			e.path.answered(f.n, from)
		case frameClose:
			if !e.told.set {
				e.told = closing{set: true, code: uint16(f.n), reason: string(f.bytes), end: f.m}
			}
		}
		if err != nil {
			return asks, err
		}
	}
	if e.told.set && !e.told.taken && e.in.next >= e.told.end {
		e.told.taken = true
		sink.Closed(e.told.code, e.told.reason)
	}
	return asks, nil
}

var errAckedUnsent = errors.New("an ack of what was not sent")

func (e *Endpoint) acknowledged(f *frame, now time.Time) error {
	if f.n > e.packet {
		return errors.Join(ErrProtocol, errAckedUnsent)
	}
	waited := time.Duration(min(f.m, 1<<30)) * time.Microsecond
	e.flight.ack(f.n, f.bytes, waited, now, e.arrived)
	e.flight.detect(now, e.lost)
	e.flight.tidy()
	return nil
}
