package client

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coder/websocket"
	"greenroom.dev/greenroom/internal/room/wire"
)

const maxMessage = wire.MaxRecordBytes + 16 // bytes of one WebSocket message

// webSocket is the transport of ws:// and wss://.
type webSocket struct {
	conn *websocket.Conn
	in   []byte
	out  []byte
}

func dialWebSocket(ctx context.Context, url string, httpClient *http.Client, hello wire.Hello) (*webSocket, error) {
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
	if err := conn.Write(ctx, websocket.MessageBinary, hello.Append(nil)); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return &webSocket{conn: conn}, nil
}

// read takes one message. One buffer serves them all.
func (w *webSocket) read(ctx context.Context) ([]byte, error) {
	kind, from, err := w.conn.Reader(ctx)
	if err == nil && kind != websocket.MessageBinary {
		return nil, protocolError("a message is not binary")
	}
	if err == nil {
		w.in, err = readAll(from, w.in[:0])
	}
	var closed websocket.CloseError
	if errors.As(err, &closed) && closed.Code >= 4000 {
		err = &closedBy{int(closed.Code), closed.Reason}
	}
	return w.in, err
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

func (w *webSocket) write(ctx context.Context, records []byte, at *wire.SendPosition) error {
	if at != nil {
		w.out = at.Append(append(w.out[:0], records...))
		records = w.out
	}
	return w.conn.Write(ctx, websocket.MessageBinary, records)
}

func (w *webSocket) close() { _ = w.conn.CloseNow() }
