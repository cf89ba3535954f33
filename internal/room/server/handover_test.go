package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/wire"
	sdk "greenroom.dev/greenroom/sdk/go/server"

	paho3 "github.com/eclipse/paho.mqtt.golang"
)

// session is plaza as standalone tickets name it.
var session = sdk.Session{Route: "plaza", Key: "room-7", Generation: 1}

// endpoints are a server's, as the control plane would tell them.
func (s *served) endpoints() []*greenroomv1.Endpoint {
	return []*greenroomv1.Endpoint{
		{Name: "ws", Url: "ws://" + s.Addr("ws").String() + "/room"},
		{Name: "mqtt", Url: "mqtt://" + s.Addr("mqtt").String()},
	}
}

// A drain: what the old server had taken is on the new one, what it had not is taken there once.
func TestHandOver(t *testing.T) {
	from, to := serve(t, model.RoomSettings{}), serve(t, model.RoomSettings{})
	ann, welcome := from.enter(t, "ann")
	ann.state("pos/ann", "1")
	ann.send(wire.SendEvent{Seq: 2, Name: "chat", Payload: []byte("before")})
	until(ann, func(r wire.Ack) bool { return r.Seq == 2 })

	state, err := from.Handler().HandOver(context.Background(), session)
	if err != nil {
		t.Fatal(err)
	}
	ann.send(wire.SendEvent{Seq: 3, Name: "chat", Payload: []byte("while frozen")})
	if err := to.Handler().Open(context.Background(), session, 20, state, true); err != nil {
		t.Fatal(err)
	}
	ticket := to.ticket("ann")
	from.Handler().Close(session, "drain", &sdk.Redirect{Endpoints: to.endpoints(), Tickets: map[string]string{"ann": ticket}})
	r := until[wire.Reconnect](ann, nil)
	if r.URL != to.endpoints()[0].GetUrl() || r.Ticket != ticket || r.Reason != "drain" {
		t.Errorf("told to reconnect: %+v", r)
	}
	wantClose(t, ann, wire.CloseMoved, "drain")

	again := to.ws(t)
	again.send(wire.Hello{Ticket: r.Ticket, Resume: true, Epoch: welcome.Epoch, Offset: 0})
	w := until[wire.Welcome](again, nil)
	if !w.Recovered || w.Epoch != welcome.Epoch || w.LastSeq != 2 || w.Member != welcome.Member || w.Offset != 0 {
		t.Errorf("welcomed with %+v", w)
	}
	snapshot := until[wire.Snapshot](again, nil)
	if len(snapshot.Entries) != 1 || string(snapshot.Entries[0].Value) != "1" || snapshot.Offset != 1 {
		t.Errorf("snapshot: %+v", snapshot)
	}
	again.send(wire.SendEvent{Seq: 2, Name: "chat", Payload: []byte("before")}, wire.SendEvent{Seq: 3, Name: "chat", Payload: []byte("while frozen")})
	for i, want := range []string{"before", "while frozen"} {
		if e := until[wire.Event](again, nil); string(e.Payload) != want || e.Offset != uint64(i+1) {
			t.Errorf("event %d: %+v", i+1, e)
		}
	}
	until(again, func(r wire.Ack) bool { return r.Seq == 3 })
}

func TestHandOverTakenBack(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	if _, err := s.Handler().HandOver(context.Background(), session); err != nil {
		t.Fatal(err)
	}
	ann.state("pos/ann", "held")
	s.Handler().Resume(session)
	until(ann, func(r wire.State) bool { return string(r.Value) == "held" })
	until(ann, func(r wire.Ack) bool { return r.Seq == 1 })
}

