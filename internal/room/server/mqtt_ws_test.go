package server_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/coder/websocket"
	autopaho "github.com/eclipse/paho.golang/autopaho"
	paho5 "github.com/eclipse/paho.golang/paho"
	paho3 "github.com/eclipse/paho.mqtt.golang"
)

// paho311 is a stock client of MQTT 3.1.1 at an address such as "ssl://…".
func (s *served) paho311(t *testing.T, address, player string) paho3.Client {
	t.Helper()
	client := paho3.NewClient(paho3.NewClientOptions().AddBroker(address).SetTLSConfig(s.trust()).
		SetUsername(player).SetPassword(s.ticket(player)).SetAutoReconnect(false))
	wait3(t, client.Connect())
	t.Cleanup(func() { client.Disconnect(0) })
	return client
}

// paho5 is one of MQTT 5.
func (s *served) paho5(t *testing.T, address, player string, got func(*paho5.Publish)) *autopaho.ConnectionManager {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	client, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls: []*url.URL{at}, TlsCfg: s.trust(), ConnectUsername: player, ConnectPassword: []byte(s.ticket(player)),
		CleanStartOnInitialConnection: true,
		ClientConfig: paho5.ClientConfig{OnPublishReceived: []func(paho5.PublishReceived) (bool, error){
			func(p paho5.PublishReceived) (bool, error) { got(p.Packet); return true, nil },
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		<-client.Done()
	})
	within, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if err := client.AwaitConnection(within); err != nil {
		t.Fatal(err)
	}
	return client
}

func (s *served) url(port, scheme, path string) string {
	return scheme + "://" + s.Addr(port).String() + path
}

// Stock MQTT clients over WebSocket, with and without TLS, are members like others.
func TestMQTTOverWebSocket(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	for _, port := range []string{"ws", "wss"} {
		got := make(chan string, 100)
		bob := s.paho311(t, s.url(port, port, "/mqtt"), "bob-"+port)
		wait3(t, bob.Subscribe("r/room-7/s/#", 1, func(_ paho3.Client, m paho3.Message) { got <- m.Topic() + " " + string(m.Payload()) }))
		cat := s.paho5(t, s.url(port, port, "/mqtt"), "cat-"+port, func(p *paho5.Publish) { got <- p.Topic + " " + string(p.Payload) })
		if _, err := cat.Subscribe(t.Context(), &paho5.Subscribe{Subscriptions: []paho5.SubscribeOptions{{Topic: "r/room-7/s/#", QoS: 1}}}); err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("x", 10_000)
		wait3(t, bob.Publish("r/room-7/s/bob/"+port, 1, false, long))
		until(ann, func(r wire.State) bool { return r.Key == "bob/"+port && string(r.Value) == long })
		for range 2 { // bob and cat
			if text := <-got; text != "r/room-7/s/bob/"+port+" "+long {
				t.Errorf("%s: %.40s…", port, text)
			}
		}
	}
}

func TestMQTTOverWebSocketRefuses(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	for protocol, want := range map[string]string{"mqttv3.1": "3.1.1 or 5", "greenroom.v1": "subprotocol mqtt", "": "subprotocol mqtt"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url("ws", "http", "/mqtt"), nil)
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": protocol,
		} {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(b), want) {
			t.Errorf("%q is answered %s %q", protocol, resp.Status, b)
		}
	}
}

// A tick is one message, whatever is in it, and CONNECT may come in any pieces.
func TestMQTTOverWebSocketIsAStream(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	conn, _, err := websocket.Dial(t.Context(), s.url("ws", "ws", "/mqtt"), &websocket.DialOptions{Subprotocols: []string{"mqtt"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	connect := connectPacket(4, "bob", s.ticket("bob"))
	subscribe := []byte{0x82, 5 + 10, 0, 1, 0, 10}
	subscribe = append(append(subscribe, "r/room-7/#"...), 0)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, part := range [][]byte{connect[:1], connect[1:9], append(bytes.Clone(connect[9:]), subscribe...)} {
		if err := conn.Write(ctx, websocket.MessageBinary, part); err != nil {
			t.Fatal(err)
		}
	}
	var seen []byte
	for !bytes.Contains(seen, []byte("p/bob")) { // CONNACK, SUBACK and the snapshot
		_, b, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, b...)
	}
	ann.send(wire.SetState{Seq: 1, Flags: wire.Retain, Key: "one", Value: []byte("1")}, wire.SendEvent{Seq: 2, Name: "two", Payload: []byte("2")})
	_, b, err := conn.Read(ctx)
	if err != nil || !bytes.Contains(b, []byte("s/one")) || !bytes.Contains(b, []byte("e/two")) {
		t.Errorf("the tick came as %q, %v", b, err)
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte("text")); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
	if code := websocket.CloseStatus(err); code != websocket.StatusUnsupportedData {
		t.Errorf("text is answered with %v", err)
	}
}
