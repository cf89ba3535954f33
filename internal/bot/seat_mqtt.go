package bot

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"greenroom.dev/greenroom/sdk/go/client"
)

const (
	mqttTimeout   = 5 * time.Second // of one connection's making
	mqttWrite     = time.Second     // of a publish's way to the connection
	mqttGiveUp    = time.Minute     // away for so long, a seat is over
	mqttPending   = 1024            // events waiting for their acknowledgement
	mqttAnyDelay  = 50 * time.Millisecond
	mqttMaxDelay  = 2 * time.Second
	mqttKeepAlive = 10 * time.Second
)

// mqttSeat is a seat taken by a stock MQTT 3.1.1 client, as somebody without Greenroom's SDK would take it: retained
// publishes for state, plain ones for events, and a listener on the topic that says where to go. It publishes at QoS 1 and
// receives events at QoS 1, state at QoS 0.
type mqttSeat struct {
	crowd  *crowd
	key    string // of the session
	name   string
	to     listener
	cancel context.CancelFunc
	done   chan struct{}

	saying sync.Mutex // held while publishing, which may block: nothing that receives may wait for it

	mu       sync.Mutex
	place    client.Place
	conn     mqtt.Client // nil while away
	kept     map[string][]byte
	own      map[string]*said // by topic: the player's last words
	events   []*said          // not acknowledged
	redirect *mqttRedirect
	heardAt  time.Time // the last message other than a redirect
	why      error
}

// said is one publish.
type said struct {
	topic    string
	payload  []byte
	retained bool
	token    mqtt.Token // nil: not sent on this connection
}

// mqttRedirect is what r/{room}/sys/reconnect says.
type mqttRedirect struct {
	AfterMS int64  `json:"after_ms"`
	URL     string `json:"url"`
	Ticket  string `json:"ticket"`
}

func enterMQTT(ctx context.Context, c *crowd, key, name string, to listener) (seat, error) {
	s := &mqttSeat{crowd: c, key: key, name: name, to: to, done: make(chan struct{}), own: map[string]*said{}}
	if err := s.join(ctx); err != nil {
		return nil, err
	}
	lost := s.comeBack(ctx, nil)
	if lost == nil {
		return nil, fmt.Errorf("enter the room at %s: %w", s.place.URL, cmp.Or(s.why, context.Cause(ctx)))
	}
	s.sayAgain()
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go s.run(life, lost)
	return s, nil
}

func (s *mqttSeat) join(ctx context.Context) error {
	joined, err := s.crowd.api.Join(ctx, s.crowd.cfg.Route, s.key, s.name)
	if err != nil {
		return fmt.Errorf("join %s as %s: %w", s.crowd.cfg.Route, s.name, err)
	}
	place, err := client.PlaceOf(joined, MQTT, s.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place = place
	return err
}

// run comes back whenever the connection is lost, until ctx ends.
func (s *mqttSeat) run(ctx context.Context, lost chan error) {
	defer close(s.done)
	for {
		var why error
		select {
		case <-ctx.Done():
			return
		case why = <-lost:
		}
		s.mu.Lock()
		s.conn = nil
		left, redirect := s.heardAt, s.redirect
		s.redirect = nil
		s.mu.Unlock()
		s.to.lost(redirect != nil, why)
		if lost = s.comeBack(ctx, redirect); lost == nil {
			return
		}
		s.to.back(time.Since(left))
		s.sayAgain()
	}
}

// comeBack goes where the room said, or to the place it has, and joins again when that fails. nil: it is over.
func (s *mqttSeat) comeBack(ctx context.Context, redirect *mqttRedirect) chan error {
	since := time.Now()
	delay := rand.N(mqttAnyDelay)
	if redirect != nil {
		delay = time.Duration(redirect.AfterMS) * time.Millisecond
		if redirect.URL != "" {
			s.mu.Lock()
			s.place.URL, s.place.Ticket = redirect.URL, redirect.Ticket
			s.mu.Unlock()
		}
	}
	for try := 0; ; try++ {
		if !wait(ctx, delay) {
			return nil
		}
		var err error
		if try > 0 || redirect != nil && redirect.URL == "" {
			err = s.join(ctx)
		}
		lost := make(chan error, 1)
		if err == nil {
			err = s.connect(ctx, lost)
		}
		switch {
		case err == nil:
			return lost
		case ctx.Err() != nil:
			return nil
		case time.Since(since) > mqttGiveUp:
			s.mu.Lock()
			s.why = err
			s.mu.Unlock()
			return nil
		}
		if delay = 0; try > 0 {
			delay = min(mqttAnyDelay<<min(try, 10), mqttMaxDelay)
			delay += rand.N(delay)
		}
	}
}

// connect returns once the room's state has been asked for; lost gets the end of the connection.
func (s *mqttSeat) connect(ctx context.Context, lost chan error) error {
	s.mu.Lock()
	place := s.place
	s.redirect = nil // of a connection that came to nothing
	s.mu.Unlock()
	options := mqtt.NewClientOptions().
		AddBroker(strings.Replace(place.URL, "mqtt://", "tcp://", 1)).
		SetClientID(s.name).SetUsername(s.name).SetPassword(place.Ticket).
		SetProtocolVersion(4).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectRetry(false).
		SetConnectTimeout(mqttTimeout).SetWriteTimeout(mqttWrite).SetKeepAlive(mqttKeepAlive).
		SetDefaultPublishHandler(s.receive).SetCustomOpenConnectionFn(dialBuffered).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
	conn := mqtt.NewClient(options)
	if err := done(ctx, conn.Connect()); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept = map[string][]byte{}
	s.mu.Unlock()
	filters := map[string]byte{"r/" + s.key + "/s/#": 0, "r/" + s.key + "/e/#": 1}
	s.to.mayMiss() // an MQTT client has no history: what was said meanwhile is lost to it
	if err := done(ctx, conn.SubscribeMultiple(filters, nil)); err != nil {
		conn.Disconnect(0)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.heardAt = conn, time.Now()
	return nil
}

// bufferedConn reads ahead: the MQTT client reads a few bytes at a time.
type bufferedConn struct {
	net.Conn
	from *bufio.Reader
}

func (c bufferedConn) Read(p []byte) (int, error) { return c.from.Read(p) }

func dialBuffered(broker *url.URL, options mqtt.ClientOptions) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", broker.Host, options.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	return bufferedConn{conn, bufio.NewReaderSize(conn, 4096)}, nil
}

// done waits for a token.
func done(ctx context.Context, token mqtt.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(mqttTimeout):
		return errors.New("the server does not answer")
	}
}

