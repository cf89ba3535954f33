package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"greenroom.dev/greenroom/internal/room/wire"
)

const (
	dialTimeout = 5 * time.Second
	maxMessage  = wire.MaxRecordBytes + 16 // bytes of one WebSocket message
)

// visit is one connection, from dialing to its end.
func (r *Room) visit(ctx context.Context) end {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	url := r.journey.place.URL
	hello := wire.Hello{Resume: r.view.seen, Epoch: r.view.epoch, Offset: r.view.offset, Ticket: r.journey.place.Ticket}
	r.told = false
	r.mu.Unlock()

	conn, err := dial(ctx, url, r.options.HTTP)
	if err != nil {
		return endOfDial(err)
	}
	defer conn.CloseNow()
	v := &visiting{room: r, conn: conn, cancel: cancel, leftAt: r.heardAt, since: time.Now()}
	if err := conn.Write(ctx, websocket.MessageBinary, hello.Append(nil)); err != nil {
		return end{kind: endLost}
	}
	var writer sync.WaitGroup
	writer.Go(func() { v.write(ctx) })
	err = v.read(ctx)
	cancel()
	writer.Wait()
	return v.endOf(err)
}

func dial(ctx context.Context, url string, httpClient *http.Client) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: httpClient, Subprotocols: []string{wire.Subprotocol}, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	if answer.Body != nil {
		_ = answer.Body.Close()
	}
	conn.SetReadLimit(maxMessage)
	return conn, nil
}

// visiting is what one connection needs beside the room.
type visiting struct {
	room     *Room
	conn     *websocket.Conn
	cancel   context.CancelFunc
	leftAt   time.Time // the last connection's last message
	since    time.Time
	heard    atomic.Int64 // when the last message came, in ns after since
	redirect *redirect    // the reader's
	dueAt    time.Time    // the redirect's
}

// read takes messages until the connection ends. One buffer serves them all.
func (v *visiting) read(ctx context.Context) error {
	var buffer []byte
	for {
		kind, from, err := v.conn.Reader(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageBinary {
			return protocolError("a message is not binary")
		}
		if buffer, err = readAll(from, buffer[:0]); err != nil {
			return err
		}
		now := time.Now()
		v.heard.Store(int64(now.Sub(v.since)))
		for rest := buffer; len(rest) > 0; {
			var body []byte
			var t wire.Type
			if t, body, rest, err = wire.Next(rest); err == nil {
				err = v.receive(t, body, now)
			}
			if err != nil {
				return protocolError(err.Error())
			}
		}
	}
}

func readAll(from io.Reader, buffer []byte) ([]byte, error) {
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, make([]byte, 4096)...)[:len(buffer)]
		}
		n, err := from.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if errors.Is(err, io.EOF) {
			return buffer, nil
		}
		if err != nil {
			return buffer, err
		}
	}
}

// write sends what the outbox holds, and pings a connection that went quiet; a half-open one never tells by itself.
func (v *visiting) write(ctx context.Context) {
	quiet := v.room.options.Quiet
	ticker := time.NewTicker(quiet / 2)
	defer ticker.Stop()
	var buffer []byte
	var nonce uint64
	for {
		leaving := false
		select {
		case <-ctx.Done():
			return
		case <-v.room.wake:
			buffer, leaving = v.room.outgoing(buffer[:0])
		case now := <-ticker.C:
			silence := now.Sub(v.since) - time.Duration(v.heard.Load())
			if silence > 2*quiet {
				v.cancel()
				return
			}
			if buffer = buffer[:0]; silence > quiet {
				nonce++
				buffer = wire.Ping{Nonce: nonce}.Append(buffer)
			}
		}
		if len(buffer) > 0 && !v.flush(ctx, buffer) {
			return
		}
		if leaving {
			return
		}
	}
}

func (v *visiting) flush(ctx context.Context, b []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*v.room.options.Quiet)
	defer cancel()
	if err := v.conn.Write(ctx, websocket.MessageBinary, b); err != nil {
		v.cancel()
		return false
	}
	return true
}

// outgoing appends what is to be sent now; nothing before the snapshot, which decides what must be sent again.
func (r *Room) outgoing(b []byte) (_ []byte, leaving bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.entered {
		return b, false
	}
	b = r.outbox.take(b)
	if position, due := r.standing.take(&r.view.positions); due {
		b = position.Append(b)
	}
	if r.leaving {
		b = wire.Leave{}.Append(b)
	}
	return b, r.leaving
}

// endOf says how the visit ended, in the journey's words.
func (v *visiting) endOf(err error) end {
	v.room.mu.Lock()
	e := end{kind: endLost, entered: v.room.entered, redirect: v.redirect}
	v.room.entered = false
	v.room.mu.Unlock()
	if e.redirect != nil {
		e.redirect.after = max(0, time.Until(v.dueAt))
	}
	var closed websocket.CloseError
	var wrong protocolError
	switch {
	case errors.As(err, &closed) && closed.Code >= 4000:
		e.kind, e.code, e.reason = endClosed, int(closed.Code), closed.Reason
	case errors.As(err, &wrong):
		e.kind, e.code, e.reason = endClosed, int(wire.CloseProtocol), wrong.Error()
	}
	if e.code == int(wire.CloseMoved) || e.code == int(wire.CloseGoingAway) {
		v.room.mu.Lock()
		v.room.told = true
		v.room.mu.Unlock()
	}
	return e
}

// protocolError is what this client cannot read.
type protocolError string

func (e protocolError) Error() string {
	return fmt.Sprintf("the room sent what this client cannot read: %s", string(e))
}

func endOfDial(err error) end {
	kind := endLost
	var dns *net.DNSError
	if errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dns) && dns.IsNotFound {
		kind = endRefused
	}
	return end{kind: kind, reason: err.Error()}
}