// From a copy of before a crash, the room goes on under another epoch.
func TestOpenFromAPeriodicCopy(t *testing.T) {
	from, to := serve(t, model.RoomSettings{}), serve(t, model.RoomSettings{})
	ann, welcome := from.enter(t, "ann")
	ann.state("pos/ann", "1")
	until(ann, func(r wire.Ack) bool { return r.Seq == 1 })
	state, err := from.Handler().HandOver(context.Background(), session)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Handler().Open(context.Background(), session, 20, state, false); err != nil {
		t.Fatal(err)
	}
	again := to.ws(t)
	again.send(wire.Hello{Ticket: to.ticket("ann"), Resume: true, Epoch: welcome.Epoch})
	if w := until[wire.Welcome](again, nil); w.Recovered || w.Epoch == welcome.Epoch {
		t.Errorf("welcomed with %+v", w)
	}
	if s := until[wire.Snapshot](again, nil); len(s.Entries) != 1 {
		t.Errorf("snapshot: %+v", s)
	}
	if err := to.Handler().Open(context.Background(), session, 20, []byte("nonsense"), true); err == nil {
		t.Error("nonsense was restored")
	}
}

// How MQTT clients are sent on.
func TestRedirectOverMQTT(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	told := make(chan []byte, 1)
	lost := make(chan error, 1)
	bob := paho3.NewClient(paho3.NewClientOptions().AddBroker("tcp://" + s.Addr("mqtt").String()).
		SetUsername("bob").SetPassword(s.ticket("bob")).SetAutoReconnect(false).
		SetConnectionLostHandler(func(_ paho3.Client, err error) { lost <- err }).
		SetDefaultPublishHandler(func(_ paho3.Client, m paho3.Message) {
			if m.Topic() == "r/room-7/sys/reconnect" {
				told <- m.Payload()
			}
		}))
	wait3(t, bob.Connect())

	v5, err := net.Dial("tcp", s.Addr("mqtt").String())
	if err != nil {
		t.Fatal(err)
	}
	defer v5.Close()
	_ = v5.SetDeadline(time.Now().Add(patience))
	_, _ = v5.Write(connectPacket(5, "eve", s.ticket("eve")))
	if _, err := io.ReadFull(v5, make([]byte, 4)); err != nil { // CONNACK's beginning
		t.Fatal(err)
	}

	s.Handler().Close(session, "drain", &sdk.Redirect{
		Endpoints: s.endpoints(), Tickets: map[string]string{"bob": "ticket-b", "eve": "ticket-e"},
	})
	var got struct {
		After               *int `json:"after_ms"`
		URL, Ticket, Reason string
	}
	if err := json.Unmarshal(<-told, &got); err != nil || got.After == nil {
		t.Fatalf("bob was told: %+v, %v", got, err)
	}
	if got.URL != s.endpoints()[1].GetUrl() || got.Ticket != "ticket-b" || got.Reason != "drain" {
		t.Errorf("bob was told %+v", got)
	}
	<-lost
	b, err := io.ReadAll(v5)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	for _, part := range []string{"\xe0", "\x9d", s.endpoints()[1].GetUrl(), "ticket-e", "after_ms"} {
		if !bytes.Contains(b, []byte(part)) {
			t.Errorf("eve's DISCONNECT lacks %q: %q", part, b)
		}
	}
}

func TestEndAndKick(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ann, _ := s.enter(t, "ann")
	bob, _ := s.enter(t, "bob")
	s.Handler().Kick(sdk.Seat{ID: 1, Player: "ann", Session: session}, "rude")
	wantClose(t, ann, wire.CloseRemoved, "rude")
	until[wire.Left](bob, nil)
	s.Handler().Close(session, "over and out", nil)
	wantClose(t, bob, wire.CloseEnded, "over and out")
}

// The same seat on a second connection closes the first; a lost one comes back to its place.
func TestReplacedAndResumed(t *testing.T) {
	s := serve(t, model.RoomSettings{})
	ticket := s.ticket("ann")
	first := s.ws(t)
	first.send(wire.Hello{Ticket: ticket})
	w1 := until[wire.Welcome](first, nil)
	second := s.ws(t)
	second.send(wire.Hello{Ticket: ticket})
	wantClose(t, first, wire.CloseReplaced, "again")
	w2 := until[wire.Welcome](second, nil)
	second.conn.CloseNow()
	third := s.ws(t)
	third.send(wire.Hello{Ticket: ticket, Resume: true, Epoch: w2.Epoch, Offset: w2.Offset})
	w3 := until[wire.Welcome](third, nil)
	if w1.Member != w3.Member || !w3.Recovered {
		t.Errorf("first %+v, third %+v", w1, w3)
	}
}
