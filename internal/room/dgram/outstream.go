package dgram

import (
	"slices"
	"time"
)

// Class says what may happen to queued stream bytes.
type Class byte

// Shared bytes count against the queue's limit and may be dropped before their first byte was sent; Private ones count and stay;
// Granted ones do neither.
const (
	Shared Class = iota
	Private
	Granted
)

// item is one slice of the stream. It is never changed.
type item struct {
	b     []byte
	at    uint64 // where it begins; set when its first byte is sent
	class Class
	since time.Time
}

// outStream is the sending half of the stream: what is queued, what was sent, and what has to be sent again.
type outStream struct {
	items   []item
	begun   int    // items[:begun] have their place in the stream
	placed  uint64 // where the next item to begin goes
	base    uint64 // everything before is acknowledged
	next    uint64 // everything before was sent once
	waiting int    // bytes that were never sent
	counted int    // bytes in items that count against the limit
	acked   spans  // beyond base
	again   spans  // lost
	window  uint64
}

func (o *outStream) push(b []byte, class Class, now time.Time) {
	if len(b) == 0 {
		return
	}
	o.items = append(o.items, item{b: b, class: class, since: now})
	o.waiting += len(b)
	if class != Granted {
		o.counted += len(b)
	}
}

// end is where the stream will end once everything queued was sent.
func (o *outStream) end() uint64 { return o.next + uint64(o.waiting) }

// idle tells whether everything queued was acknowledged.
func (o *outStream) idle() bool { return len(o.items) == 0 }

// oldest is since when the oldest counted bytes wait to be acknowledged; zero: there are none.
func (o *outStream) oldest() time.Time {
	if o.counted > 0 {
		for i := range o.items {
			if o.items[i].class != Granted {
				return o.items[i].since
			}
		}
	}
	return time.Time{}
}

// drop forgets the shared bytes that were not begun and tells how many.
func (o *outStream) drop() (n int) {
	kept := o.items[:o.begun]
	for _, it := range o.items[o.begun:] {
		if it.class == Shared {
			n += len(it.b)
		} else {
			kept = append(kept, it)
		}
	}
	clear(o.items[len(kept):])
	o.items = kept
	o.waiting -= n
	o.counted -= n
	return n
}

// sendable is how many bytes that were never sent may be sent now.
func (o *outStream) sendable() int {
	return min(o.waiting, int(o.base+o.window-o.next))
}

// begin answers the next bytes to send, at most limit, as a span.
func (o *outStream) begin(limit int) span {
	n := min(limit, o.sendable())
	s := span{o.next, o.next + uint64(n)}
	for o.placed < s.end {
		it := &o.items[o.begun]
		it.at = o.placed
		o.placed += uint64(len(it.b))
		o.begun++
	}
	o.next = s.end
	o.waiting -= n
	return s
}

// repeat answers lost bytes to send again, at most limit.
func (o *outStream) repeat(limit int) span {
	s := o.again[0]
	s.end = min(s.end, s.at+uint64(limit))
	o.again.remove(s)
	return s
}

// copy appends the bytes of s, which were begun and are not all acknowledged.
func (o *outStream) copy(b []byte, s span) []byte {
	i, found := slices.BinarySearchFunc(o.items[:o.begun], s.at, func(it item, at uint64) int {
		switch {
		case it.at < at:
			return -1
		case it.at > at:
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	for s.at < s.end {
		it := &o.items[i]
		part := it.b[s.at-it.at:]
		part = part[:min(uint64(len(part)), s.end-s.at)]
		b = append(b, part...)
		s.at += uint64(len(part))
		i++
	}
	return b
}

// ack takes what arrived, and lets go of the items before base.
func (o *outStream) ack(s span) {
	if s.end <= o.base {
		return
	}
	o.again.remove(s)
	o.acked.add(span{max(s.at, o.base), s.end})
	if o.acked[0].at > o.base {
		return
	}
	o.base = o.acked[0].end
	o.acked = slices.Delete(o.acked, 0, 1)
	n := 0
	for n < o.begun && o.items[n].at+uint64(len(o.items[n].b)) <= o.base {
		if o.items[n].class != Granted {
			o.counted -= len(o.items[n].b)
		}
		n++
	}
	o.items = slices.Delete(o.items, 0, n)
	o.begun -= n
}

// lose has s sent again, but for what arrived by another way.
func (o *outStream) lose(s span) {
	if s.at = max(s.at, o.base); s.at >= s.end {
		return
	}
	o.again.add(s)
	for _, a := range o.acked {
		o.again.remove(a)
	}
}
