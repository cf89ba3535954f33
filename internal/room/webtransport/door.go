// Package webtransport is the WebTransport door into rooms, an experiment as long as its drafts move: HTTP/3 CONNECT to
// /room, then one bidirectional stream of greenroom.v1 records, back to back, as docs/WIRE.md draws them. Positions travel
// in datagrams. QUIC, HTTP/3 and the session are quic-go's and webtransport-go's.
package webtransport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	wt "github.com/quic-go/webtransport-go"
)

// Endpoint is the door's name among a server's endpoints and ports.
const Endpoint = "webtransport"

// How long the door waits, and what a connection may have under way.
const (
	linger        = 2 * time.Second        // for the peer to take what was said last
	lastPackets   = 500 * time.Millisecond // for the end of a session to arrive before its connection ends
	pings         = 3                      // within the idle timeout, by QUIC itself
	streams       = 4                      // of the peer: the CONNECT request, the records, and some to spare
	uniStreams    = 8                      // HTTP/3's own, and some to spare
	streamWindow  = 64 << 10               // bytes of a stream that are not read yet
	connectWindow = 2 * streamWindow
)

// Door serves WebTransport sessions. Its fields are set before Serve.
type Door struct {
	Gate room.Gate
	TLS  *tls.Config // has the certificate
	// Settings are the server's before a room is known. Nil: the defaults.
	Settings func() model.RoomSettings
	// Enter is asked for a connection before it has shaken hands, when its address is known to be a true one. leave is called
	// once, with its ticket taken or at its end. Nil: everybody.
	Enter func(from net.Addr) (leave func(), ok bool)
	// Traffic counts what is carried; nil: nowhere.
	Traffic *room.Traffic

	mu       sync.Mutex
	conns    room.Present[*conn]
	shutdown func()         // ends what Serve left open
	wait     sync.WaitGroup // QUIC connections
}

// Serve takes connections from pc until ctx ends, which stops that, or pc fails. Those there are go on until Close. Call
// it once.
func (d *Door) Serve(ctx context.Context, pc net.PacketConn) error {
	transport := &quic.Transport{Conn: pc, VerifySourceAddress: func(net.Addr) bool { return true }, ConnContext: d.greet}
	listener, err := transport.ListenEarly(http3.ConfigureTLSConfig(d.TLS), d.quicConfig())
	if err != nil {
		return err
	}
	h3 := &http3.Server{EnableDatagrams: true}
	server := &wt.Server{H3: h3, ApplicationProtocols: []string{wire.Subprotocol}, CheckOrigin: func(*http.Request) bool { return true }}
	h3.Handler = d.handler(server)
	d.mu.Lock()
	d.shutdown = func() {
		_ = server.Close()
		_ = transport.Close()
	}
	d.mu.Unlock()
	for {
		qc, err := listener.Accept(ctx)
		if err != nil {
			_ = listener.Close()
			if ctx.Err() != nil || errors.Is(err, quic.ErrServerClosed) {
				return ctx.Err()
			}
			return err
		}
		d.wait.Go(func() { d.serve(server, qc) })
	}
}

// quicConfig bounds a connection before anything of it is known.
func (d *Door) quicConfig() *quic.Config {
	base := &quic.Config{
		EnableDatagrams: true, EnableStreamResetPartialDelivery: true,
		MaxIncomingStreams: streams, MaxIncomingUniStreams: uniStreams,
		InitialStreamReceiveWindow: streamWindow, MaxStreamReceiveWindow: streamWindow,
		InitialConnectionReceiveWindow: connectWindow, MaxConnectionReceiveWindow: connectWindow,
	}
	base.GetConfigForClient = func(*quic.ClientInfo) (*quic.Config, error) {
		settings, cfg := d.settings(), base.Clone()
		cfg.HandshakeIdleTimeout = settings.HelloTimeout
		cfg.MaxIdleTimeout = settings.IdleTimeout
		cfg.KeepAlivePeriod = settings.IdleTimeout / pings
		return cfg, nil
	}
	return base
}

// guest is a QUIC connection that is half-open until a ticket was taken.
type guest struct {
	leave    func()
	once     sync.Once
	admitted atomic.Bool
}

// gone ends the counting.
func (g *guest) gone() { g.once.Do(g.leave) }

type guestKey struct{}

// greet counts a connection before the handshake, or refuses it.
func (d *Door) greet(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	g := &guest{leave: func() {}}
	if d.Enter != nil {
		leave, ok := d.Enter(info.RemoteAddr)
		if !ok {
			return nil, errors.New("too many connections")
		}
		g.leave = leave
	}
	context.AfterFunc(ctx, g.gone)
	return context.WithValue(ctx, guestKey{}, g), nil
}

// serve is one QUIC connection's life. Without a session that took a ticket it is short; those that have a session are
// told why a little before.
func (d *Door) serve(server *wt.Server, qc *quic.Conn) {
	if g, ok := qc.Context().Value(guestKey{}).(*guest); ok {
		late := time.AfterFunc(d.settings().HelloTimeout+linger, func() {
			if !g.admitted.Load() {
				_ = qc.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "no Hello came in time")
			}
		})
		defer late.Stop()
	}
	_ = server.ServeQUICConn(qc)
	<-qc.Context().Done()
}

// handler opens sessions.
func (d *Door) handler(server *wt.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.URL.Path != "/room" {
			http.Error(w, "this address speaks WebTransport at /room", http.StatusNotFound)
			return
		}
		session, err := server.Upgrade(w, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c := newConn(d, session)
		if g, ok := r.Context().Value(guestKey{}).(*guest); ok {
			c.guest = g
		}
		if !d.conns.Enter(c) {
			_ = session.CloseWithError(wt.SessionErrorCode(wire.CloseGoingAway), "the server is going away")
			return
		}
		defer d.conns.Leave(c)
		c.serve()
	})
}

// Conns tells how many sessions there are.
func (d *Door) Conns() int { return d.conns.Len() }

// Close ends every session and waits for them. Rooms that were told to close have said goodbye before.
func (d *Door) Close() {
	d.conns.Close(func(c *conn) {
		if !c.Out.Finished() {
			c.end(wire.CloseGoingAway, "the server is going away")
		}
	})
	d.mu.Lock()
	shutdown := d.shutdown
	d.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		d.wait.Wait()
	}()
	select {
	case <-gone:
	case <-time.After(lastPackets):
	}
	if shutdown != nil {
		shutdown()
	}
	<-gone
}

func (d *Door) settings() model.RoomSettings { return room.SettingsOf(d.Settings) }
