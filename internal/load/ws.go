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

	seq     uint64
	updates int
	records []byte // of an update

	left  int // bytes of the incoming message that have not been scanned
	heard uint64
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
	r := w.records[:0]
	w.updates++
	if w.Body != nil {
		w.seq++
		var value [2048]byte
		r = wire.SetState{Seq: w.seq, Flags: wire.Retain | wire.Owned, Key: w.Key, Value: w.Body.Append(value[:0], stamp)}.Append(r)
	}
	if w.Position != nil {
		p := wire.SendPosition{Serial: uint64(w.updates), Position: w.Position(stamp)}
		var data [4]byte
		if w.Stamped {
			binary.LittleEndian.PutUint32(data[:], uint32(stamp/1000))
			p.Data = data[:]
		}
		r = p.Append(r)
	}
	if w.EventEvery > 0 && w.updates%w.EventEvery == 0 {
		w.seq++
		r = wire.SendEvent{Seq: w.seq, Name: "wave"}.Append(r)
	}
	w.records = r
	return appendFrame(b, ws.OpBinary, r)
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
			if err := w.record(wire.Type(b[n]), b[n+1+head:end], s); err != nil {
				return n, err
			}
			w.left -= end - n
			n = end
		}
	}
}

func (w *WebSocket) record(t wire.Type, body []byte, s *Sink) error {
	if w.View != nil {
		if err := w.View.record(t, body); err != nil {
			return err
		}
	}
	switch t {
	case wire.TypeState:
		if s.Deliver() && w.Body != nil {
			state, err := wire.DecodeState(body)
			if err != nil {
				return err
			}
			if sent, ok := w.Body.Stamp(state.Value); ok {
				s.Stamp(sent)
			}
		}
	case wire.TypePositions:
		return positions(body, s)
	case wire.TypeEvent:
		w.event(body, s)
	case wire.TypeResync:
		w.heard = 0
		s.Resync()
	case wire.TypeReject:
		s.Reject()
	}
	return nil
}

// event: the first one after entering, or after the room said that some are lost, tells nothing.
func (w *WebSocket) event(body []byte, s *Sink) {
	offset, n := binary.Uvarint(body)
	if n > 0 && w.heard != 0 && offset != w.heard+1 {
		s.Gap(max(offset-w.heard, 2) - 1)
	}
	w.heard = offset
}

// positions walks over record 8D's entries. Only stamped members' have data, and all of those are measured.
func positions(body []byte, s *Sink) error {
	const fixed = 7
	if len(body) == 0 || body[0] != wire.PositionsVersion {
		return wire.ErrVersion
	}
	for b := body[1:]; len(b) > 0; {
		head, n := binary.Uvarint(b)
		if n <= 0 || len(b) < n+fixed {
			return wire.ErrShort
		}
		b = b[n+fixed:]
		s.Deliver()
		if head&1 == 0 {
			continue
		}
		if len(b) == 0 || len(b) <= int(b[0]) { // at most 64, so its length is one byte
			return wire.ErrShort
		}
		if b[0] == 4 {
			s.Stamp32(binary.LittleEndian.Uint32(b[1:]))
		}
		b = b[1+int(b[0]):]
	}
	return nil
}

// closed is the error of a close frame's payload.
func closed(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("the room closed the connection")
	}
	return fmt.Errorf("the room closed the connection: %d %s", binary.BigEndian.Uint16(payload), payload[2:])
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
