package server_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"

	autopaho "github.com/eclipse/paho.golang/autopaho"
	paho5 "github.com/eclipse/paho.golang/paho"
	paho3 "github.com/eclipse/paho.mqtt.golang"
)

// mosquitto runs mosquitto_sub or mosquitto_pub as a player of the room.
func (s *served) mosquitto(t *testing.T, program, version, player string, args ...string) *exec.Cmd {
	t.Helper()
	host, port, _ := net.SplitHostPort(s.Addr("mqtt").String())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, program, append([]string{
		"-h", host, "-p", port, "-V", version, "-u", player, "-P", s.ticket(player),
	}, args...)...)
}

// lines starts a command and answers its output line by line.
func lines(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return bufio.NewScanner(out)
}

// seek reads lines up to one with that beginning.
func seek(t *testing.T, s *bufio.Scanner, begin string) string {
	t.Helper()
	var seen []string
	for s.Scan() {
		seen = append(seen, s.Text())
		if strings.HasPrefix(s.Text(), begin) {
			return s.Text()
		}
	}
	t.Fatalf("no line %q… came, only %q", begin, seen)
	return ""
}

// One room: a WebSocket member, mosquitto's programs in both versions and Paho's clients see the same people.
func TestMixedDoors(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	ann.state("pos/ann", "early")
	until(ann, func(r wire.Ack) bool { return r.Seq == 1 })

	for _, version := range []string{"mqttv311", "mqttv5"} {
		for _, qos := range []string{"0", "1"} {
			name := version + "-" + qos
			sub := lines(t, s.mosquitto(t, "mosquitto_sub", version, "sub-"+name, "-q", qos, "-t", "r/room-7/#", "-F", "%r %q %t %p"))
			seek(t, sub, "1 "+qos+" r/room-7/s/pos/ann early")
			pub := s.mosquitto(t, "mosquitto_pub", version, "pub-"+name, "-q", qos, "-r", "-t", "r/room-7/s/pos/pub-"+name, "-m", "here")
			if out, err := pub.CombinedOutput(); err != nil {
				t.Fatalf("mosquitto_pub: %v: %s", err, out)
			}
			seek(t, sub, "0 "+qos+" r/room-7/s/pos/pub-"+name+" here")
			got := until(ann, func(r wire.State) bool { return r.Key == "pos/pub-"+name })
			if string(got.Value) != "here" || got.Flags != wire.Retain {
				t.Errorf("ann sees %+v", got)
			}
			ann.seq++
			ann.send(wire.SendEvent{Seq: ann.seq, Name: "chat", Payload: []byte("hello " + name)})
			seek(t, sub, "0 "+qos+" r/room-7/e/chat hello "+name)
		}
	}
}

func TestPaho311(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	got := make(chan paho3.Message, 100)
	opts := paho3.NewClientOptions().AddBroker("tcp://" + s.Addr("mqtt").String()).
		SetUsername("bob").SetPassword(s.ticket("bob")).SetAutoReconnect(false)
	bob := paho3.NewClient(opts)
	wait3(t, bob.Connect())
	wait3(t, bob.SubscribeMultiple(map[string]byte{"r/room-7/s/#": 1, "r/room-7/m/bob/+": 1, "r/room-7/p/+": 0}, func(_ paho3.Client, m paho3.Message) { got <- m }))
	next := func(topic string) paho3.Message {
		t.Helper()
		for m := range got {
			if m.Topic() == topic {
				return m
			}
		}
		return nil
	}
	if m := next("r/room-7/p/ann"); string(m.Payload()) != `{"member":1}` || !m.Retained() {
		t.Errorf("presence of ann: %q", m.Payload())
	}
	ann.send(wire.SendSignal{Seq: 1, To: []uint64{2}, Name: "wave", Payload: []byte("hi")})
	if m := next("r/room-7/m/bob/wave"); string(m.Payload()) != "hi" {
		t.Errorf("signal: %q", m.Payload())
	}
	wait3(t, bob.Publish("r/room-7/m/ann/wave", 1, false, "ho"))
	if r := until[wire.Signal](ann, nil); string(r.Payload) != "ho" || r.From != 2 {
		t.Errorf("signal back: %+v", r)
	}
	for qos := range byte(3) {
		wait3(t, bob.Publish("r/room-7/s/pos/bob", qos, true, fmt.Sprint(qos)))
		until(ann, func(r wire.State) bool { return string(r.Value) == fmt.Sprint(qos) })
	}
	ann.seq = 1
	ann.state("pos/ann", "1")
	if m := next("r/room-7/s/pos/ann"); string(m.Payload()) != "1" || m.Qos() != 1 {
		t.Errorf("state: %q", m.Payload())
	}
	wait3(t, bob.Publish("r/room-7/s/pos/ann", 1, true, ""))
	until(ann, func(r wire.State) bool { return r.Flags&wire.Delete != 0 && r.Key == "pos/ann" })
	bob.Disconnect(0)
}

func wait3(t *testing.T, token paho3.Token) {
	t.Helper()
	if !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatalf("paho: %v", token.Error())
	}
}

func TestPaho5(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	got := make(chan *paho5.Publish, 100)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	u, _ := url.Parse("mqtt://" + s.Addr("mqtt").String())
	bob, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls: []*url.URL{u}, ConnectUsername: "bob", ConnectPassword: []byte(s.ticket("bob")),
		CleanStartOnInitialConnection: true,
		ClientConfig: paho5.ClientConfig{OnPublishReceived: []func(paho5.PublishReceived) (bool, error){
			func(p paho5.PublishReceived) (bool, error) { got <- p.Packet; return true, nil },
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := bob.AwaitConnection(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Subscribe(ctx, &paho5.Subscribe{Subscriptions: []paho5.SubscribeOptions{
		{Topic: "r/room-7/s/#", QoS: 1, NoLocal: true}, {Topic: "r/room-7/e/+", QoS: 2},
	}}); err != nil {
		t.Fatal(err)
	}
	publish := func(topic string, qos byte) (byte, error) {
		r, err := bob.Publish(ctx, &paho5.Publish{Topic: topic, QoS: qos, Retain: true, Payload: []byte("x")})
		if r == nil {
			return 0, err
		}
		return r.ReasonCode, err
	}
	for qos := range byte(3) {
		if code, err := publish(fmt.Sprint("r/room-7/s/q", qos), qos); code != 0 || err != nil {
			t.Errorf("publish with QoS %d: %x, %v", qos, code, err)
		}
		until(ann, func(r wire.State) bool { return r.Key == fmt.Sprint("q", qos) })
	}
	for topic, want := range map[string]byte{
		"r/another/s/x": 0x87, "r/room-7/p/ann": 0x87, "r/room-7/sys/reconnect": 0x87, "r/room-7/s/": 0x87, "r/room-7/s/a/": 0x90,
	} {
		if code, _ := publish(topic, 1); code != want {
			t.Errorf("publish to %s: reason %x, want %x", topic, code, want)
		}
	}
	ann.send(wire.SendEvent{Seq: 1, Name: "chat", Payload: []byte("hello")})
	if p := <-got; p.Topic != "r/room-7/e/chat" || p.QoS != 1 { // its own states were not sent back
		t.Errorf("bob gets %s with QoS %d", p.Topic, p.QoS)
	}
	cancel()
	<-bob.Done()
}
