package mqtt

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/room"
)

// maxFlights bounds the messages of QoS 1 and 2 a client has not acknowledged; its own receive maximum may be lower.
// Those beyond wait.
const maxFlights = 1024

// packetOverhead is counted for each packet of a session besides its bytes: a small one takes more to be remembered than
// to be sent.
const packetOverhead = 96

// cost is what a packet counts for in a session's limit; one without bytes is not kept.
func cost(b []byte) int {
	if b == nil {
		return 0
	}
	return len(b) + packetOverhead
}

// flight is a message whose identifier is in use.
type flight struct {
	packet          // b is nil unless the session is kept, and once PUBREC came
	number   uint16 // the packet identifier
	exactly  bool   // QoS 2
	received bool   // PUBREC came, PUBCOMP has not
}

// packet is a PUBLISH of QoS 1 or 2.
type packet struct {
	b       []byte // shared, without its identifier
	id      int    // where that stands
	granted bool   // not counted
	since   time.Time
}

// send queues s, filling in identifiers on a copy; granted ones are not counted. False: no room, nothing was queued. A
// parked session takes what it can and never refuses.
func (s *session) send(sh *room.Shared, now time.Time, granted bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.out == nil:
		s.store(sh)
		return true
	case sh.Holes == nil:
		return s.put(sh.Bytes, now, granted)
	case !granted && s.bytes > 0 && s.bytes+len(sh.Bytes)+len(sh.Holes)*packetOverhead > s.limit:
		return false
	}
	before := len(s.flights)
	fit := 0
	if len(s.waiting) == 0 && len(s.again) == 0 {
		fit = max(0, min(len(sh.Holes), s.max-before))
	}
	if ready := s.fill(sh, fit, now); len(ready) > 0 && !s.put(ready, now, granted) {
		for _, f := range s.flights[before:] {
			s.bytes -= cost(f.b)
		}
		s.flights = slices.Delete(s.flights, before, len(s.flights))
		return false
	}
	for _, h := range sh.Holes[fit:] {
		s.wait(packet{b: sh.Bytes[h.Start:h.End], id: h.ID - h.Start, granted: granted, since: now})
	}
	return true
}

// put hands packets to the writer. Those granted have their topics in full: they stay when the packets before them,
// which would have told the aliases, are dropped.
func (s *session) put(b []byte, now time.Time, granted bool) bool {
	if granted {
		s.out.Grant(b)
		return true
	}
	if s.aliases != nil {
		b = s.aliases.rewrite(b)
	}
	ok := s.out.Offer(b, now)
	if !ok && s.aliases != nil {
		s.aliases.forget()
	}
	return ok
}

func (s *session) wait(p packet) {
	s.waiting = append(s.waiting, p)
	if !p.granted {
		s.bytes += cost(p.b)
	}
}

// store keeps the messages of QoS 1 and 2 for the client's return, the oldest ones when there is no room for all.
func (s *session) store(sh *room.Shared) {
	now := time.Now()
	for _, h := range sh.Holes {
		if s.bytes+h.End-h.Start+packetOverhead > s.limit {
			s.counters.QueueDropped.Add(1)
			s.missed = true
			continue
		}
		s.wait(packet{b: bytes.Clone(sh.Bytes[h.Start:h.End]), id: h.ID - h.Start, since: now})
	}
}

// fill copies s without its last packets of QoS 1 and 2, giving identifiers to the first fit.
func (s *session) fill(sh *room.Shared, fit int, now time.Time) []byte {
	b := make([]byte, 0, len(sh.Bytes))
	at := 0
	for i, h := range sh.Holes {
		b = append(b, sh.Bytes[at:h.Start]...)
		if i < fit {
			start := len(b)
			b = append(b, sh.Bytes[h.Start:h.End]...)
			s.launch(b[start:], packet{id: h.ID - h.Start, since: now})
		}
		at = h.End
	}
	return append(b, sh.Bytes[at:]...)
}

// launch gives a packet that is about to be sent its identifier.
func (s *session) launch(b []byte, p packet) {
	f := flight{packet: p, number: s.identifier(), exactly: b[0]&0x04 != 0}
	binary.BigEndian.PutUint16(b[p.id:], f.number)
	f.b = nil
	if s.keep {
		f.b = bytes.Clone(b)
		s.bytes += cost(f.b)
	}
	s.flights = append(s.flights, f)
}