func (s *mqttSeat) receive(_ mqtt.Client, message mqtt.Message) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(message.Topic(), "r/"+s.key+"/"), "/")
	switch kind {
	case "s":
		s.mu.Lock()
		s.heardAt = time.Now()
		s.kept[name] = message.Payload()
		s.mu.Unlock()
		if len(message.Payload()) > 0 {
			s.to.state(message.Payload(), message.Retained())
		}
	case "e":
		s.mu.Lock()
		s.heardAt = time.Now()
		s.mu.Unlock()
		s.to.event(message.Payload())
	case "sys":
		var redirect mqttRedirect
		if err := json.Unmarshal(message.Payload(), &redirect); err != nil {
			s.to.refused(fmt.Sprintf("the room said where to go and was not understood: %v", err))
			return
		}
		s.mu.Lock()
		s.redirect = &redirect
		s.mu.Unlock()
	}
}

func (s *mqttSeat) set(key string, value []byte) error {
	topic := "r/" + s.key + "/s/" + key
	word := &said{topic: topic, retained: true, payload: append([]byte(nil), value...)}
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	s.own[topic] = word
	s.mu.Unlock()
	s.publish(word)
	return nil
}

// move is not called: check lets nobody come by MQTT who says it so.
func (s *mqttSeat) move(client.Position) error { return client.ErrClosed }

// look: MQTT shows states alone, and all of them.
func (s *mqttSeat) look() sight { return sight{} }

func (s *mqttSeat) send(name string, payload []byte) error {
	word := &said{topic: "r/" + s.key + "/e/" + name, payload: append([]byte(nil), payload...)}
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	if s.prune() >= mqttPending {
		s.mu.Unlock()
		return client.ErrFull
	}
	s.events = append(s.events, word)
	s.mu.Unlock()
	s.publish(word)
	return nil
}

// publish sends if there is a connection. s.saying is held.
func (s *mqttSeat) publish(word *said) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	var token mqtt.Token
	if conn != nil {
		token = conn.Publish(word.topic, 1, word.retained, word.payload)
	}
	s.mu.Lock()
	word.token = token
	s.mu.Unlock()
}

// sayAgain sends what the last connection left unanswered, and the player's state, which the room may have lost.
func (s *mqttSeat) sayAgain() {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	s.prune()
	for _, word := range s.events {
		word.payload = markAgain(word.payload)
	}
	words := slices.AppendSeq(slices.Clone(s.events), maps.Values(s.own))
	s.mu.Unlock()
	for _, word := range words {
		s.publish(word)
	}
}

func (w *said) acknowledged() bool {
	if w.token == nil {
		return false
	}
	select {
	case <-w.token.Done():
		return w.token.Error() == nil
	default:
		return false
	}
}

// prune forgets acknowledged events and tells how many are left. s.mu is held.
func (s *mqttSeat) prune() int {
	n := 0
	for n < len(s.events) && s.events[n].acknowledged() {
		n++
	}
	s.events = s.events[n:]
	return len(s.events)
}

func (s *mqttSeat) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.prune()
	for _, word := range s.own {
		if !word.acknowledged() {
			n++
		}
	}
	return n
}

func (s *mqttSeat) value(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[key]
}

// faults: MQTT numbers nothing, so there is nothing to notice.
func (s *mqttSeat) faults() faults { return faults{} }

func (s *mqttSeat) over() <-chan struct{} { return s.done }

func (s *mqttSeat) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}

func (s *mqttSeat) leave() {
	s.cancel()
	<-s.done
	s.mu.Lock()
	conn := s.conn
	s.conn = nil
	s.mu.Unlock()
	if conn != nil {
		conn.Disconnect(250)
	}
}
