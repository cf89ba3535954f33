package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"greenroom.dev/greenroom/sdk/go/client"
)

const (
	mqttTimeout   = 5 * time.Second // of one connection's making
	mqttGiveUp    = time.Minute     // away for so long, a seat is over
	mqttPending   = 1024            // events waiting for their acknowledgement
	mqttAnyDelay  = 50 * time.Millisecond
	mqttMaxDelay  = 2 * time.Second
	mqttKeepAlive = 10 * time.Second
)

// mqttSeat is a seat taken by a stock MQTT 3.1.1 client, as somebody without Greenroom's SDK would take it: retained
// publishes for state, plain ones for events, QoS 1 both ways, and a listener on the topic that says where to go.
type mqttSeat struct {
	crowd  *crowd
	key    string // of the session
	name   string
	to     listener
	cancel context.CancelFunc
	done   chan struct{}

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
	topic   string
	payload []byte
	token   mqtt.Token // nil: not sent on this connection
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
	lost := make(chan error, 1)
	if err := s.connect(ctx, lost); err != nil {
		return nil, fmt.Errorf("enter the room at %s: %w", s.place.URL, err)
	}
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
		s.mu.Lock()
		away := time.Since(left)
		s.mu.Unlock()
		s.to.back(away)
	}
}

// comeBack goes where the room said, or back to the same place, and joins again when that fails. nil: it is over.
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
	s.mu.Unlock()
	options := mqtt.NewClientOptions().
		AddBroker(strings.Replace(place.URL, "mqtt://", "tcp://", 1)).
		SetClientID(s.name).SetUsername(s.name).SetPassword(place.Ticket).
		SetProtocolVersion(4).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectRetry(false).
		SetConnectTimeout(mqttTimeout).SetKeepAlive(mqttKeepAlive).
		SetDefaultPublishHandler(s.receive).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
	conn := mqtt.NewClient(options)
	if err := done(ctx, conn.Connect()); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept = map[string][]byte{}
	s.mu.Unlock()
	filters := map[string]byte{"r/" + s.key + "/s/#": 1, "r/" + s.key + "/e/#": 1}
	s.to.mayMiss() // an MQTT client has no history: what was said meanwhile is lost to it
	if err := done(ctx, conn.SubscribeMultiple(filters, nil)); err != nil {
		conn.Disconnect(0)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.heardAt = conn, time.Now()
	s.sayAgain()
	return nil
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
	s.mu.Lock()
	defer s.mu.Unlock()
	topic := "r/" + s.key + "/s/" + key
	word := &said{topic: topic, payload: append([]byte(nil), value...)}
	s.own[topic] = word
	s.publish(word, true)
	return nil
}

func (s *mqttSeat) send(name string, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prune() >= mqttPending {
		return client.ErrFull
	}
	word := &said{topic: "r/" + s.key + "/e/" + name, payload: append([]byte(nil), payload...)}
	s.events = append(s.events, word)
	s.publish(word, false)
	return nil
}

// publish sends if there is a connection. s.mu is held.
func (s *mqttSeat) publish(word *said, retained bool) {
	if word.token = nil; s.conn != nil {
		word.token = s.conn.Publish(word.topic, 1, retained, word.payload)
	}
}

// sayAgain sends what the last connection left unanswered, and the player's state, which the room may have lost. s.mu is
// held.
func (s *mqttSeat) sayAgain() {
	s.prune()
	for _, word := range s.own {
		s.publish(word, true)
	}
	for _, word := range s.events {
		s.publish(word, false)
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