// identifier takes a free one. Any of those in use may be next: one that is never acknowledged is met once in 65,535.
func (s *session) identifier() uint16 {
	for {
		s.last++
		if s.last != 0 && s.find(s.last) < 0 {
			return s.last
		}
	}
}

// advance lets what is to be sent again and what waits go, as far as the client takes it.
func (s *session) advance(now time.Time) {
	if s.out == nil {
		return
	}
	var b []byte
	for len(s.again) > 0 && len(s.flights) < s.max {
		b = s.repeat(b, s.again[0])
		s.again = s.again[1:]
	}
	for len(s.waiting) > 0 && len(s.again) == 0 && len(s.flights) < s.max {
		p := s.waiting[0]
		s.waiting[0] = packet{}
		s.waiting = s.waiting[1:]
		if !p.granted {
			s.bytes -= cost(p.b)
		}
		fresh := s.aged(p, now)
		if fresh == nil {
			continue
		}
		p.since = now
		s.launch(fresh, p)
		b = append(b, fresh...)
	}
	if len(s.waiting) == 0 {
		s.waiting = nil
	}
	if len(b) == 0 {
		return
	}
	s.out.Grant(b) // counted while it waited
	s.out.Flush()
}

// repeat appends a packet that was sent over an earlier connection: PUBREL, or PUBLISH with DUP.
func (s *session) repeat(b []byte, f flight) []byte {
	if !f.received && s.largest > 0 && len(f.b) > s.largest {
		s.counters.TooLarge.Add(1)
		s.bytes -= cost(f.b)
		return b
	}
	s.flights = append(s.flights, f)
	s.counters.Redelivered.Add(1)
	if f.received {
		return appendAck(b, s.level, typePubrel, f.number, reasonSuccess, nil)
	}
	start := len(b)
	b = append(b, f.b...)
	b[start] |= 0x08
	return b
}

// aged is a copy of a packet that waited, with the rest of its expiry. nil: it is over, or the client does not take it.
func (s *session) aged(p packet, now time.Time) []byte {
	if s.largest > 0 && len(p.b) > s.largest {
		s.counters.TooLarge.Add(1)
		return nil
	}
	b := bytes.Clone(p.b)
	if s.level != level5 {
		return b
	}
	_, n := binary.Uvarint(b[p.id+2:])
	props := b[p.id+2+n:]
	if len(props) < 5 || props[0] != propExpiry || b[p.id+2] == 0 {
		return b
	}
	left := time.Duration(binary.BigEndian.Uint32(props[1:]))*time.Second - now.Sub(p.since)
	if left <= 0 {
		s.counters.Expired.Add(1)
		return nil
	}
	binary.BigEndian.PutUint32(props[1:], seconds(left))
	return b
}

// seconds rounds up.
func seconds(d time.Duration) uint32 { return uint32((d + time.Second - 1) / time.Second) }

// drop forgets what waits and what the writer has not taken, except what was granted, and tells the bytes.
func (s *session) drop() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	s.waiting = slices.DeleteFunc(s.waiting, func(p packet) bool {
		if !p.granted {
			n += len(p.b)
			s.bytes -= cost(p.b)
		}
		return !p.granted
	})
	if s.out == nil {
		return n
	}
	if s.aliases != nil {
		s.aliases.forget()
	}
	return n + s.out.Drop(s.unsend)
}

// unsend frees the identifiers in packets that were never sent.
func (s *session) unsend(b []byte) {
	for len(b) > 0 {
		size, n := binary.Uvarint(b[1:])
		body := b[1+n : 1+n+int(size)]
		if b[0]&0x06 != 0 {
			topic := int(binary.BigEndian.Uint16(body))
			s.land(binary.BigEndian.Uint16(body[2+topic:]))
		}
		b = b[1+n+int(size):]
	}
}

// find is a flight's index, or -1. The oldest are acknowledged first, as a rule.
func (s *session) find(number uint16) int {
	return slices.IndexFunc(s.flights, func(f flight) bool { return f.number == number })
}

// land frees an identifier.
func (s *session) land(number uint16) {
	if i := s.find(number); i >= 0 {
		s.bytes -= cost(s.flights[i].b)
		s.flights = slices.Delete(s.flights, i, i+1)
	}
}

// idle tells whether the client has taken everything, give or take half a window.
func (s *session) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out == nil || len(s.waiting) == 0 && len(s.again) == 0 && len(s.flights) <= s.max/2 && s.out.Idle()
}
