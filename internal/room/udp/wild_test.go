package udp_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/room/dgram"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
)

// wild is a player's end that a test leads by the hand, so that it may say what no client says.
type wild struct {
	t      *testing.T
	conn   *net.UDPConn
	end    *dgram.Endpoint
	code   uint16
	reason string
}

func (w *wild) Stream([]byte) error                 { return nil }
func (w *wild) Latest(uint64, uint64, []byte) error { return nil }
func (w *wild) Closed(code uint16, reason string)   { w.code, w.reason = code, reason }

// wild enters the house.
func (h *house) wild(player string) *wild {
	h.t.Helper()
	part, keys, err := ticket.SplitSealed(h.token(player))
	if err != nil {
		h.t.Fatal(err)
	}
	conn, err := net.DialUDP("udp4", nil, addrOf(h.t, h.addr))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(8 * time.Second))
	w := &wild{t: h.t, conn: conn}
	nonce, secrets := dgram.Nonce{byte(len(player))}, dgram.Secrets(keys)
	_, cookie, err := dgram.ParseChallenge(w.exchange(dgram.AppendRequest(nil, &nonce, part)))
	if err != nil {
		h.t.Fatal(err)
	}
	response := dgram.AppendResponse(nil, &secrets, nonce, cookie, part, wire.Hello{}.Append(nil))
	id, toServer, toPlayer, err := dgram.ParseAccept(w.exchange(response), &secrets, nonce)
	if err != nil {
		h.t.Fatal(err)
	}
	w.end = dgram.New(dgram.Config{ID: id, Seal: toServer, Open: toPlayer, Now: time.Now(), Player: true})
	return w
}

func (w *wild) exchange(b []byte) []byte {
	w.t.Helper()
	if _, err := w.conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, err := w.conn.Read(buf)
	if err != nil {
		w.t.Fatal(err)
	}
	return buf[:n]
}

func (w *wild) pump() {
	buf := make([]byte, dgram.MaxDatagram)
	for n := w.end.Send(buf, time.Now()); n > 0; n = w.end.Send(buf, time.Now()) {
		_, _ = w.conn.Write(buf[:n])
	}
}

// listen takes what comes until the room closes the connection.
func (w *wild) listen() {
	w.t.Helper()
	buf := make([]byte, 2048)
	for w.code == 0 {
		n, err := w.conn.Read(buf)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.end.Receive(buf[:n], netip.AddrPort{}, time.Now(), w); err != nil {
			w.t.Fatal(err)
		}
		w.pump()
	}
}
