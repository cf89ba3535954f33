package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/internal/room/udp"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var plaza = model.SessionRef{Route: "plaza", Key: "room-7"}

// patience bounds every wait of these tests.
const patience = 10 * time.Second

// served is a room server without a control plane.
type served struct {
	*server.Server
	plane *server.Standalone
	files certificateFiles
	stop  func()

	readBuffer int // of the next WebSocket client's socket; 0: the system's
}

func serve(t *testing.T, settings model.RoomSettings) *served {
	t.Helper()
	return serveWith(t, settings, server.Config{})
}

// serveWith serves with some settings of the process, too.
func serveWith(t *testing.T, settings model.RoomSettings, cfg server.Config) *served {
	t.Helper()
	plane := &server.Standalone{Room: settings}
	files := newCertificate(t, t.TempDir(), "localhost")
	srv, err := server.New(server.Config{
		HalfOpenPerAddress: cfg.HalfOpenPerAddress,
		Standalone:         plane, TLSCert: files.cert, TLSKey: files.key,
		Listeners:       map[string]net.Listener{"ws": listen(t), "wss": listen(t), "mqtt": listen(t), "mqtts": listen(t)},
		PacketListeners: map[string][]*net.UDPConn{"udp": listenUDP(t), "webtransport": {listenOneUDP(t)}}, WebTransport: true,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	s := &served{Server: srv, plane: plane, files: files}
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server ended: %v", err)
		}
		done <- nil
	}
	t.Cleanup(s.stop)
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func listenOneUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return pc.(*net.UDPConn)
}

func listenUDP(t *testing.T) []*net.UDPConn {
	t.Helper()
	all, err := udp.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *served) ticket(player string) string {
	return s.plane.Ticket(plaza, model.PlayerID(player), 20)
}

// wsClient is a WebSocket client that keeps what it was told.
type wsClient struct {
	t    *testing.T
	conn *websocket.Conn
	left []byte
	seq  uint64
}

func (s *served) ws(t *testing.T) *wsClient {
	t.Helper()
	return s.wsBy(t, "ws")
}

// wsBy comes by port ws or wss.
func (s *served) wsBy(t *testing.T, port string) *wsClient {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, port+"://"+s.Addr(port).String()+"/room", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPClient: s.dialer(),
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(64 << 20)
	t.Cleanup(func() { conn.CloseNow() })
	return &wsClient{t: t, conn: conn}
}

// dialer trusts the server and makes connections with a small read buffer, if so wished.
func (s *served) dialer() *http.Client {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil && s.readBuffer > 0 {
			err = c.(*net.TCPConn).SetReadBuffer(s.readBuffer)
		}
		return c, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: s.trust()}}
}

// trust takes the server's certificate.
func (s *served) trust() *tls.Config { return &tls.Config{RootCAs: s.files.roots} }

// enter says Hello with a new ticket and waits for the snapshot.
func (s *served) enter(t *testing.T, player string) (*wsClient, wire.Welcome) {
	t.Helper()
	return s.enterBy(t, "ws", player)
}

func (s *served) enterBy(t *testing.T, port, player string) (*wsClient, wire.Welcome) {
	t.Helper()
	c := s.wsBy(t, port)
	c.send(wire.Hello{Ticket: s.ticket(player)})
	welcome := until[wire.Welcome](c, nil)
	until(c, func(s wire.Snapshot) bool { return s.Last })
	return c, welcome
}

func (c *wsClient) send(records ...wire.Record) {
	c.t.Helper()
	var b []byte
	for _, r := range records {
		b = r.Append(b)
	}
	c.write(b)
}

func (c *wsClient) write(b []byte) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageBinary, b); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wsClient) state(key, value string) {
	c.t.Helper()
	c.seq++
	c.send(wire.SetState{Seq: c.seq, Flags: wire.Retain | wire.Owned, Key: key, Value: []byte(value)})
}

// next is the next record.
func (c *wsClient) next() (wire.Record, error) {
	for len(c.left) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, b, err := c.conn.Read(ctx)
		cancel()
		if err != nil {
			return nil, err
		}
		c.left = b
	}
	r, rest, err := wire.Decode(c.left)
	c.left = rest
	return r, err
}

// until reads to the first record of a type that is as wished.
func until[R wire.Record](c *wsClient, is func(R) bool) R {
	c.t.Helper()
	for {
		r, err := c.next()
		if err != nil {
			c.t.Fatalf("waiting for a %T: %v", *new(R), err)
		}
		if got, ok := r.(R); ok && (is == nil || is(got)) {
			return got
		}
	}
}

// closed reads to the end and answers the close code.
func (c *wsClient) closed() (wire.CloseCode, string) {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			var ce websocket.CloseError
			if !errors.As(err, &ce) {
				c.t.Fatalf("no close frame: %v", err)
			}
			return wire.CloseCode(ce.Code), ce.Reason
		}
	}
}

func wantClose(t *testing.T, c *wsClient, want wire.CloseCode, part string) {
	t.Helper()
	if code, reason := c.closed(); code != want || !strings.Contains(reason, part) {
		t.Errorf("closed with %d %q, want %d %q", code, reason, want, part)
	}
}
