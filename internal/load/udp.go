package load

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
)

// UDP is a member that comes by the UDP door and says where it stands. Its connection's every read is one datagram, so that
// each Scan gets one, whole.
type UDP struct {
	Token    string // connect token
	Position func(stamp int64) wire.Position
	Stamped  bool
	View     *View // keeps what the member sees; nil: nobody looks

	mu    sync.Mutex // of the following, which both directions use
	end   *dgram.Endpoint
	cut   dgram.Records
	said  said
	heard heard
	sink  *Sink // while Scan runs
	out   [dgram.MaxDatagram]byte
}

// askEvery is how long a Request or a Response waits for its answer before it is sent again.
const askEvery = 250 * time.Millisecond

// Enter implements Wire, as do the following.
func (w *UDP) Enter(conn net.Conn) (early []byte, err error) {
	part, keys, err := ticket.SplitSealed(w.Token)
	if err != nil {
		return nil, err
	}
	h := handshake{conn: conn, part: part, secrets: dgram.Secrets(keys), until: time.Now().Add(enterTimeout)}
	_, _ = rand.Read(h.nonce[:]) // it never fails
	if w.end, err = h.shake(); err != nil {
		return nil, err
	}
	w.cut.Limit = wire.MaxRecordBytes
	return nil, conn.SetReadDeadline(time.Time{})
}

// Update is the datagram with the member's place.
func (w *UDP) Update(b []byte, stamp int64) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said.begin()
	_, body, _, err := wire.Next(w.said.position(w.Position(stamp), w.Stamped, stamp).Append(nil))
	if err != nil {
		return b
	}
	w.end.Tell([]wire.Latest{{Bytes: body}})
	return append(b, w.send()...)
}

// send answers the next datagram, of which there may be more: they go along with what comes next.
func (w *UDP) send() []byte { return w.out[:w.end.Send(w.out[:], time.Now())] }

// Scan takes a datagram.
func (w *UDP) Scan(b []byte, s *Sink) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sink = s
	if len(b) > 0 {
		err = w.end.Receive(b, netip.AddrPort{}, time.Now(), (*udpSink)(w))
	}
	if errors.Is(err, dgram.ErrReplay) || errors.Is(err, dgram.ErrForged) || errors.Is(err, dgram.ErrMalformed) {
		err = nil
	}
	s.Reply = append(s.Reply, w.send()...)
	return len(b), err
}

// Next implements Timed.
func (w *UDP) Next() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end.Next()
}

// Goodbye implements Leaver.
func (w *UDP) Goodbye() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.end.Write(wire.Leave{}.Append(nil), dgram.Private, now)
	return append([]byte(nil), w.send()...)
}

// udpSink is what a UDP hears; its mu is held.
type udpSink UDP

// Stream implements dgram.Sink, as do the following.
func (u *udpSink) Stream(b []byte) error {
	return u.cut.Add(b, func(t wire.Type, body []byte) error { return u.heard.record(t, body, nil, u.View, u.sink) })
}

// Latest: what overtook what it belongs to is shown all the same, since a load keeps no order.
func (u *udpSink) Latest(_, _ uint64, body []byte) error {
	return u.heard.record(wire.TypePositions, body, nil, u.View, u.sink)
}

func (u *udpSink) Closed(code uint16, reason string) {
	u.sink.ended = &ClosedError{code, reason}
}

// handshake is a player's side of it.
type handshake struct {
	conn    net.Conn
	part    []byte
	secrets dgram.Secrets
	nonce   dgram.Nonce
	until   time.Time
}

// shake asks until it is answered.
func (h *handshake) shake() (*dgram.Endpoint, error) {
	ask, answered := dgram.AppendRequest(nil, &h.nonce, h.part), false
	var in [2 * dgram.MaxDatagram]byte
	for time.Now().Before(h.until) {
		if _, err := h.conn.Write(ask); err != nil {
			return nil, err
		}
		_ = h.conn.SetReadDeadline(time.Now().Add(askEvery))
		n, err := h.conn.Read(in[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch kind, _ := dgram.KindOf(in[:n]); kind {
		case dgram.KindChallenge:
			if nonce, cookie, err := dgram.ParseChallenge(in[:n]); err == nil && nonce == h.nonce && !answered {
				ask, answered = dgram.AppendResponse(nil, &h.secrets, nonce, cookie, h.part, wire.Hello{}.Append(nil)), true
			}
		case dgram.KindRefuse:
			if nonce, code, reason, err := dgram.ParseRefuse(in[:n]); err == nil && nonce == h.nonce {
				return nil, fmt.Errorf("the room refused: %d %s", code, reason)
			}
		case dgram.KindAccept:
			if end, err := h.accepted(in[:n]); err == nil {
				return end, nil
			}
		}
	}
	return nil, errors.New("nobody answers")
}

func (h *handshake) accepted(b []byte) (*dgram.Endpoint, error) {
	id, toServer, toPlayer, err := dgram.ParseAccept(b, &h.secrets, h.nonce)
	if err != nil {
		return nil, err
	}
	return dgram.New(dgram.Config{
		ID: id, Seal: toServer, Open: toPlayer, Now: time.Now(), RTT: 20 * time.Millisecond, Player: true, Random: random64,
	}), nil
}

func random64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}
