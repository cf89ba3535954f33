package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
)

// askEvery is how long a Request or a Response waits for its answer before it is sent again.
const askEvery = 250 * time.Millisecond

// datagrams is the transport of udp://.
type datagrams struct {
	conn   net.Conn
	quiet  time.Duration
	in     []byte // of a datagram
	given  []byte // what read answered last
	mu     sync.Mutex
	end    *dgram.Endpoint
	cut    dgram.Records
	sights sights
	ready  []byte // records for read
	closed *closedBy
	over   bool
	out    [dgram.MaxDatagram]byte
}

var errLost = errors.New("the connection was lost")

// dialUDP shows the connect token and enters.
func dialUDP(ctx context.Context, host, token string, hello wire.Hello, quiet time.Duration) (*datagrams, error) {
	part, keys, err := ticket.SplitSealed(token)
	if err != nil {
		return nil, &closedBy{int(wire.CloseBadTicket), err.Error()}
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	d := &datagrams{conn: conn, quiet: quiet, in: make([]byte, 2048), cut: dgram.Records{Limit: wire.MaxRecordBytes}}
	if err := d.enter(ctx, part, dgram.Secrets(keys), hello); err != nil {
		conn.Close()
		return nil, err
	}
	return d, nil
}

// enter is the handshake.
func (d *datagrams) enter(ctx context.Context, part []byte, secrets dgram.Secrets, hello wire.Hello) error {
	var nonce dgram.Nonce
	_, _ = rand.Read(nonce[:]) // it never fails
	ask, asked, rtt := dgram.AppendRequest(nil, &nonce, part), time.Time{}, time.Duration(0)
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("nobody answers at %s: %w", d.conn.RemoteAddr(), context.Cause(ctx))
		}
		if time.Since(asked) >= askEvery {
			if _, err := d.conn.Write(ask); err != nil {
				return err
			}
			asked = time.Now()
		}
		_ = d.conn.SetReadDeadline(asked.Add(askEvery))
		n, err := d.conn.Read(d.in)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return err
		}
		b := d.in[:n]
		switch kind, _ := dgram.KindOf(b); kind {
		case dgram.KindChallenge:
			got, cookie, err := dgram.ParseChallenge(b)
			if err != nil || got != nonce || rtt != 0 {
				continue
			}
			rtt = time.Since(asked)
			ask, asked = dgram.AppendResponse(nil, &secrets, nonce, cookie, part, hello.Append(nil)), time.Time{}
		case dgram.KindRefuse:
			if got, code, reason, err := dgram.ParseRefuse(b); err == nil && got == nonce {
				return &closedBy{int(code), reason}
			}
		case dgram.KindAccept:
			id, toServer, toPlayer, err := dgram.ParseAccept(b, &secrets, nonce)
			if err != nil {
				continue
			}
			d.end = dgram.New(dgram.Config{
				ID: id, Seal: toServer, Open: toPlayer, Now: time.Now(), RTT: max(rtt, 5*time.Millisecond), Player: true,
				KeepAlive: d.quiet, Idle: 2 * d.quiet, Random: random64,
			})
			return nil
		}
	}
}

func random64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}

func (d *datagrams) read(context.Context) ([]byte, error) {
	for {
		d.mu.Lock()
		if len(d.ready) > 0 {
			d.given, d.ready = d.ready, d.given[:0]
			d.mu.Unlock()
			return d.given, nil
		}
		closed, over := d.closed, d.over || d.end.Over()
		d.mu.Unlock()
		switch {
		case closed != nil && closed.code >= 4000:
			return nil, closed
		case closed != nil || over:
			return nil, errLost
		}
		n, err := d.conn.Read(d.in)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
		if err := d.received(d.in[:n]); err != nil {
			return nil, err
		}
	}
}

// received takes a datagram, if one came, and sends what is due.
func (d *datagrams) received(b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if len(b) > 0 {
		err := d.end.Receive(b, netip.AddrPort{}, now, d)
		if err != nil && !errors.Is(err, dgram.ErrReplay) && !errors.Is(err, dgram.ErrForged) && !errors.Is(err, dgram.ErrMalformed) {
			return protocolError(err.Error())
		}
	}
	d.pump(now)
	return nil
}

// Stream implements dgram.Sink, as do the following; mu is held.
func (d *datagrams) Stream(b []byte) error {
	err := d.cut.Add(b, func(t wire.Type, body []byte) error {
		d.ready = wire.AppendBytes(append(d.ready, byte(t)), body)
		return d.sights.record(t, body, d.cut.Taken)
	})
	d.ready = d.sights.caughtUp(d.ready)
	return err
}

func (d *datagrams) Latest(packet, after uint64, body []byte) (err error) {
	d.ready, err = d.sights.positions(d.ready, packet, after, body)
	return err
}

func (d *datagrams) Closed(code uint16, reason string) {
	d.closed = &closedBy{int(code), reason}
}

func (d *datagrams) write(_ context.Context, records []byte, at *wire.SendPosition) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return net.ErrClosed
	}
	now := time.Now()
	if len(records) > 0 {
		d.end.Write(slices.Clone(records), dgram.Private, now)
	}
	if at != nil {
		_, body, _, err := wire.Next(at.Append(nil))
		if err != nil {
			return err
		}
		d.end.Tell([]wire.Latest{{Bytes: body}})
	}
	d.pump(now)
	return nil
}

// pump sends what is due and sets when to come again; mu is held. What the kernel does not take is lost on the way.
func (d *datagrams) pump(now time.Time) {
	for {
		n := d.end.Send(d.out[:], now)
		if n == 0 {
			break
		}
		_, _ = d.conn.Write(d.out[:n])
	}
	next := d.end.Next()
	if d.over || d.end.Over() {
		next = time.Unix(1, 0)
	}
	_ = d.conn.SetReadDeadline(next)
}

func (d *datagrams) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return
	}
	now := time.Now()
	if d.closed == nil {
		d.end.Close(0, "", now)
	}
	d.pump(now)
	d.over = true
	d.conn.Close()
}
