package udp

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
)

// shake is a handshake whose address is proved. It is remembered for longer than its cookie is good, so that one Response,
// however often it comes, makes one connection.
type shake struct {
	accept []byte // nil: the gate has not answered
	at     time.Time
}

// admission is a Response that waits for the gate.
type admission struct {
	b    []byte
	from netip.AddrPort
	rtt  time.Duration
	sock *socket
}

// request answers with a cookie. Nothing is kept, and less is sent than came.
func (d *Door) request(s *socket, b []byte, from netip.AddrPort, now time.Time) {
	nonce, part, err := dgram.ParseRequest(b)
	if err != nil {
		d.counters.Malformed.Add(1)
		return
	}
	cookie := s.cookies.Make(from, &nonce, part, now)
	n := len(dgram.AppendChallenge(s.replies.room()[:0], &nonce, &cookie))
	s.replies.add(n, from)
	d.counters.Challenged.Add(1)
}

// response checks the cookie, and has the rest done elsewhere.
func (d *Door) response(s *socket, b []byte, from netip.AddrPort, now time.Time) {
	r, err := dgram.ParseResponse(b)
	if err != nil {
		d.counters.Malformed.Add(1)
		return
	}
	age, ok := s.cookies.Check(&r.Cookie, from, &r.Nonce, r.Part, now)
	if !ok {
		d.counters.BadCookies.Add(1)
		return
	}
	accept, known := d.known(&r.Nonce, now)
	switch {
	case accept != nil:
		s.reply(accept, from)
		return
	case known: // the gate is being asked
		return
	case d.Enter != nil && !d.Enter(from.Addr()):
		d.unknow(&r.Nonce)
		d.counters.NotEntered.Add(1)
		return
	}
	const leastRTT, mostRTT = 5 * time.Millisecond, 500 * time.Millisecond
	select {
	case d.entering <- admission{slices.Clone(b), from, min(max(age, leastRTT), mostRTT), s}:
	default:
		d.unknow(&r.Nonce)
		d.counters.NotEntered.Add(1)
	}
}

// known answers the Accept of a handshake, and whether it was known before; from now on it is.
func (d *Door) known(nonce *dgram.Nonce, now time.Time) (accept []byte, before bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	const memory = 2 * dgram.CookieLife
	if now.Sub(d.sweptAt) > memory {
		d.sweptAt = now
		for n, s := range d.shakes {
			if now.Sub(s.at) > memory {
				delete(d.shakes, n)
			}
		}
	}
	if s := d.shakes[*nonce]; s != nil {
		return s.accept, true
	}
	d.shakes[*nonce] = &shake{at: now}
	return nil, false
}

func (d *Door) unknow(nonce *dgram.Nonce) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.shakes, *nonce)
}

// admit lets players in until ctx ends.
func (d *Door) admit(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-d.entering:
			r, err := dgram.ParseResponse(a.b)
			if err != nil {
				continue // it was parsed before
			}
			if refusal := d.enter(&a, &r); refusal != nil {
				d.unknow(&r.Nonce)
				d.counters.Refused.Add(1)
				a.sock.write(dgram.AppendRefuse(nil, &r.Nonce, uint16(refusal.Code), refusal.Reason), a.from)
			}
		}
	}
}

// enter opens the token, has its holder proved by its Hello, claims the seat and makes the connection.
func (d *Door) enter(a *admission, r *dgram.Response) *room.Refusal {
	keys, refusal := d.Gate.OpenConnect(r.Part)
	if refusal != nil {
		return refusal
	}
	secrets := dgram.Secrets(keys)
	b, err := r.Hello(&secrets)
	if err != nil {
		return &room.Refusal{Code: wire.CloseBadTicket, Reason: "the connect token was shown by somebody who does not have its keys"}
	}
	hello, err := helloOf(b)
	if err != nil {
		return &room.Refusal{Code: wire.CloseProtocol, Reason: err.Error()}
	}
	hello.Ticket = ticket.ShownText(r.Part)
	id := random64()
	toServer, toPlayer := secrets.Keys(r.Nonce, id)
	c := newConn(d, a, id, dgram.Config{
		ID: id, Seal: toPlayer, Open: toServer, Peer: a.from, Now: time.Now(), RTT: a.rtt,
		Head: []byte{wire.PositionsVersion}, Linger: d.linger(), Random: random64,
	})
	if refusal := c.join(hello); refusal != nil {
		return refusal
	}
	if !d.register(c, id) {
		c.lost()
		return &room.Refusal{Code: wire.CloseGoingAway, Reason: "the server is going away"}
	}
	accept := dgram.AppendAccept(nil, toPlayer, &r.Nonce, id)
	d.mu.Lock()
	if s := d.shakes[r.Nonce]; s != nil {
		s.accept = accept
	}
	d.mu.Unlock()
	d.counters.Accepted.Add(1)
	a.sock.write(accept, a.from)
	c.accepted()
	return nil
}

func helloOf(b []byte) (wire.Hello, error) {
	t, body, _, err := wire.Next(b)
	if err == nil && t != wire.TypeHello {
		err = records.Protocol("the first record must be Hello")
	}
	if err != nil {
		return wire.Hello{}, err
	}
	return wire.DecodeHello(body)
}
