package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// visit is one connection, from dialing to its end.
func (r *Room) visit(ctx context.Context) end {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	place := r.journey.place
	hello := wire.Hello{Resume: r.view.seen, Epoch: r.view.epoch, Offset: r.view.offset}
	r.told = false
	r.mu.Unlock()

	conn, err := dial(ctx, place, hello, &r.options)
	if err != nil {
		return endOfDial(err)
	}
	defer conn.close()
	defer context.AfterFunc(ctx, conn.close)()
	v := &visiting{room: r, conn: conn, cancel: cancel, leftAt: r.heardAt, since: time.Now()}
	var writer sync.WaitGroup
	writer.Go(func() { v.write(ctx) })
	err = v.read(ctx)
	cancel()
	writer.Wait()
	return v.endOf(err)
}

// visiting is what one connection needs beside the room.
type visiting struct {
	room     *Room
	conn     transport
	cancel   context.CancelFunc
	leftAt   time.Time // the last connection's last message
	since    time.Time
	heard    atomic.Int64 // when the last message came, in ns after since
	redirect *redirect    // the reader's
	dueAt    time.Time    // the redirect's
}

// read takes records until the connection ends.
func (v *visiting) read(ctx context.Context) error {
	for {
		rest, err := v.conn.read(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		v.heard.Store(int64(now.Sub(v.since)))
		for len(rest) > 0 {
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

// write sends what the outbox holds, and pings a connection that went quiet; a half-open one never tells by itself.
func (v *visiting) write(ctx context.Context) {
	quiet := v.room.options.Quiet
	ticker := time.NewTicker(quiet / 2)
	defer ticker.Stop()
	var buffer []byte
	var nonce uint64
	for {
		leaving := false
		var at *wire.SendPosition
		select {
		case <-ctx.Done():
			return
		case <-v.room.wake:
			buffer, at, leaving = v.room.outgoing(buffer[:0])
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
		if (len(buffer) > 0 || at != nil) && !v.flush(ctx, buffer, at) {
			return
		}
		if leaving {
			return
		}
	}
}

func (v *visiting) flush(ctx context.Context, b []byte, at *wire.SendPosition) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*v.room.options.Quiet)
	defer cancel()
	if err := v.conn.write(ctx, b, at); err != nil {
		v.cancel()
		return false
	}
	return true
}

// outgoing appends what is to be sent now, and answers where the player stands if that is due; nothing before the snapshot,
// which decides what must be sent again.
func (r *Room) outgoing(b []byte) (_ []byte, at *wire.SendPosition, leaving bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.entered {
		return b, nil, false
	}
	b = r.outbox.take(b)
	if position, due := r.standing.take(&r.view.positions); due {
		at = &position
	}
	if r.leaving {
		b = wire.Leave{}.Append(b)
	}
	return b, at, r.leaving
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
	var closed *closedBy
	var wrong protocolError
	switch {
	case errors.As(err, &closed):
		e.kind, e.code, e.reason = endClosed, closed.code, closed.reason
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
