package mqtt

import (
	"encoding/binary"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room"
)

// maxUnacked bounds the QoS 1 messages a client has not acknowledged; its own receive maximum may be lower. Those beyond wait.
const maxUnacked = 1024

// window gives packet identifiers to QoS 1 messages and keeps the flow within what the client takes. Nothing is sent twice:
// sessions are clean, so an unacknowledged message is lost with its connection (§4.4).
type window struct {
	mu      sync.Mutex
	out     *room.Outbox
	max     int
	limit   int // bytes of waiting
	last    uint16
	unacked map[uint16]struct{}
	waiting []packet
	bytes   int // of waiting, those granted apart
}

// packet is a QoS 1 PUBLISH without its identifier.
type packet struct {
	b       []byte // shared
	id      int
	granted bool
}

func newWindow(out *room.Outbox) *window {
	return &window{out: out, max: maxUnacked, unacked: map[uint16]struct{}{}}
}

// send queues s, filling in identifiers on a copy; granted ones are not counted. False: no room, nothing was queued.
func (w *window) send(s *room.Shared, now time.Time, granted bool) bool {
	if s.Holes == nil {
		if granted {
			w.out.Grant(s.Bytes)
			return true
		}
		return w.out.Offer(s.Bytes, now)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !granted && w.bytes+len(s.Bytes) > w.limit {
		return false
	}
	fit := 0
	if len(w.waiting) == 0 {
		fit = min(len(s.Holes), w.max-len(w.unacked))
	}
	ready := w.fill(s, fit)
	switch {
	case len(ready) == 0:
	case granted:
		w.out.Grant(ready)
	case !w.out.Offer(ready, now):
		w.forget(ready)
		return false
	}
	for _, h := range s.Holes[fit:] {
		w.waiting = append(w.waiting, packet{s.Bytes[h.Start:h.End], h.ID - h.Start, granted})
		if !granted {
			w.bytes += h.End - h.Start
		}
	}
	return true
}

// fill copies s without its last QoS 1 packets, giving identifiers to the first fit.
func (w *window) fill(s *room.Shared, fit int) []byte {
	b := make([]byte, 0, len(s.Bytes))
	at := 0
	for i, h := range s.Holes {
		b = append(b, s.Bytes[at:h.Start]...)
		if i < fit {
			id := len(b) + h.ID - h.Start
			b = append(b, s.Bytes[h.Start:h.End]...)
			binary.BigEndian.PutUint16(b[id:], w.identifier())
		}
		at = h.End
	}
	return append(b, s.Bytes[at:]...)
}

// identifier takes a free one; there are far more than max.
func (w *window) identifier() uint16 {
	for {
		w.last++
		if _, taken := w.unacked[w.last]; !taken && w.last != 0 {
			w.unacked[w.last] = struct{}{}
			return w.last
		}
	}
}

// acked frees an identifier and lets what waits go on.
func (w *window) acked(id uint16) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.unacked, id)
	n := min(len(w.waiting), w.max-len(w.unacked))
	if n <= 0 {
		return
	}
	for _, p := range w.waiting[:n] {
		b := append([]byte(nil), p.b...)
		binary.BigEndian.PutUint16(b[p.id:], w.identifier())
		w.out.Push(b)
		if !p.granted {
			w.bytes -= len(p.b)
		}
	}
	clear(w.waiting[:n])
	if w.waiting = w.waiting[n:]; len(w.waiting) == 0 {
		w.waiting = nil
	}
	w.out.Flush()
}

// drop forgets what waits and what the writer has not taken.
func (w *window) drop() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.bytes
	kept := w.waiting[:0]
	for _, p := range w.waiting {
		if p.granted {
			kept = append(kept, p)
		}
	}
	clear(w.waiting[len(kept):])
	w.waiting, w.bytes = kept, 0
	return n + w.out.Drop(w.forget)
}

// forget frees the identifiers in packets that were never sent.
func (w *window) forget(b []byte) {
	for len(b) > 0 {
		size, n := binary.Uvarint(b[1:]) // MQTT's variable byte integer is LEB128 too
		body := b[1+n : 1+n+int(size)]
		if b[0]&0x06 != 0 {
			topic := int(binary.BigEndian.Uint16(body))
			delete(w.unacked, binary.BigEndian.Uint16(body[2+topic:]))
		}
		b = b[1+n+int(size):]
	}
}

// idle tells whether the client has taken everything, give or take half a window.
func (w *window) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) == 0 && len(w.unacked) <= w.max/2 && w.out.Idle()
}
