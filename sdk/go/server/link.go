package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/seatbook"
	"greenroom.dev/greenroom/internal/ticket"
)

const (
	reconnectFirst   = 50 * time.Millisecond
	reconnectLast    = 2 * time.Second
	welcomeWait      = 10 * time.Second // for the first answer on a stream
	batchWait        = 50 * time.Millisecond
	defaultHeartbeat = 2 * time.Second
	// goodbyeWait is what the last report gets when Run is told to end.
	goodbyeWait = 500 * time.Millisecond
	// A peer that neither sends nor answers a ping for so long is gone.
	pingAfter, pingWait = 10 * time.Second, 5 * time.Second
	// linkReadMax fits the largest message to a server: a session's state and its frame.
	linkReadMax = MaxCopyBytes + 64<<10
)

func newTransport(link, linkFile string) connect.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	var trip http.RoundTripper = &http.Transport{
		Protocols: protocols,
		HTTP2:     &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingWait},
	}
	if linkFile != "" {
		trip = movingHost{trip, linkFile}
	}
	client := &http.Client{Transport: trip}
	return connecthttp.NewTransport(client, link, connecthttp.WithReadMaxBytes(linkReadMax))
}

// Run keeps the link until ctx ends, connecting again for ever with a growing, jittered delay of 50 ms to 2 s. What
// changed last is still sent when ctx ends. It returns nil once every handler call has returned. Call it once.
func (s *Server) Run(ctx context.Context) error {
	defer s.lanes.wait()
	delay, down := reconnectFirst, false
	for ctx.Err() == nil {
		welcomed, err := s.connect(ctx)
		if ctx.Err() != nil {
			break
		}
		if welcomed {
			delay, down = reconnectFirst, false
		}
		if !down {
			s.log.Warn("link to greenroom is down; sessions go on, trying again", "server", s.cfg.Server, "err", err)
			down = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay/2 + rand.N(delay/2)):
		}
		delay = min(2*delay, reconnectLast)
	}
	return nil
}

// conn is one stream.
type conn struct {
	server *Server
	stream greenroomv1connect.LinkServiceLinkClientStream
	wake   chan struct{}
	meter  *meter
	said   *model.Connections // on this stream; nil: nothing yet

	mu      sync.Mutex
	answers []*greenroomv1.LinkRequest
}

// connect runs one stream to its end and tells whether it got as far as being welcomed.
func (s *Server) connect(ctx context.Context) (welcomed bool, err error) {
	callCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(goodbyeWait, cancel) })()
	impatient := time.AfterFunc(welcomeWait, cancel)
	defer impatient.Stop()

	callCtx, info := connect.NewClientContext(callCtx)
	info.RequestHeader().Set("Authorization", "Bearer "+s.cfg.Token)
	stream, err := s.client.Link(callCtx)
	if err != nil {
		return false, err
	}
	defer stream.Close()
	if err := stream.Send(&greenroomv1.LinkRequest{Message: &greenroomv1.LinkRequest_Hello{Hello: s.hello()}}); err != nil {
		return false, fmt.Errorf("say hello: %w", errors.Join(err, firstError(stream.Receive())))
	}
	first, err := stream.Receive()
	if err != nil {
		return false, err
	}
	if first.GetWelcome() == nil {
		return false, errors.New("the control plane's first message is not a welcome")
	}
	impatient.Stop()
	s.takeWelcome(first.GetWelcome())
	s.log.Info("linked to greenroom", "server", s.cfg.Server)

	c := &conn{server: s, stream: stream, wake: make(chan struct{}, 1), meter: newMeter(s.cfg.Traffic)}
	c.meter.load() // from here on
	received := make(chan error, 1)
	go func() { received <- c.receive(ctx) }()
	err = c.send(ctx, received)
	cancel()
	<-received
	return true, err
}

func firstError(_ *greenroomv1.LinkResponse, err error) error { return err }

func (s *Server) hello() *greenroomv1.Hello {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &greenroomv1.Hello{
		Server: s.cfg.Server, Version: s.cfg.Version, Endpoints: s.cfg.Endpoints,
		State: s.want.GetState(), Want: s.want, Sessions: sessionsProto(s.book.Hello()),
	}
}

