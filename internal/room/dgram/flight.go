package dgram

import "time"

// maxPieces bounds the stream spans and the position runs of one datagram.
const maxPieces = 4

// sent is one datagram that asked for an ack, until it and all before it are settled.
type sent struct {
	packet    uint64
	acked     uint64 // the highest packet of the ack in it; 0: none
	at        time.Time
	settled   bool // acknowledged or lost
	soon      bool // it asks for an ack soon
	close     bool
	challenge bool
	spans     [maxPieces]span
	runs      [maxPieces]run
	nSpans    int
	nRuns     int
}

// Window of datagrams on their way, in datagrams.
const (
	firstWindow = 32
	maxWindow   = 512
	leastWindow = 4 // after two silences in a row
	// floorWindow is how far losses alone bring the window down: a room's tick for one member must get through a path that
	// loses every tenth datagram for reasons of its own, and 16 datagrams a round trip overload none.
	floorWindow = 16
)

const (
	reorder    = 3 // a datagram is lost when one sent this much later arrived
	minTimeout = 5 * time.Millisecond
	maxTimeout = 2 * time.Second // unless the round trip is longer
	// leastSilence is how long nothing is taken for a loss, at least: longer than a room's default tick, so that the next
	// tick's datagrams, whose acknowledgement tells more than any probe, come first.
	leastSilence = 75 * time.Millisecond
	probes       = 2 // after a silence
)

// flight is what is on its way: it estimates the round trip, finds what was lost and bounds what is sent. RFC 9002 has the
// reasons of its arithmetic.
type flight struct {
	ring     []sent // by packet, from head on
	head     int
	open     int           // not settled
	soon     int           // of these, those that ask for an ack soon
	peerWait time.Duration // the longest that the peer keeps back such an ack
	lateWait time.Duration // and any ack

	srtt, rttvar, latest time.Duration
	measured             bool
	highest              uint64 // acknowledged
	lossAt               time.Time
	lastSent             time.Time
	silences             int // PTOs in a row

	window    float64
	threshold float64
	recovery  uint64 // losses of packets up to here have had their effect
	full      bool   // the window kept something back since the last ack
	probes    int    // datagrams that may be sent whatever the window says
}

func newFlight(rtt, peerWait, lateWait time.Duration) flight {
	return flight{
		srtt: rtt, rttvar: rtt / 2, latest: rtt, peerWait: peerWait, lateWait: lateWait,
		window: firstWindow, threshold: maxWindow,
	}
}

func (f *flight) list() []sent { return f.ring[f.head:] }

// mayOpen tells whether the window takes another datagram.
func (f *flight) mayOpen() bool {
	if f.open < int(f.window) || f.probes > 0 {
		return true
	}
	f.full = true
	return false
}

func (f *flight) add(s *sent) {
	if f.head > 0 && len(f.ring) == cap(f.ring) {
		n := copy(f.ring, f.ring[f.head:])
		clear(f.ring[n:])
		f.ring, f.head = f.ring[:n], 0
	}
	f.ring = append(f.ring, *s)
	f.open++
	if s.soon {
		f.soon++
	}
	f.probes = max(0, f.probes-1)
	f.lastSent = s.at
}

// tidy lets go of what is settled at the front.
func (f *flight) tidy() {
	for f.head < len(f.ring) && f.ring[f.head].settled {
		f.ring[f.head] = sent{}
		f.head++
	}
	if f.head == len(f.ring) {
		f.ring, f.head = f.ring[:0], 0
		if cap(f.ring) > 2*firstWindow {
			f.ring = nil
		}
	}
}

// ack takes an acknowledgement: arrived is called for each datagram that it settles.
func (f *flight) ack(highest uint64, bits []byte, waited time.Duration, now time.Time, arrived func(*sent)) {
	n := 0
	list := f.list()
	for i := range list {
		s := &list[i]
		if s.packet > highest {
			break
		}
		if s.settled || !came(highest-s.packet, bits) {
			continue
		}
		if s.packet == highest {
			f.sample(now.Sub(s.at), waited)
		}
		f.settle(s)
		n++
		if s.packet > f.recovery {
			f.grow()
		}
		arrived(s)
	}
	f.highest = max(f.highest, highest)
	if n > 0 {
		f.silences = 0
		f.full = false
	}
}

func (f *flight) settle(s *sent) {
	s.settled = true
	f.open--
	if s.soon {
		f.soon--
	}
}

// came tells whether the ack's bits say that the packet this far below the highest arrived.
func came(below uint64, bits []byte) bool {
	if below == 0 {
		return true
	}
	i := (below - 1) / 8
	return i < uint64(len(bits)) && bits[i]>>((below-1)%8)&1 != 0
}

// grow makes the window larger for one arrived datagram, if the window is what bounds the sending.
func (f *flight) grow() {
	switch {
	case !f.full || f.window >= maxWindow:
	case f.window < f.threshold:
		f.window++
	default:
		f.window += 1 / f.window
	}
}

func (f *flight) sample(rtt, waited time.Duration) {
	rtt = max(rtt, time.Microsecond)
	if waited = min(waited, f.lateWait); rtt-waited > 0 {
		rtt -= waited
	}
	f.latest = rtt
	if !f.measured {
		f.measured, f.srtt, f.rttvar = true, rtt, rtt/2
		return
	}
	f.rttvar = (3*f.rttvar + (f.srtt - rtt).Abs()) / 4
	f.srtt = (7*f.srtt + rtt) / 8
}

// detect finds what was lost: gone is called for each. The runs and spans sent later are still in the list.
func (f *flight) detect(now time.Time, gone func(at int)) {
	f.lossAt = time.Time{}
	patience := max(max(f.srtt, f.latest)*9/8, minTimeout)
	list := f.list()
	for i := range list {
		s := &list[i]
		if s.packet >= f.highest {
			break
		}
		if s.settled {
			continue
		}
		if due := s.at.Add(patience); s.packet+reorder > f.highest && due.After(now) {
			if f.lossAt.IsZero() || due.Before(f.lossAt) {
				f.lossAt = due
			}
			continue
		}
		f.lose(i, gone)
	}
}

// lose settles the i-th datagram of the list as lost, once in a round trip with an effect on the window.
func (f *flight) lose(i int, gone func(at int)) {
	s := &f.list()[i]
	f.settle(s)
	if s.packet > f.recovery {
		list := f.list()
		f.recovery = list[len(list)-1].packet
		f.threshold = max(f.window*0.7, floorWindow)
		f.window = min(f.window, f.threshold)
	}
	gone(i)
}

// timeout is when silence is taken for a loss; zero: nothing is on its way.
func (f *flight) timeout() time.Time {
	if f.open == 0 {
		return time.Time{}
	}
	wait := f.lateWait
	if f.soon > 0 {
		wait = f.peerWait
	}
	wait = max(f.srtt+max(4*f.rttvar, minTimeout)+wait, leastSilence)
	return f.lastSent.Add(max(wait, min(wait<<min(f.silences, 10), maxTimeout)))
}

// silence gives up the oldest datagrams on their way, so that something is sent again and asks for an ack.
func (f *flight) silence(now time.Time, gone func(at int)) {
	f.silences++
	f.lastSent = now
	f.probes = probes
	if f.silences == 2 {
		f.threshold, f.window = floorWindow, leastWindow
	}
	n := 0
	for i := 0; i < len(f.list()) && n < probes; i++ {
		if !f.list()[i].settled {
			f.lose(i, gone)
			n++
		}
	}
}
