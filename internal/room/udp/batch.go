package udp

import (
	"net/netip"

	"greenroom.dev/greenroom/internal/room/dgram"
)

const (
	// batchBytes and batchMessages bound what is handed to the kernel at once.
	batchBytes    = 128 << 10
	batchMessages = 128
	// maxSegments is how many datagrams to one address the kernel takes as one; it takes 64, and 65,507 bytes.
	maxSegments = 48

	segmentBytes = dgram.MaxDatagram
)

// batch is datagrams on their way to the kernel.
type batch struct {
	arena    []byte
	used     int
	messages []message
	outgoing *outgoing // the kernel's own
}

// message is one datagram, or several of dgram.MaxDatagram bytes to one address, the last of which may be shorter.
type message struct {
	at, end  int // in arena
	segments int
	to       netip.AddrPort
}

func newBatch() *batch {
	return &batch{arena: make([]byte, batchBytes), messages: make([]message, 0, batchMessages)}
}

// fits tells whether there is room for one more datagram.
func (b *batch) fits() bool {
	return b.used+dgram.MaxDatagram <= len(b.arena) && len(b.messages) < batchMessages
}

// room is where the next datagram is written.
func (b *batch) room() []byte { return b.arena[b.used : b.used+dgram.MaxDatagram] }

// add takes the n bytes in room.
func (b *batch) add(n int, to netip.AddrPort) {
	at := b.used
	b.used += n
	if len(b.messages) > 0 {
		m := &b.messages[len(b.messages)-1]
		if m.to == to && m.end-m.at == m.segments*dgram.MaxDatagram && m.segments < maxSegments {
			m.end, m.segments = b.used, m.segments+1
			return
		}
	}
	b.messages = append(b.messages, message{at, b.used, 1, to})
}

func (b *batch) reset() { b.used, b.messages = 0, b.messages[:0] }

// split puts the segments of the messages from i on into messages of their own. There may be more than batchMessages then.
func (b *batch) split(i int) {
	var apart []message
	for _, m := range b.messages[i:] {
		for at := m.at; at < m.end; at += dgram.MaxDatagram {
			apart = append(apart, message{at, min(at+dgram.MaxDatagram, m.end), 1, m.to})
		}
	}
	b.messages = append(b.messages[:i], apart...)
}
