package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/sdk/go/client"
	sdk "greenroom.dev/greenroom/sdk/go/server"

	"github.com/coder/websocket"
	"github.com/eclipse/paho.golang/packets"
	paho5 "github.com/eclipse/paho.golang/paho"
	paho3 "github.com/eclipse/paho.mqtt.golang"
	wt "github.com/quic-go/webtransport-go"
)

// sight is what a member sees, whichever door it came through.
type sight struct {
	mu      sync.Mutex
	members map[string]bool
	states  map[string]string
	at      map[string]int16 // positions' x
	events  []string         // in order
	moved   wire.Reconnect
	end     string // how the connection ended
	changed chan struct{}
	names   map[uint64]string
}

func newSight() *sight {
	return &sight{
		members: map[string]bool{}, states: map[string]string{}, at: map[string]int16{}, names: map[uint64]string{},
		changed: make(chan struct{}, 1),
	}
}

func (s *sight) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// await waits until is true, and says what there was instead.
func (s *sight) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		ok := is()
		seen := fmt.Sprintf("members %v, states %v, positions %v, events %v, end %q",
			slices.Sorted(maps.Keys(s.members)), s.states, s.at, s.events, s.end)
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-s.changed:
		case <-late:
			t.Fatalf("%s does not see it: %s", what, seen)
		}
	}
}

// record takes one of greenroom.v1.
func (s *sight) record(r wire.Record) {
	s.change(func() {
		switch r := r.(type) {
		case wire.Snapshot:
			for _, m := range r.Members {
				s.names[m.Member], s.members[m.Player] = m.Player, true
			}
			for _, e := range r.Entries {
				s.states[e.Key] = string(e.Value)
			}
		case wire.Joined:
			s.names[r.Member], s.members[r.Player] = r.Player, true
		case wire.Left:
			delete(s.members, s.names[r.Member])
		case wire.State:
			s.states[r.Key] = string(r.Value)
		case wire.Event:
			s.events = append(s.events, r.Name)
		case wire.Positions:
			for _, e := range r.Entries {
				s.at[s.names[e.Member]] = e.X
			}
		case wire.Reconnect:
			s.moved = r
		}
	})
}

// publish takes an MQTT message of plaza.
func (s *sight) publish(topic string, payload []byte) {
	rest := strings.TrimPrefix(topic, "r/room-7/")
	class, name, _ := strings.Cut(rest, "/")
	s.change(func() {
		switch class {
		case "p":
			s.members[name] = true
			if len(payload) == 0 {
				delete(s.members, name)
			}
		case "s":
			s.states[name] = string(payload)
		case "e":
			s.events = append(s.events, name)
		case "pos":
			var at struct{ X float64 }
			_ = json.Unmarshal(payload, &at)
			s.at[name] = int16(math.Round(at.X / model.DefaultPositionStep))
		case "sys":
			var r struct{ URL, Ticket string }
			if name == "reconnect" {
				_ = json.Unmarshal(payload, &r)
				s.moved.URL, s.moved.Ticket = r.URL, r.Ticket
			}
		}
	})
}

// player is a member that came by one of the doors.
type player struct {
	*sight
	name  string
	do    func(t *testing.T, key string, x int16) // says a state, an event and a position
	leave func()
}

// allDoors are the endpoints of a server with every port.
func allDoors() []string {
	return []string{"ws", "wss", "mqtt", "mqtts", "mqtt_ws", "mqtt_wss", "udp", "webtransport"}
}

// shown is what opens a seat at an endpoint, for the player of its name: a ticket, or a connect token.
func (s *served) shown(endpoint string) string {
	if endpoint == "udp" {
		return s.plane.ConnectToken(plaza, model.PlayerID(endpoint), 20)
	}
	return s.ticket(endpoint)
}

// come enters by an endpoint with a ticket.
func (s *served) come(t *testing.T, endpoint, ticket string) *player {
	t.Helper()
	p := &player{sight: newSight(), name: endpoint}
	switch endpoint {
	case "ws", "wss":
		s.comeByWebSocket(t, p, ticket)
	case "udp":
		s.comeByUDP(t, p, ticket)
	case "webtransport":
		s.comeByWebTransport(t, p, ticket)
	case "mqtt", "mqtt_ws":
		s.comeByMQTT311(t, p, ticket)
	default:
		s.comeByMQTT5(t, p, ticket)
	}
	t.Cleanup(p.leave)
	p.await(t, endpoint, func() bool { return p.members[endpoint] })
	return p
}

