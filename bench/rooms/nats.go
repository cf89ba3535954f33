package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"

	"greenroom.dev/greenroom/internal/load"
)

// natsWire is a member in NATS' own protocol.
type natsWire struct {
	Subject string // published to
	Filter  string // subscribed to
	Body    load.Body
}

// Enter implements load.Wire, as do the following.
func (w *natsWire) Enter(conn net.Conn) (early []byte, err error) {
	hello := "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nSUB " + w.Filter + " 1\r\nPING\r\n"
	if _, err := conn.Write([]byte(hello)); err != nil {
		return nil, err
	}
	pong := []byte("PONG\r\n")
	for {
		if at := bytes.Index(early, pong); at >= 0 {
			return early[at+len(pong):], nil
		}
		var more [512]byte
		n, err := conn.Read(more[:])
		if err != nil {
			return nil, fmt.Errorf("answer %q: %w", early, err)
		}
		early = append(early, more[:n]...)
	}
}

func (w *natsWire) Update(b []byte, stamp int64) []byte {
	var body [2048]byte
	payload := w.Body.Append(body[:0], stamp)
	b = append(append(append(b, "PUB "...), w.Subject...), ' ')
	b = append(strconv.AppendInt(b, int64(len(payload)), 10), "\r\n"...)
	return append(append(b, payload...), "\r\n"...)
}

func (w *natsWire) Scan(b []byte, s *load.Sink) (n int, err error) {
	for {
		line := bytes.IndexByte(b[n:], '\n')
		if line < 0 {
			return n, nil
		}
		text := b[n : n+line+1]
		switch {
		case bytes.HasPrefix(text, []byte("MSG ")):
			text = bytes.TrimSuffix(text, []byte("\r\n"))
			size, err := strconv.Atoi(string(text[bytes.LastIndexByte(text, ' ')+1:]))
			if err != nil {
				return n, err
			}
			start := n + line + 1
			if len(b) < start+size+2 {
				return n, nil
			}
			if s.Deliver() {
				if sent, ok := w.Body.Stamp(b[start : start+size]); ok {
					s.Stamp(sent)
				}
			}
			n = start + size + 2
			continue
		case bytes.HasPrefix(text, []byte("PING")):
			s.Reply = append(s.Reply, "PONG\r\n"...)
		case bytes.HasPrefix(text, []byte("-ERR")):
			return n, errors.New(string(bytes.TrimSpace(text)))
		}
		n += line + 1
	}
}
