package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/gobwas/ws"
	"greenroom.dev/greenroom/internal/room/wire"
)

// WebSocket is a member that speaks greenroom.v1 as docs/WIRE.md draws it: it keeps a state of its own, says where it
// stands, or both, and now and then an event.
type WebSocket struct {
	Host   string // and port
	Ticket string

	Key  string // of its state, retained and owned
	Body Body   // its state's; nil: none
	// Position is where it stands at stamp; nil: it does not say. Stamped ones carry their stamp as 4 bytes of data.
	Position func(stamp int64) wire.Position
	Stamped  bool
	// EventEvery is after how many updates it tells an event; 0: never.
	EventEvery int
	// View, if any, keeps what the member sees.
	View *View

	said  said
	heard heard
	left  int // bytes of the incoming message that have not been scanned
}

// Enter implements Wire, as do the following.
func (w *WebSocket) Enter(conn net.Conn) (early []byte, err error) {
	dialer := ws.Dialer{
		Protocols: []string{wire.Subprotocol},
		NetDial:   func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	buffered, _, err := dialer.Upgrade(conn, &url.URL{Scheme: "ws", Host: w.Host, Path: "/room"})
	if err != nil {
		return nil, fmt.Errorf("WebSocket handshake: %w", err)
	}
	if buffered != nil {
		early, _ = buffered.Peek(buffered.Buffered())
		early = bytes.Clone(early)
		ws.PutReader(buffered)
	}
	if _, err := conn.Write(appendFrame(nil, ws.OpBinary, wire.Hello{Ticket: w.Ticket}.Append(nil))); err != nil {
		return nil, err
	}
	// The first message begins with Welcome, or is a close frame.
	for need := 2; ; {
		if early, err = readFull(conn, early, need); err != nil {
			return nil, fmt.Errorf("no Welcome: %w", err)
		}
		h, n, err := frameHeader(early)
		switch {
		case err != nil:
			return nil, err
		case n == 0 || len(early) < n+min(h.size, 1) || h.op == ws.OpClose && len(early) < n+h.size:
			need = len(early) + 1
			continue
		case h.op == ws.OpClose:
			return nil, closed(early[n : n+h.size])
		case h.size == 0 || wire.Type(early[n]) != wire.TypeWelcome:
			return nil, fmt.Errorf("the room begins with %x", early[:n+min(h.size, 1)])
		}
		return early, nil
	}
}

// Update is one message with all the member says.
func (w *WebSocket) Update(b []byte, stamp int64) []byte {
	w.said.begin()
	if w.Body != nil {
		w.said.state(w.Key, w.Body, stamp)
	}
	if w.Position != nil {
		w.said.records = w.said.position(w.Position(stamp), w.Stamped, stamp).Append(w.said.records)
	}
	w.said.event(w.EventEvery)
	return appendFrame(b, ws.OpBinary, w.said.records)
}

// Goodbye implements Leaver: the seat is given back at once.
func (w *WebSocket) Goodbye() []byte { return appendFrame(nil, ws.OpBinary, wire.Leave{}.Append(nil)) }

// Scan counts states and positions, and looks for gaps in the events.
func (w *WebSocket) Scan(b []byte, s *Sink) (n int, err error) {
	for {
		if w.left == 0 {
			h, size, err := frameHeader(b[n:])
			if err != nil || size == 0 || h.op != ws.OpBinary && len(b) < n+size+h.size {
				return n, err
			}
			n += size
			if h.op != ws.OpBinary {
				if err := control(h.op, b[n:n+h.size], s); err != nil {
					return n, err
				}
				n += h.size
				continue
			}
			w.left = h.size
		}
		for w.left > 0 {
			size, head := smallUvarint(b[min(n+1, len(b)):])
			end := n + 1 + head + int(size)
			if head < 0 || head > 0 && end-n > w.left {
				return n, errors.New("a record's length is malformed")
			}
			if head == 0 || end > len(b) {
				return n, nil
			}
			if err := w.heard.record(wire.Type(b[n]), b[n+1+head:end], w.Body, w.View, s); err != nil {
				return n, err
			}
			w.left -= end - n
			n = end
		}
	}
}

// closed is the error of a close frame's payload.
func closed(payload []byte) error {
	if len(payload) < 2 {
		return &ClosedError{}
	}
	return &ClosedError{binary.BigEndian.Uint16(payload), string(payload[2:])}
}

func control(op ws.OpCode, payload []byte, s *Sink) error {
	switch op {
	case ws.OpPing:
		s.Reply = appendFrame(s.Reply, ws.OpPong, payload)
	case ws.OpClose:
		return closed(payload)
	}
	return nil
}

type header struct {
	op   ws.OpCode
	size int
}

// frameHeader reads the header of an unmasked frame; 0: b ends too early.
func frameHeader(b []byte) (h header, n int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	h.op = ws.OpCode(b[0] & 0x0f)
	switch size := b[1]; {
	case b[0]&0x80 == 0 || size >= 0x80:
		return h, 0, errors.New("the room's frames are whole and not masked")
	case size < 126:
		h.size, n = int(size), 2
	case size == 126 && len(b) >= 4:
		h.size, n = int(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127 && len(b) >= 10:
		h.size, n = int(binary.BigEndian.Uint64(b[2:])&(1<<31-1)), 10
	}
	return h, n, nil
}

// appendFrame makes a client's frame; its mask is zero, which leaves the payload as it is.
func appendFrame(b []byte, op ws.OpCode, payload []byte) []byte {
	const final, masked = 0x80, 0x80
	b = append(b, byte(op)|final)
	if len(payload) < 126 {
		b = append(b, masked|byte(len(payload)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(len(payload)))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}
