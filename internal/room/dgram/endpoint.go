package dgram

import (
	"cmp"
	"crypto/cipher"
	"encoding/binary"
	"net/netip"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Config is what an Endpoint is made with.
type Config struct {
	ID     uint64
	Seal   cipher.AEAD    // of what is sent
	Open   cipher.AEAD    // of what comes
	Peer   netip.AddrPort // proved
	Now    time.Time
	RTT    time.Duration // a first guess; 0: 100 ms
	Player bool          // else the room server's end
	// Head begins every telling of positions.
	Head []byte
	// KeepAlive: a peer that is silent this long is pinged, again and again, and given up after Idle. 0: the defaults.
	KeepAlive, Idle time.Duration
	Linger          time.Duration // for the peer to take a close; 0: 2 s
	Random          func() uint64 // unpredictable to the peer
}

// Sink takes what comes, while Receive runs. Byte slices are good during the call only. An error ends the connection.
type Sink interface {
	// Stream takes the next bytes of the peer's stream.
	Stream(b []byte) error
	// Latest takes positions: packet says which are newer, after how far the stream was when they were told.
	Latest(packet, after uint64, body []byte) error
	// Closed: the peer closed the connection, and everything before came.
	Closed(code uint16, reason string)
}

// Endpoint is one end of a connection. It has no goroutine and no lock: whoever owns it calls Receive with what came,
// then Send until it answers 0, and again at Next.
type Endpoint struct {
	cfg  Config
	path path

	packet uint64 // the last sent
	flight flight
	out    outStream
	latest outLatest
	ping   bool // wanted

	seen      received
	in        inStream
	ackSoon   time.Time // an ack is due; zero: none
	unacked   int       // datagrams that asked for one
	highestAt time.Time // when the highest packet came
	ackNew    bool      // something came since the last ack
	ackKnown  uint64    // the peer has an ack of this packet

	heard   time.Time
	pinged  time.Time
	over    bool
	closing closing
	told    closing // the peer's
	nonce   [12]byte
}

// closing is a close on its way, or come.
type closing struct {
	set    bool
	code   uint16
	reason string
	end    uint64
	sent   bool // on its way
	taken  bool // acknowledged, or given to the Sink
	until  time.Time
}

// DefaultKeepAlive and DefaultIdle are used where a Config says 0.
const (
	DefaultKeepAlive = 15 * time.Second
	DefaultIdle      = 45 * time.Second
)

const (
	firstRTT      = 100 * time.Millisecond
	defaultLinger = 2 * time.Second
	// ackEvery is after how many datagrams an ack is not kept back.
	ackEvery = 8
)

// New makes an end of an accepted connection.
func New(cfg Config) *Endpoint {
	cfg.RTT = cmp.Or(cfg.RTT, firstRTT)
	cfg.Linger = cmp.Or(cfg.Linger, defaultLinger)
	cfg.KeepAlive, cfg.Idle = cmp.Or(cfg.KeepAlive, DefaultKeepAlive), cmp.Or(cfg.Idle, DefaultIdle)
	e := &Endpoint{cfg: cfg, path: path{to: cfg.Peer, proved: true}, heard: cfg.Now, pinged: cfg.Now}
	if cfg.Player {
		e.flight = newFlight(cfg.RTT, ServerAckDelay, ServerAckDelay)
		e.out.window, e.in.window = PlayerWindow, ServerWindow
	} else {
		e.flight = newFlight(cfg.RTT, PlayerAckDelay, LatestAckDelay)
		e.out.window, e.in.window = ServerWindow, PlayerWindow
	}
	return e
}

// Write queues bytes of the stream; they are kept as they are until the peer has them. After Close it does nothing.
func (e *Endpoint) Write(b []byte, class Class, now time.Time) {
	if !e.closing.set {
		e.out.push(b, class, now)
	}
}

// Queued is how many counted bytes wait to be sent or acknowledged, and since when the oldest of them.
func (e *Endpoint) Queued() (bytes int, since time.Time) { return e.out.counted, e.out.oldest() }

// Idle tells whether the peer has everything of the stream.
func (e *Endpoint) Idle() bool { return e.out.idle() }

// Drop forgets the shared bytes of which nothing was sent, and all positions, and tells the bytes.
func (e *Endpoint) Drop() int {
	e.latest.clear()
	return e.out.drop()
}

// Tell queues positions in place of older ones of the same members, to be sent once everything written before was.
// Neither entries nor their bytes may change afterwards.
func (e *Endpoint) Tell(entries []wire.Latest) {
	if !e.closing.set && len(entries) > 0 {
		e.latest.tell(run{e.out.end(), entries})
	}
}

// Close tells the peer why, after what was written, and ends the connection. The first call counts.
func (e *Endpoint) Close(code uint16, reason string, now time.Time) {
	if !e.closing.set {
		e.closing = closing{
			set: true, code: code, reason: reason[:min(len(reason), MaxReason)], end: e.out.end(), until: now.Add(e.cfg.Linger),
		}
		e.latest.clear()
	}
}

// Over tells whether the connection has ended: closed by either end, or silent for too long. Whatever is left to send may
// still be sent.
func (e *Endpoint) Over() bool { return e.over }

// Closing tells whether Close was called.
func (e *Endpoint) Closing() bool { return e.closing.set }

// Peer is where datagrams go now.
func (e *Endpoint) Peer() netip.AddrPort { return e.path.to }

// Heard is when something came last.
func (e *Endpoint) Heard() time.Time { return e.heard }

// RTT is the estimate of the round trip.
func (e *Endpoint) RTT() time.Duration { return e.flight.srtt }

// Next is when Send is to be called though nothing happened. It is never zero.
func (e *Endpoint) Next() time.Time {
	next := e.heard.Add(e.cfg.Idle)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	sooner(model.Later(e.heard, e.pinged).Add(e.cfg.KeepAlive))
	sooner(e.ackSoon)
	sooner(e.flight.lossAt)
	sooner(e.flight.timeout())
	if e.closing.set {
		sooner(e.closing.until)
	}
	return next
}

// Due is Next, or now if Send has something to send now.
func (e *Endpoint) Due(now time.Time) time.Time {
	if e.work() && e.flight.mayOpen() {
		return now
	}
	return e.Next()
}

// Left tells whether the peer has closed, and everything it is still owed was sent.
func (e *Endpoint) Left() bool { return e.told.taken && e.ackSoon.IsZero() }

// expire does what is due by now.
func (e *Endpoint) expire(now time.Time) {
	if t := e.flight.lossAt; !t.IsZero() && !t.After(now) {
		e.flight.detect(now, e.lost)
		e.flight.tidy()
	}
	if t := e.flight.timeout(); !t.IsZero() && !t.After(now) {
		e.flight.silence(now, e.lost)
		e.flight.tidy()
		e.ping = true
	}
	if !model.Later(e.heard, e.pinged).Add(e.cfg.KeepAlive).After(now) {
		e.ping, e.pinged = true, now
	}
	if !e.heard.Add(e.cfg.Idle).After(now) || e.closing.set && !e.closing.until.After(now) {
		e.over = true
	}
}

// lost has what was in the i-th datagram on its way sent again, as far as it still matters.
func (e *Endpoint) lost(i int) {
	list := e.flight.list()
	s := &list[i]
	for _, sp := range s.spans[:s.nSpans] {
		e.out.lose(sp)
	}
	if s.nRuns > 0 {
		e.latest.lose(s.runs[:s.nRuns], func(yield func(*run)) {
			for j := i + 1; j < len(list); j++ {
				for k := range list[j].nRuns {
					yield(&list[j].runs[k])
				}
			}
		})
	}
	if s.close {
		e.closing.sent = false
	}
	if s.challenge {
		e.path.asked = false
	}
	s.runs, s.nRuns = [maxPieces]run{}, 0
}

func (e *Endpoint) arrived(s *sent) {
	for _, sp := range s.spans[:s.nSpans] {
		e.out.ack(sp)
	}
	e.ackKnown = max(e.ackKnown, s.acked)
	if s.challenge {
		e.path.asked = false // the answer is in the same datagram as the ack, or was lost
	}
	if s.close {
		e.closing.taken = true
	}
	if e.closing.taken && e.out.idle() {
		e.over = true
	}
}

func (e *Endpoint) header(b []byte) []byte {
	b = append(b[:0], byte(KindData))
	b = binary.LittleEndian.AppendUint64(b, e.cfg.ID)
	return binary.LittleEndian.AppendUint64(b, e.packet)
}
