package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
)

const (
	testServer = "rooms-a1b2c3d4"
	testToken  = "s3cret"
)

var testKey = &greenroomv1.TicketKey{Id: "k1", Key: []byte("0123456789abcdef0123456789abcdef")}

// plane is a control plane that says what the test tells it to.
type plane struct {
	t       *testing.T
	welcome *greenroomv1.Welcome
	streams chan *stream
	url     string
	http    *httptest.Server
}

type stream struct {
	hello *greenroomv1.Hello
	said  chan *greenroomv1.LinkRequest
	ask   func(*greenroomv1.LinkResponse)
	drop  context.CancelFunc
}

func newPlane(t *testing.T) *plane {
	p := &plane{t: t, streams: make(chan *stream, 16), welcome: &greenroomv1.Welcome{
		TicketKeys: []*greenroomv1.TicketKey{testKey}, Heartbeat: durationpb.New(20 * time.Millisecond),
		CopyInterval: durationpb.New(time.Second), SessionCapacity: 2, SeatCapacity: 3,
	}}
	p.start("127.0.0.1:0")
	t.Cleanup(func() { p.stop() })
	return p
}

func (p *plane) start(addr string) {
	server := connect.NewServer()
	greenroomv1connect.RegisterLinkServiceHandler(server, p)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, server)
	p.http = httptest.NewUnstartedServer(mux)
	if addr != "127.0.0.1:0" {
		p.http.Listener.Close()
		p.http.Listener = listen(p.t, addr)
	}
	p.http.Config.Protocols = new(http.Protocols)
	p.http.Config.Protocols.SetHTTP1(true)
	p.http.Config.Protocols.SetUnencryptedHTTP2(true)
	p.http.Start()
	p.url = p.http.URL
}

func (p *plane) stop() { p.http.CloseClientConnections(); p.http.Close() }

// Link is the handler.
func (p *plane) Link(ctx context.Context, s greenroomv1connect.LinkServiceLinkServerStream) error {
	info, _ := connect.CallInfoForServerContext(ctx)
	if info.RequestHeader().Get("Authorization") != "Bearer "+testToken {
		return connect.NewError(connect.CodeUnauthenticated, "not one of ours")
	}
	first, err := s.Receive()
	if err != nil {
		return err
	}
	if err := s.Send(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Welcome{Welcome: p.welcome}}); err != nil {
		return err
	}
	ctx, drop := context.WithCancel(ctx)
	defer drop()
	asked := make(chan *greenroomv1.LinkResponse, 16)
	st := &stream{hello: first.GetHello(), said: make(chan *greenroomv1.LinkRequest, 1024), drop: drop}
	st.ask = func(m *greenroomv1.LinkResponse) { asked <- m }
	p.streams <- st
	go func() {
		defer close(st.said)
		for {
			m, err := s.Receive()
			if err != nil {
				drop()
				return
			}
			st.said <- m
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return errors.New("dropped")
		case m := <-asked:
			if err := s.Send(m); err != nil {
				return err
			}
		}
	}
}

// next gives the server's next stream.
func (p *plane) next() *stream {
	p.t.Helper()
	select {
	case s := <-p.streams:
		return s
	case <-time.After(10 * time.Second):
		p.t.Fatal("the server did not link")
		return nil
	}
}

// until answers the first thing said for which want gives true.
func (s *stream) until(t *testing.T, what string, want func(*greenroomv1.LinkRequest) bool) *greenroomv1.LinkRequest {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case m, ok := <-s.said:
			if !ok {
				t.Fatalf("stream ended before the server said: %s", what)
			}
			if want(m) {
				return m
			}
		case <-timeout:
			t.Fatalf("the server did not say: %s", what)
		}
	}
}

// start runs a server against the plane until the test ends.
func (p *plane) serve(h Handler) (*Server, context.CancelFunc, <-chan error) {
	p.t.Helper()
	srv, err := New(Config{Server: testServer, Link: p.url, Token: testToken, Version: "v1", Handler: h})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	p.t.Cleanup(func() { cancel() })
	return srv, cancel, done
}

// sign makes a ticket for the test's server.
func sign(player, key string, seat, gen uint64, capacity int, expires time.Time) string {
	enc := base64.RawURLEncoding.EncodeToString
	head := enc([]byte(`{"alg":"HS256","kid":"k1"}`))
	body := enc(fmt.Appendf(nil, `{"aud":%q,"sub":%q,"jti":%q,"exp":%d,"rte":"plaza","key":%q,"gen":%q,"cap":%d}`,
		testServer, player, strconv.FormatUint(seat, 32), expires.Unix(), key, strconv.FormatUint(gen, 32), capacity))
	mac := hmac.New(sha256.New, testKey.GetKey())
	mac.Write([]byte(head + "." + body))
	return head + "." + body + "." + enc(mac.Sum(nil))
}

func (p *plane) claim(srv *Server, player, key string, seat, gen uint64) Seat {
	p.t.Helper()
	got, err := srv.Claim(sign(player, key, seat, gen, 2, time.Now().Add(time.Minute)))
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}