// records are those that do says.
func (p *player) records(key string, x int16) []wire.Record {
	return []wire.Record{
		wire.SetState{Seq: 1, Flags: wire.Retain, Key: key, Value: []byte(p.name)},
		wire.SendEvent{Seq: 2, Name: key},
		wire.SendPosition{Serial: 1, Position: wire.Position{X: x}},
	}
}

func (s *served) comeByWebSocket(t *testing.T, p *player, ticket string) {
	c := s.wsBy(t, p.name)
	c.send(wire.Hello{Ticket: ticket})
	go func() {
		for {
			r, err := c.next()
			if err != nil {
				p.change(func() { p.end = fmt.Sprint(int(websocket.CloseStatus(err))) })
				return
			}
			p.record(r)
		}
	}()
	p.do = func(_ *testing.T, key string, x int16) { c.send(p.records(key, x)...) }
	p.leave = func() { c.conn.CloseNow() }
}

// comeByUDP has the Go client for it, which goes where it is sent by itself.
func (s *served) comeByUDP(t *testing.T, p *player, token string) {
	t.Helper()
	room, err := client.Enter(t.Context(), client.Place{URL: s.url("udp", "udp", ""), Ticket: token, Player: p.name}, client.Options{
		Handler: client.Handler{
			State: func(c client.StateChange) { p.change(func() { p.states[c.Key] = string(c.Value) }) },
			Event: func(e client.Event) { p.change(func() { p.events = append(p.events, e.Name) }) },
			Member: func(member uint64, player string, present bool) {
				p.change(func() {
					p.names[member], p.members[player] = player, true
					if !present {
						delete(p.members, player)
					}
				})
			},
			Position: func(m client.MemberPosition) {
				p.change(func() { p.at[p.names[m.Member]] = int16(math.Round(m.X / model.DefaultPositionStep)) })
			},
			Status: func(c client.StatusChange) {
				p.change(func() {
					var closed *client.ClosedError
					if errors.As(c.Err, &closed) {
						p.end = fmt.Sprint(closed.Code)
					} else if c.Told {
						p.end = fmt.Sprint(int(wire.CloseMoved))
					}
				})
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do = func(t *testing.T, key string, x int16) {
		_, err1 := room.SetState(key, []byte(p.name), wire.Retain)
		_, err2 := room.SendEvent(key, nil)
		err3 := room.Move(client.Position{X: float64(x) * model.DefaultPositionStep})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Error(err)
		}
	}
	p.leave = room.Close
}

func (s *served) comeByWebTransport(t *testing.T, p *player, ticket string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &wt.Transport{TLSClientConfig: &tls.Config{RootCAs: s.files.roots, NextProtos: []string{"h3"}}}
	_, session, err := transport.Dial(ctx, s.url("webtransport", "https", "/room"), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := session.OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = stream.Write(wire.Hello{Ticket: ticket}.Append(nil))
	go func() {
		in := bufio.NewReader(stream)
		for {
			r, err := readRecord(in)
			if err != nil {
				_ = stream.Close()
				_, err = session.AcceptUniStream(context.Background())
				ended, _ := err.(*wt.SessionError)
				p.change(func() { p.end = fmt.Sprint(int(ended.ErrorCode)) })
				return
			}
			p.record(r)
		}
	}()
	go func() {
		for {
			b, err := session.ReceiveDatagram(session.Context())
			if err != nil {
				return
			}
			_, n := binary.Uvarint(b)
			if r, _, err := wire.Decode(b[n:]); err == nil {
				p.record(r)
			}
		}
	}()
	p.do = func(t *testing.T, key string, x int16) {
		all := p.records(key, x)
		if err := session.SendDatagram(all[2].Append(nil)); err != nil {
			t.Error(err)
		}
		_, _ = stream.Write(all[1].Append(all[0].Append(nil)))
	}
	p.leave = func() { _ = session.CloseWithError(0, "") }
}

func readRecord(in *bufio.Reader) (wire.Record, error) {
	kind, err := in.ReadByte()
	if err != nil {
		return nil, err
	}
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	head := binary.AppendUvarint([]byte{kind}, n)
	b := append(head, make([]byte, n)...)
	if _, err := io.ReadFull(in, b[len(head):]); err != nil {
		return nil, err
	}
	r, _, err := wire.Decode(b)
	return r, err
}

// mqttMessages are those that do says.
func mqttMessages(p *player, key string, x int16) map[string]string {
	return map[string]string{
		"r/room-7/s/" + key: p.name, "r/room-7/e/" + key: "",
		"r/room-7/pos/" + p.name: fmt.Sprintf(`{"x":%v}`, float64(x)*model.DefaultPositionStep),
	}
}

func (s *served) comeByMQTT311(t *testing.T, p *player, ticket string) {
	t.Helper()
	address := s.url("mqtt", "tcp", "")
	if p.name == "mqtt_ws" {
		address = s.url("ws", "ws", "/mqtt")
	}
	client := paho3.NewClient(paho3.NewClientOptions().AddBroker(address).SetUsername(p.name).SetPassword(ticket).SetAutoReconnect(false).
		SetDefaultPublishHandler(func(_ paho3.Client, m paho3.Message) { p.publish(m.Topic(), m.Payload()) }).
		SetConnectionLostHandler(func(paho3.Client, error) { p.change(func() { p.end = "lost" }) }))
	wait3(t, client.Connect())
	wait3(t, client.Subscribe("r/room-7/#", 1, nil))
	p.do = func(t *testing.T, key string, x int16) {
		for topic, payload := range mqttMessages(p, key, x) {
			wait3(t, client.Publish(topic, 1, strings.Contains(topic, "/s/"), payload))
		}
	}
	p.leave = func() { client.Disconnect(0) }
}

func (s *served) comeByMQTT5(t *testing.T, p *player, ticket string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	var nc net.Conn
	var err error
	if p.name == "mqtts" {
		nc, err = tls.Dial("tcp", s.Addr("mqtts").String(), s.trust())
	} else {
		var conn *websocket.Conn
		conn, _, err = websocket.Dial(ctx, s.url("wss", "wss", "/mqtt"), &websocket.DialOptions{Subprotocols: []string{"mqtt"}, HTTPClient: s.dialer()})
		if err == nil {
			nc = websocket.NetConn(context.Background(), conn, websocket.MessageBinary)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	client := paho5.NewClient(paho5.ClientConfig{
		Conn: packets.NewThreadSafeConn(nc),
		OnPublishReceived: []func(paho5.PublishReceived) (bool, error){
			func(r paho5.PublishReceived) (bool, error) {
				p.publish(r.Packet.Topic, r.Packet.Payload)
				return true, nil
			},
		},
		OnServerDisconnect: func(d *paho5.Disconnect) {
			p.change(func() {
				p.end = fmt.Sprintf("%#x", d.ReasonCode)
				p.moved = wire.Reconnect{URL: d.Properties.ServerReference, Ticket: d.Properties.User.Get("ticket")}
			})
		},
	})
	if _, err := client.Connect(ctx, &paho5.Connect{
		CleanStart: true, Username: p.name, UsernameFlag: true, Password: []byte(ticket), PasswordFlag: true,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Subscribe(ctx, &paho5.Subscribe{Subscriptions: []paho5.SubscribeOptions{{Topic: "r/room-7/#", QoS: 1}}}); err != nil {
		t.Fatal(err)
	}
	p.do = func(t *testing.T, key string, x int16) {
		for topic, payload := range mqttMessages(p, key, x) {
			if _, err := client.Publish(ctx, &paho5.Publish{Topic: topic, QoS: 1, Retain: strings.Contains(topic, "/s/"), Payload: []byte(payload)}); err != nil {
				t.Error(err)
			}
		}
	}
	p.leave = func() {
		_ = client.Disconnect(&paho5.Disconnect{})
		<-client.Done()
	}
}

// Whichever door they came through, members see the same: who is there, states, events in one order, positions.
func TestEveryDoor(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	all := s.comeAll(t)
	for i, p := range all {
		p.do(t, "of-"+p.name, int16(i+1))
	}
	same := func(p *player) bool {
		ok := len(p.members) == len(all) && len(p.events) == len(all) && len(p.at) == len(all) && len(p.states) == len(all)
		for i, other := range all {
			ok = ok && p.members[other.name] && p.states["of-"+other.name] == other.name && p.at[other.name] == int16(i+1)
		}
		return ok
	}
	for _, p := range all {
		p.await(t, p.name, func() bool { return same(p) })
		if !slices.Equal(p.events, all[0].events) {
			t.Errorf("%s saw %v, %s saw %v", p.name, p.events, all[0].name, all[0].events)
		}
	}
	if got := s.metric(t, "greenroom_room_members"); got != len(all) {
		t.Errorf("%d members are counted, not %d", got, len(all))
	}
	for _, p := range all {
		if got := s.metric(t, fmt.Sprintf("greenroom_room_connections{endpoint=%q}", p.name)); got != 1 {
			t.Errorf("%d connections by %s", got, p.name)
		}
	}
	last := all[len(all)-1]
	for _, p := range all[:len(all)-1] {
		p.leave()
	}
	last.await(t, last.name, func() bool { return last.end == "" && len(last.states) == len(all) })
}

// conns waits until there are so many connections by an endpoint.
func (s *served) conns(t *testing.T, endpoint string, want int) {
	t.Helper()
	for end := time.Now().Add(patience); s.Conns(endpoint) != want; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d connections by %s, not %d", s.Conns(endpoint), endpoint, want)
		}
	}
}

// comeAll has a player come by every door, called like it.
func (s *served) comeAll(t *testing.T) []*player {
	t.Helper()
	var all []*player
	for _, endpoint := range allDoors() {
		all = append(all, s.come(t, endpoint, s.shown(endpoint)))
	}
	return all
}

// farewell is how a door says a close code.
func farewell(code wire.CloseCode, mqtt5 string, endpoint string) string {
	switch endpoint {
	case "mqtt", "mqtt_ws":
		return "lost"
	case "mqtts", "mqtt_wss":
		return mqtt5
	}
	return fmt.Sprint(int(code))
}

// When the server goes away every door says so.
func TestEveryDoorSaysGoodbye(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	all := s.comeAll(t)
	s.stop()
	for _, p := range all {
		want := farewell(wire.CloseGoingAway, "0x8b", p.name)
		p.await(t, p.name, func() bool { return p.end == want })
	}
}

// A drain sends everybody to the same door of the next server, where the room is as it was.
func TestEveryDoorIsSentOn(t *testing.T) {
	from, to := serve(t, model.RoomSettings{}), serve(t, model.RoomSettings{})
	all := from.comeAll(t)
	for i, p := range all {
		p.do(t, "of-"+p.name, int16(i+1))
	}
	for _, p := range all {
		p.await(t, p.name, func() bool { return len(p.states) == len(all) && len(p.at) == len(all) })
	}
	state, err := from.Handler().HandOver(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Handler().Open(t.Context(), session, 20, state, true); err != nil {
		t.Fatal(err)
	}
	redirect := &sdk.Redirect{
		Endpoints: to.Endpoints("127.0.0.1"), Tickets: map[string]string{}, ConnectTokens: map[string]string{"udp": to.shown("udp")},
	}
	for _, p := range all {
		redirect.Tickets[p.name] = to.ticket(p.name)
	}
	from.Handler().Close(session, "drain", redirect)
	for _, p := range all {
		want := farewell(wire.CloseMoved, "0x9d", p.name)
		if p.name == "udp" { // it is there already
			p.await(t, p.name, func() bool { return p.end == want })
			to.conns(t, "udp", 1)
			continue
		}
		p.await(t, p.name, func() bool { return p.end == want && p.moved.Ticket == redirect.Tickets[p.name] })
		i := slices.IndexFunc(redirect.Endpoints, func(e *greenroomv1.Endpoint) bool { return e.GetName() == p.name })
		if i < 0 || p.moved.URL != redirect.Endpoints[i].GetUrl() {
			t.Errorf("%s is sent to %s", p.name, p.moved.URL)
		}
		again := to.come(t, p.name, p.moved.Ticket)
		again.await(t, p.name, func() bool {
			return len(again.states) == len(all) && len(again.at) == len(all) && len(again.members) == len(all)
		})
	}
}
