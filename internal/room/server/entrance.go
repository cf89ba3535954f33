package server

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
)

// How many connections may be half-open, that is connected without having shown a ticket that was taken. One is for the
// settings' hello timeout at most.
const (
	MaxHalfOpen           = 8192             // of a server, over all doors
	MaxHalfOpenPerAddress = MaxHalfOpen >> 2 // of one address (of one /64 with IPv6), behind which there may be many people
)

// entrance bounds what comes in, over all doors of a server: connections a second, and half-open ones.
type entrance struct {
	perAddress int // half-open connections; 0: no bound
	settings   func() model.RoomSettings

	mu       sync.Mutex
	rate     int // that limiter is for
	limiter  room.Limiter
	halfOpen int
	from     map[netip.Addr]int // half-open, by address

	refused refusals
	traffic room.Traffic
}

// refusals counts the connections that were refused, by reason.
type refusals struct{ rate, halfOpen, address atomic.Uint64 }

// newEntrance takes the bound of a Config.
func newEntrance(perAddress int) *entrance {
	if perAddress == 0 {
		perAddress = MaxHalfOpenPerAddress
	}
	return &entrance{perAddress: max(perAddress, 0), from: map[netip.Addr]int{}}
}

// connect asks to take one more connection, as to the settings' connections a second.
func (e *entrance) connect(now time.Time) bool {
	perSecond := e.settings().MaxConnectsPerSecond
	e.mu.Lock()
	defer e.mu.Unlock()
	if perSecond != e.rate {
		e.rate, e.limiter = perSecond, room.NewLimiter(perSecond)
	}
	if e.limiter.Take(now) != room.Pass {
		e.refused.rate.Add(1)
		return false
	}
	return true
}

// enter counts a half-open connection; false: there are too many.
func (e *entrance) enter(from netip.Addr) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.halfOpen >= MaxHalfOpen:
		e.refused.halfOpen.Add(1)
		return false
	case e.perAddress > 0 && e.from[from] >= e.perAddress:
		e.refused.address.Add(1)
		return false
	}
	e.halfOpen++
	e.from[from]++
	return true
}

func (e *entrance) leave(from netip.Addr) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.halfOpen--
	if e.from[from]--; e.from[from] == 0 {
		delete(e.from, from)
	}
}

// admit bounds what comes without a listener: leave is for when a ticket was taken, or the end.
func (e *entrance) admit(a net.Addr) (leave func(), ok bool) {
	from := addressOf(a)
	if !e.connect(time.Now()) || !e.enter(from) {
		return nil, false
	}
	return func() { e.leave(from) }, true
}

// datagram bounds those who come by UDP. Nothing of them is half-open: their tickets come with the first thing that is kept.
func (e *entrance) datagram(netip.Addr) bool { return e.connect(time.Now()) }

// waiting tells how many are half-open.
func (e *entrance) waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.halfOpen
}

// addressOf is what half-open connections are counted by.
func addressOf(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	from := at.Addr().Unmap().WithZone("")
	if from.Is6() {
		const site = 64
		prefix, _ := from.Prefix(site)
		return prefix.Addr()
	}
	return from
}

// guard bounds the connections of l. Those over a bound are closed at once. Where rated is false the connections a second
// are counted later, by limit.
func (e *entrance) guard(l net.Listener, rated bool) net.Listener {
	return &guarded{Listener: l, entrance: e, rated: rated}
}

type guarded struct {
	net.Listener
	entrance *entrance
	rated    bool
}

// Accept implements net.Listener.
func (l *guarded) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := nc.(*net.TCPConn)
		if !ok {
			return nc, nil // of a test's own listener
		}
		from := addressOf(nc.RemoteAddr())
		if l.rated && !l.entrance.connect(time.Now()) || !l.entrance.enter(from) {
			nc.Close()
			continue
		}
		return &guest{TCPConn: tcp, entrance: l.entrance, from: from}, nil
	}
}

// limit refuses upgrades beyond the connections a second.
func (e *entrance) limit(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.connect(time.Now()) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many connections a second: try again in a second", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}
