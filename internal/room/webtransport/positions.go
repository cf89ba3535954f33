package webtransport

import (
	"bytes"
	"encoding/binary"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Positions in datagrams.
//
//	datagram = serial uvarint, rising · record Positions (8D)
const (
	maxDatagram = 1100 // bytes; what QUIC puts around them fits into the 1,200 that every path carries
	// settleAfter is how long a position may be lost: one without a later one is said again on the stream then.
	settleAfter = time.Second
)

// positions are what a member is told of where others are: of each the latest only.
type positions struct {
	mu     sync.Mutex
	fresh  map[uint64][]byte // entries to be sent, by member
	loose  map[uint64]loose  // that were sent, and may be lost
	serial uint64
	wake   chan struct{}
}

// loose is an entry that was sent in a datagram.
type loose struct {
	entry []byte
	since time.Time
}

func newPositions() positions {
	return positions{fresh: map[uint64][]byte{}, loose: map[uint64]loose{}, wake: make(chan struct{}, 1)}
}

// put takes the latest positions, in place of earlier ones.
func (p *positions) put(latest []room.Latest) {
	if len(latest) == 0 {
		return
	}
	p.mu.Lock()
	for _, l := range latest {
		p.fresh[l.Member] = bytes.Clone(l.Bytes)
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run sends datagrams, and what was perhaps lost on the stream, until the session ends.
func (p *positions) run(c *conn) {
	timer := time.NewTimer(settleAfter)
	defer timer.Stop()
	for {
		select {
		case <-c.session.Context().Done():
			return
		case <-p.wake:
			for _, d := range p.datagrams(time.Now()) {
				if c.session.SendDatagram(d) != nil {
					return
				}
				count(c.door.Traffic, 1, len(d))
			}
		case now := <-timer.C:
			if b := p.settle(now); b != nil {
				c.Out.Push(b)
				c.Out.Flush()
			}
		}
		if p.any() {
			timer.Reset(settleAfter / 4)
		}
	}
}

// datagrams puts what is fresh into as few datagrams as it takes.
func (p *positions) datagrams(now time.Time) (all [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var entries []byte
	flush := func() {
		p.serial++
		d := binary.AppendUvarint(make([]byte, 0, len(entries)+2*binary.MaxVarintLen64), p.serial)
		all = append(all, append(wire.AppendPositionsHead(d, len(entries)), entries...))
		entries = entries[:0]
	}
	for member, entry := range p.fresh {
		if len(entries)+len(entry) > maxDatagram-2*binary.MaxVarintLen64 {
			flush()
		}
		entries = append(entries, entry...)
		if isFar(entry) {
			delete(p.loose, member) // it is told again soon, or forgotten
			continue
		}
		p.loose[member] = loose{entry, now}
	}
	clear(p.fresh)
	if len(entries) > 0 {
		flush()
	}
	return all
}

// isFar tells whether an entry is marked as far.
func isFar(entry []byte) bool {
	const far = 2
	head, _ := binary.Uvarint(entry)
	return head&far != 0
}

// settle is a record of what was sent long ago and not replaced since; nil: nothing.
func (p *positions) settle(now time.Time) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var entries []byte
	for member, l := range p.loose {
		if now.Sub(l.since) >= settleAfter {
			entries = append(entries, l.entry...)
			delete(p.loose, member)
		}
	}
	if entries == nil {
		return nil
	}
	return append(wire.AppendPositionsHead(nil, len(entries)), entries...)
}

// any tells whether something may have been lost.
func (p *positions) any() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.loose) > 0
}