func (s *Server) takeWelcome(w *greenroomv1.Welcome) {
	s.takeFlags(w.GetFlags())
	s.mu.Lock()
	s.keys = make([]ticket.Key, 0, len(w.GetTicketKeys()))
	for _, k := range w.GetTicketKeys() {
		s.keys = append(s.keys, ticket.Key{ID: k.GetId(), Secret: k.GetKey()})
	}
	s.book.Limit(int(w.GetSessionCapacity()), int(w.GetSeatCapacity()))
	s.book.OpensFrom(model.SeatID(w.GetFirstSeat()))
	if s.welcome == nil {
		close(s.welcomed)
	}
	s.welcome, s.room = w, w.GetRoom()
	s.mu.Unlock()

	if f := s.cfg.Handler.Welcome; f != nil {
		s.lanes.do(serverLane, func() { f(w) })
	}
	s.takeStage(w.GetStage(), true)
	if w.GetWant() != nil {
		s.takeWant(w.GetWant())
	}
	for _, ref := range w.GetStale() {
		s.close(&greenroomv1.CloseSession{
			Session: ref, Reason: "the session lives on another server", Redirect: &greenroomv1.Redirect{},
		})
	}
}

// send is the stream's only sender: answers at once, reports and copies batched, an empty report as a heartbeat.
func (c *conn) send(ctx context.Context, received chan error) error {
	heartbeat := time.NewTicker(c.heartbeat())
	defer heartbeat.Stop()
	batch := time.NewTimer(0) // the first report follows the hello at once
	defer batch.Stop()
	waiting := true
	for {
		var err error
		select {
		case err := <-received:
			received <- err
			return err
		case <-ctx.Done():
			err = errors.Join(c.flush(false), c.stream.CloseSend())
			received <- <-received
			return err
		case <-c.server.changed:
			if !waiting {
				batch.Reset(batchWait)
				waiting = true
			}
		case <-batch.C:
			waiting = false
			err = c.flush(false)
		case <-c.wake:
			err = c.flush(false)
		case <-heartbeat.C:
			if err = c.flush(true); err == nil && c.forgotten() {
				err = errForgotten
			}
		}
		if err != nil {
			return err
		}
	}
}

// errForgotten ends a stream so that the next one's hello tells of a frozen session: the welcome says whether it is to go on.
var errForgotten = errors.New("a session is frozen and nobody comes back to it")

func (c *conn) forgotten() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.server.book.Forgotten(c.server.now())
}

func (c *conn) heartbeat() time.Duration {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if d := c.server.welcome.GetHeartbeat().AsDuration(); d > 0 {
		return d
	}
	return defaultHeartbeat
}

// flush sends what is due: first the report, so that answers are given on what it says. With beat there is a report
// even if nothing changed, with the load.
func (c *conn) flush(beat bool) error {
	c.server.mu.Lock()
	var said seatbook.Report
	c.server.book.Report(&said)
	copies, counts := c.server.book.Copies(nil), c.server.book.Connections
	c.server.mu.Unlock()
	report := reportProto(&said)
	told := c.said != nil && *c.said == counts
	if report == nil && (beat || !told) {
		report = &greenroomv1.Report{}
	}
	if !told {
		c.said, report.Connections = &counts, convert.ConnectionsProto(counts)
	}
	if beat {
		report.Load = c.meter.load()
	}
	if report != nil {
		if err := c.stream.Send(&greenroomv1.LinkRequest{Message: &greenroomv1.LinkRequest_Report{Report: report}}); err != nil {
			return err
		}
	}
	for i := range copies {
		if err := c.stream.Send(&greenroomv1.LinkRequest{Message: &greenroomv1.LinkRequest_Copy{Copy: copyProto(&copies[i])}}); err != nil {
			return err
		}
	}
	c.mu.Lock()
	answers := c.answers
	c.answers = nil
	c.mu.Unlock()
	for _, answer := range answers {
		if err := c.stream.Send(answer); err != nil {
			return err
		}
	}
	return nil
}

// answer queues the answer to one request of the control plane, which bounds their number.
func (c *conn) answer(m *greenroomv1.LinkRequest) {
	c.mu.Lock()
	c.answers = append(c.answers, m)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
